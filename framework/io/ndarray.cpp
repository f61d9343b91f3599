#include "framework/io/ndarray.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "framework/base/error.h"
#include "framework/io/half.h"

namespace kinegraph {
namespace {

/// Merges axes that follow each other in memory, so that a contiguous array is one run.
void merge_axes(std::vector<int64_t>* shape, std::vector<int64_t>* strides) {
  std::vector<int64_t> merged_shape, merged_strides;
  for (size_t axis = 0; axis < shape->size(); ++axis) {
    if ((*shape)[axis] == 1) continue;
    if (!merged_shape.empty() && merged_strides.back() == (*strides)[axis] * (*shape)[axis]) {
      merged_shape.back() *= (*shape)[axis];
      merged_strides.back() = (*strides)[axis];
    } else {
      merged_shape.push_back((*shape)[axis]);
      merged_strides.push_back((*strides)[axis]);
    }
  }
  *shape = std::move(merged_shape);
  *strides = std::move(merged_strides);
}

/// Calls run(first byte, count, stride) for every innermost line, in row-major order.
template <class Run>
void visit_lines(const NdArray& array, const Run& run) {
  std::vector<int64_t> shape = array.shape, strides = array.strides;
  if (array.size() == 0) return;
  merge_axes(&shape, &strides);
  if (shape.empty()) return run(array.data, 1, 0);
  const size_t last = shape.size() - 1;
  std::vector<int64_t> index(last, 0);
  for (const char* line = array.data;;) {
    run(line, shape[last], strides[last]);
    size_t axis = last;
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) {
      line -= strides[axis - 1] * (shape[axis - 1] - 1);
      index[--axis] = 0;
    }
    if (axis == 0) return;
    line += strides[axis - 1];
  }
}

template <class T>
T load(const char* from, bool is_swapped) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof(T));
  if (is_swapped) std::reverse(bytes, bytes + sizeof(T));
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

template <class T, class Out>
std::vector<Out> convert(const NdArray& array) {
  std::vector<Out> values;
  values.reserve(static_cast<size_t>(array.size()));
  visit_lines(array, [&](const char* line, int64_t count, int64_t stride) {
    for (int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<Out>(load<T>(line + i * stride, array.type.is_big_endian)));
  });
  return values;
}

std::vector<double> convert_halves(const NdArray& array) {
  std::vector<double> values(static_cast<size_t>(array.size()));
  std::vector<uint16_t> halves;
  double* out = values.data();
  visit_lines(array, [&](const char* line, int64_t count, int64_t stride) {
    halves.resize(static_cast<size_t>(count));
    if (stride == sizeof(uint16_t) && !array.type.is_big_endian)
      std::memcpy(halves.data(), line, halves.size() * sizeof(uint16_t));
    else
      for (int64_t i = 0; i < count; ++i)
        halves[static_cast<size_t>(i)] =
            load<uint16_t>(line + i * stride, array.type.is_big_endian);
    widen_halves(halves.data(), count, out);
    out += count;
  });
  return values;
}

template <class Out>
std::vector<Out> convert_integers(const NdArray& array) {
  const bool is_signed = array.type.kind == 'i';
  if (array.type.width == 1)
    return is_signed ? convert<int8_t, Out>(array) : convert<uint8_t, Out>(array);
  if (array.type.width == 2)
    return is_signed ? convert<int16_t, Out>(array) : convert<uint16_t, Out>(array);
  if (array.type.width == 4)
    return is_signed ? convert<int32_t, Out>(array) : convert<uint32_t, Out>(array);
  return is_signed ? convert<int64_t, Out>(array) : convert<uint64_t, Out>(array);
}

}  // namespace

std::optional<NdType> NdType::parse(std::string_view text) {
  NdType type;
  if (!text.empty() && std::string_view("<>|=").find(text[0]) != text.npos) {
    type.is_big_endian = text[0] == '>';
    text.remove_prefix(1);
  }
  if (text.size() != 2) return std::nullopt;
  type.kind = text[0];
  type.width = text[1] - '0';
  const std::string_view known = type.kind == 'b' ? "1" : type.kind == 'f' ? "248" : "1248";
  const bool is_known_kind = std::string_view("fiub").find(type.kind) != std::string_view::npos;
  if (!is_known_kind || known.find(text[1]) == std::string_view::npos) return std::nullopt;
  return type;
}

