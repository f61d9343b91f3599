#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "framework/base/error.h"
#include "framework/io/half.h"
#include "framework/io/hdf5.h"
#include "framework/io/hdf5_handle.h"

namespace kinegraph {
namespace {

using namespace hdf5_detail;

/// A data set or an attribute to read from.
struct Source {
  hid_t file;
  hid_t id;
  bool is_attribute;
  std::string where;
  VariableTexts variable_texts = VariableTexts::refuse;

  Handle type() const {
    return {is_attribute ? H5Aget_type(id) : H5Dget_type(id), H5Tclose, where, "read its type"};
  }
  Handle space() const {
    return {is_attribute ? H5Aget_space(id) : H5Dget_space(id), H5Sclose, where, "read its shape"};
  }
  void read(hid_t memory_type, void* out) const {
    const herr_t status = is_attribute
                              ? H5Aread(id, memory_type, out)
                              : H5Dread(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    if (status < 0) fail(where, "read its values");
  }
};

template <class T>
std::string name_of_type() {
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_floating_point_v<T>) return fmt::format("float{}", 8 * sizeof(T));
  return fmt::format("int{}", 8 * sizeof(T));
}

bool is_integer(hid_t type) {
  // h5py stores booleans as an enumeration of int8.
  return H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_ENUM;
}

std::string name_of_type(hid_t type) {
  const size_t bits = 8 * H5Tget_size(type);
  if (H5Tget_class(type) == H5T_STRING) return "text";
  if (H5Tget_class(type) == H5T_FLOAT) return fmt::format("float{}", bits);
  if (!is_integer(type)) return "values of another kind";
  return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
}

bool is_half(hid_t type, const std::string& where) {
  return H5Tequal(type, half_type(where).get()) > 0;
}

template <class T>
bool is_convertible(hid_t type, const std::string& where) {
  const size_t size = H5Tget_size(type);
  if constexpr (std::is_same_v<T, std::string>) return H5Tget_class(type) == H5T_STRING;
  if (std::is_floating_point_v<T>) {
    if (is_integer(type)) return size < sizeof(T);
    return H5Tget_class(type) == H5T_FLOAT && (size == 4 || size == 8 || is_half(type, where));
  }
  if (!is_integer(type)) return false;
  return size < sizeof(T) || (size == sizeof(T) && H5Tget_sign(type) == H5T_SGN_2);
}

/// Refuses to make room for more than the file can hold: a damaged shape must not eat the memory.
void check_room(const Source& source, int64_t count, size_t element_bytes) {
  constexpr uint64_t kSmall = 1 << 20, kBestCompression = 1100;  // deflate reaches 1032
  hsize_t file_bytes = 0;
  H5Fget_filesize(source.file, &file_bytes);
  const hsize_t stored =
      source.is_attribute ? H5Aget_storage_size(source.id) : H5Dget_storage_size(source.id);
  const uint64_t room = std::max<uint64_t>(kSmall, std::min(stored, file_bytes) * kBestCompression);
  if (element_bytes > room || static_cast<uint64_t>(count) > room / element_bytes)
    throw DataError(Fault{source.where, fmt::format("{} values in {} bytes", count, stored),
                          "a shape that fits the file",
                          "The file is damaged; make or fetch it again."});
}

std::vector<std::string> read_fixed_texts(const Source& source, hid_t type, int64_t count) {
  const size_t size = H5Tget_size(type);
  const bool is_space_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  std::vector<char> bytes(static_cast<size_t>(count) * size);
  if (count > 0) source.read(type, bytes.data());
  std::vector<std::string> texts;
  texts.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const char* text = bytes.data() + static_cast<size_t>(i) * size;
    size_t length = ::strnlen(text, size);
    while (is_space_padded && length > 0 && text[length - 1] == ' ') --length;
    texts.emplace_back(text, length);
  }
  return texts;
}

std::vector<std::string> read_variable_texts(const Source& source, hid_t type, int64_t count) {
  const Handle space = source.space();
  // Many elements may point at one long text, so the sum is what counts.
  hsize_t total = static_cast<hsize_t>(count) * 65536;
  if (!source.is_attribute && count > 0 &&
      H5Dvlen_get_buf_size(source.id, type, space.get(), &total) < 0)
    fail(source.where, "read its texts");
  constexpr hsize_t kMostBytes = hsize_t{1} << 30;
  if (total > kMostBytes)
    throw DataError(Fault{source.where, "more than 1 GiB of text", "less",
                          "The file is damaged; make or fetch it again."});
  std::vector<char*> pointers(static_cast<size_t>(count), nullptr);
  if (count > 0) source.read(type, pointers.data());
  std::vector<std::string> texts;
  for (const char* pointer : pointers) texts.emplace_back(pointer ? pointer : "");
  H5Dvlen_reclaim(type, space.get(), H5P_DEFAULT, pointers.data());
  return texts;
}

std::vector<std::string> read_texts(const Source& source, hid_t type, int64_t count) {
  if (H5Tis_variable_str(type) <= 0) {
    check_room(source, count, std::max(H5Tget_size(type), sizeof(std::string)));
    return read_fixed_texts(source, type, count);
  }
  if (source.variable_texts == VariableTexts::refuse)
    throw DataError(Fault{source.where, "texts of variable length", "texts of fixed length",
                          "Write them with a fixed length (in h5py: dtype 'S40', say)."});
  check_room(source, count, sizeof(std::string));
  // Memory of the file's own character set: HDF5 refuses to turn ASCII into UTF-8.
  const Handle memory_type(H5Tcopy(H5T_C_S1), H5Tclose, source.where, "read its texts");
  H5Tset_size(memory_type.get(), H5T_VARIABLE);
  H5Tset_cset(memory_type.get(), H5Tget_cset(type));
  return read_variable_texts(source, memory_type.get(), count);
}

template <class T>
std::vector<T> read_values(const Source& source, hid_t type, int64_t count) {
  if constexpr (std::is_same_v<T, std::string>) {
    return read_texts(source, type, count);
  } else {
    check_room(source, count, std::max(H5Tget_size(type), sizeof(T)));
    std::vector<T> values(static_cast<size_t>(count));
    if (count == 0) return values;
    if (!is_half(type, source.where)) {
      source.read(stored_type<T>(), values.data());
      return values;
    }
    // HDF5 converts halves about a hundred times slower than we do.
    std::vector<uint16_t> halves(values.size());
    std::vector<double> wide(values.size());
    source.read(type, halves.data());
    widen_halves(halves.data(), count, wide.data());
    std::transform(wide.begin(), wide.end(), values.begin(),
                   [](double value) { return static_cast<T>(value); });
    return values;
  }
}

template <class T>
Hdf5Array<T> read_source(const Source& source) {
  const Handle type = source.type();
  const Handle space = source.space();
  if (!is_convertible<T>(type.get(), source.where))
    throw DataError(Fault{source.where, name_of_type(type.get()),
                          name_of_type<T>() + " or what converts to it unchanged",
                          "Is this the right file?"});
  Hdf5Array<T> array{shape_of(space.get(), source.where), {}};
  array.values = read_values<T>(source, type.get(), count_of(array.shape, source.where));
  return array;
}

std::optional<ElementType> element_type(hid_t type, const std::string& where) {
  if (is_half(type, where)) return ElementType::float16;
  if (H5Tequal(type, H5T_IEEE_F32LE) > 0) return ElementType::float32;
  if (H5Tequal(type, H5T_IEEE_F64LE) > 0) return ElementType::float64;
  if (H5Tequal(type, H5T_STD_I32LE) > 0) return ElementType::int32;
  if (H5Tequal(type, H5T_STD_I64LE) > 0) return ElementType::int64;
  return std::nullopt;
}

/// See Hdf5DatasetInfo::file_offset.
std::optional<int64_t> file_offset(const Source& source, int64_t count, size_t element_bytes) {
  const Handle properties(H5Dget_create_plist(source.id), H5Pclose, source.where,
                          "read its layout");
  if (H5Pget_layout(properties.get()) != H5D_CONTIGUOUS) return std::nullopt;
  if (count == 0) return 0;
  const haddr_t offset = H5Dget_offset(source.id);
  hsize_t file_bytes = 0;
  H5Fget_filesize(source.file, &file_bytes);
  if (offset == HADDR_UNDEF || offset > file_bytes) return std::nullopt;
  if (static_cast<hsize_t>(count) > (file_bytes - offset) / element_bytes) return std::nullopt;
  return static_cast<int64_t>(offset);
}

}  // namespace