std::string NdType::name() const {
  if (kind == 'b') return "bool";
  return fmt::format("{}{}", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", width * 8);
}

NdArray NdArray::over(const NdType& type, std::vector<int64_t> shape, bool is_fortran_order,
                      std::string_view bytes, const std::string& where) {
  constexpr size_t kMaxAxes = 32;
  NdArray array;
  array.type = type;
  array.shape = std::move(shape);
  array.data = bytes.data();
  const auto refuse = [&](const std::string& expected) {
    throw DataError(Fault{where,
                          fmt::format("an array of {} with shape {} in {} bytes", type.name(),
                                      array.shape_text(), bytes.size()),
                          expected, "The file is damaged; download or write it again."});
  };
  if (array.shape.size() > kMaxAxes) refuse("at most 32 dimensions");
  const auto limit = std::numeric_limits<int64_t>::max();
  const bool is_empty = std::count(array.shape.begin(), array.shape.end(), 0) > 0;
  int64_t size = is_empty ? 0 : type.width;
  for (const int64_t extent : array.shape) {
    if (extent < 0) refuse("dimensions of 0 and more");
    if (!is_empty && size > limit / extent) refuse("as many bytes as the shape says");
    if (!is_empty) size *= extent;
  }
  if (static_cast<uint64_t>(size) != bytes.size())
    refuse(fmt::format("{} bytes, as the shape says", size));
  array.strides.resize(array.shape.size());
  int64_t stride = type.width;
  for (size_t i = 0; i < array.shape.size(); ++i) {
    const size_t axis = is_fortran_order ? i : array.shape.size() - 1 - i;
    array.strides[axis] = stride;
    if (!is_empty) stride *= array.shape[axis];
  }
  return array;
}

int64_t NdArray::size() const {
  if (std::count(shape.begin(), shape.end(), 0) > 0) return 0;
  int64_t size = 1;
  for (const int64_t extent : shape) size *= extent;
  return size;
}

std::string NdArray::shape_text() const { return fmt::format("{}", fmt::join(shape, "x")); }

NdArray NdArray::at(int64_t index) const {
  NdArray part = *this;
  part.data += index * strides[0];
  part.shape.erase(part.shape.begin());
  part.strides.erase(part.strides.begin());
  return part;
}

NdArray NdArray::permuted(const std::vector<size_t>& order) const {
  NdArray result = *this;
  for (size_t i = 0; i < order.size(); ++i) {
    result.shape[i] = shape[order[i]];
    result.strides[i] = strides[order[i]];
  }
  return result;
}

NdArray NdArray::split_last(const std::vector<int64_t>& parts) const {
  NdArray result = *this;
  int64_t stride = result.strides.back();
  result.shape.pop_back();
  result.strides.pop_back();
  const auto at = static_cast<std::ptrdiff_t>(result.shape.size());
  result.shape.insert(result.shape.end(), parts.begin(), parts.end());
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    result.strides.insert(result.strides.begin() + at, stride);
    stride *= *part;
  }
  return result;
}

std::vector<double> NdArray::to_doubles() const {
  if (!type.is_floating()) return convert_integers<double>(*this);
  if (type.width == 2) return convert_halves(*this);
  return type.width == 4 ? convert<float, double>(*this) : convert<double, double>(*this);
}

std::optional<std::vector<int64_t>> NdArray::to_integers() const {
  if (type.is_floating()) return std::nullopt;
  auto values = convert_integers<int64_t>(*this);
  const bool may_wrap = type.kind == 'u' && type.width == 8;
  if (may_wrap && std::any_of(values.begin(), values.end(), [](int64_t v) { return v < 0; }))
    return std::nullopt;
  return values;
}

std::string to_bytes(const std::vector<double>& values, const NdType& type) {
  std::string bytes(values.size() * static_cast<size_t>(type.width), '\0');
  char* out = bytes.data();
  for (const double value : values) {
    const auto single = static_cast<float>(value);
    const uint16_t half = type.width == 2 ? half_from_double(value) : uint16_t{0};
    const void* from = &value;
    if (type.width == 2) from = &half;
    if (type.width == 4) from = &single;
    std::memcpy(out, from, static_cast<size_t>(type.width));
    out += type.width;
  }
  return bytes;
}

}  // namespace kinegraph