Hdf5DatasetInfo Hdf5File::inspect(const std::string& path) const {
  const Handle dataset = open_dataset(id_, path, where(path));
  const Source source{id_, dataset.get(), false, where(path)};
  const Handle type = source.type();
  const Handle space = source.space();
  Hdf5DatasetInfo info;
  info.shape = shape_of(space.get(), source.where);
  info.is_text = H5Tget_class(type.get()) == H5T_STRING;
  info.is_floating = H5Tget_class(type.get()) == H5T_FLOAT;
  info.type = element_type(type.get(), source.where);
  info.file_offset =
      file_offset(source, count_of(info.shape, source.where), H5Tget_size(type.get()));
  return info;
}

template <class T>
Hdf5Array<T> Hdf5File::read(const std::string& path) const {
  const Handle dataset = open_dataset(id_, path, where(path));
  return read_source<T>({id_, dataset.get(), false, where(path), variable_texts_});
}

template <class T>
std::vector<T> Hdf5File::read_vector(const std::string& path) const {
  auto array = read<T>(path);
  if (array.shape.size() != 1)
    throw DataError(Fault{where(path), fmt::format("{} dimensions", array.shape.size()),
                          "1 dimension", "Is this the right file?"});
  return std::move(array.values);
}

bool Hdf5File::has_attribute(const std::string& object, const std::string& name) const {
  const Handle owner = open_object(id_, object, where(object));
  return H5Aexists(owner.get(), name.c_str()) > 0;
}

template <class T>
Hdf5Array<T> Hdf5File::read_attribute_array(const std::string& object,
                                            const std::string& name) const {
  const std::string place = where(object, name);
  const Handle owner = open_object(id_, object, where(object));
  if (H5Aexists(owner.get(), name.c_str()) <= 0)
    throw DataError(Fault{place, "it is not there", "", "Is this the right file?"});
  const Handle attribute(H5Aopen(owner.get(), name.c_str(), H5P_DEFAULT), H5Aclose, place,
                         "open it");
  return read_source<T>({id_, attribute.get(), true, place, variable_texts_});
}

template <class T>
T Hdf5File::read_attribute(const std::string& object, const std::string& name) const {
  auto array = read_attribute_array<T>(object, name);
  if (array.values.size() != 1)
    throw DataError(Fault{where(object, name), fmt::format("{} values", array.values.size()),
                          "one value", "Is this the right file?"});
  return std::move(array.values[0]);
}

#define KINEGRAPH_HDF5_ELEMENT(T)                                                              \
  template Hdf5Array<T> Hdf5File::read(const std::string&) const;                              \
  template std::vector<T> Hdf5File::read_vector(const std::string&) const;                     \
  template Hdf5Array<T> Hdf5File::read_attribute_array(const std::string&, const std::string&) \
      const;                                                                                   \
  template T Hdf5File::read_attribute(const std::string&, const std::string&) const

KINEGRAPH_HDF5_ELEMENT(int32_t);
KINEGRAPH_HDF5_ELEMENT(int64_t);
KINEGRAPH_HDF5_ELEMENT(float);
KINEGRAPH_HDF5_ELEMENT(double);
KINEGRAPH_HDF5_ELEMENT(std::string);
#undef KINEGRAPH_HDF5_ELEMENT

}  // namespace kinegraph
