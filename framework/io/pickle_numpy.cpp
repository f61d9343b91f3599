#include "framework/io/pickle_numpy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "framework/base/error.h"

namespace kinegraph::pickle {
namespace {

/// numpy 2 moved its core to numpy._core.
std::string without_core_name(std::string_view path) {
  constexpr std::string_view kNew = "numpy._core.", kOld = "numpy.core.";
  if (path.substr(0, kNew.size()) == kNew)
    return std::string(kOld).append(path.substr(kNew.size()));
  return std::string(path);
}

const std::vector<Ref>* args_of(const Value& value, std::string_view callee) {
  const auto* object = value.get<Object>();
  if (!object || without_core_name(class_path(value)) != callee) return nullptr;
  return &object->args->get<Tuple>()->items;
}

const std::vector<Ref>* items_of(const Value& value) {
  if (const auto* tuple = value.get<Tuple>()) return &tuple->items;
  if (const auto* list = value.get<List>()) return &list->items;
  return nullptr;
}

/// "<f4", "<U5": the byte order and the name of a numpy.dtype.
std::optional<std::string> dtype_text(const Value& value) {
  const auto* args = args_of(value, "numpy.dtype");
  const std::string* name = args && !args->empty() ? text_of(*(*args)[0]) : nullptr;
  if (!name) return std::nullopt;
  const auto* object = value.get<Object>();
  const auto* state = object->state ? items_of(*object->state) : nullptr;
  const std::string* order = state && state->size() > 1 ? text_of(*(*state)[1]) : nullptr;
  const bool has_order =
      std::string_view("<>|=").find(name->empty() ? ' ' : (*name)[0]) != std::string_view::npos;
  return order && !has_order ? *order + *name : *name;
}

std::optional<std::vector<int64_t>> shape_of(const Value& value) {
  const auto* items = items_of(value);
  if (!items) return std::nullopt;
  std::vector<int64_t> shape;
  for (const Ref item : *items) {
    const auto* extent = item->get<int64_t>();
    if (!extent) return std::nullopt;
    shape.push_back(*extent);
  }
  return shape;
}

/// The pieces of an array, wherever they came from.
struct Parts {
  Ref dtype = nullptr, shape = nullptr, data = nullptr;
  bool is_fortran_order = false;
};

/// Of an ndarray's state: (version, shape, dtype, is Fortran order, data), the version once absent.
std::optional<Parts> parts_of_state(const Value& value) {
  const auto* object = value.get<Object>();
  const auto* state = object && object->state ? items_of(*object->state) : nullptr;
  if (!state || state->size() < 4 || state->size() > 5) return std::nullopt;
  const size_t first = state->size() - 4;
  const auto* is_fortran = (*state)[first + 2]->get<bool>();
  const auto is_fortran_number = (*state)[first + 2]->get<int64_t>();
  if (!is_fortran && !is_fortran_number) return std::nullopt;
  return Parts{(*state)[first + 1], (*state)[first], (*state)[first + 3],
               is_fortran ? *is_fortran : *is_fortran_number != 0};
}

/// Of protocol 5: (buffer, dtype, shape, order).
std::optional<Parts> parts_of_buffer(const std::vector<Ref>& args) {
  if (args.size() != 4) return std::nullopt;
  const std::string* order = text_of(*args[3]);
  if (!order) return std::nullopt;
  return Parts{args[1], args[2], args[0], *order == "F"};
}

std::optional<Parts> parts_of(const Value& value) {
  if (const auto* args = args_of(value, "numpy.core.numeric._frombuffer"))
    return parts_of_buffer(*args);
  return parts_of_state(value);
}

/// numpy's str_ is UTF-32, bytes_ is as it is; both padded with zeros.
std::optional<std::string> text_of_scalar(const std::string& dtype, const std::string& bytes) {
  const size_t kind = dtype.find_first_not_of("<>|=");
  if (kind == std::string::npos) return std::nullopt;
  std::string text;
  if (dtype[kind] == 'S') text = bytes;
  if (dtype[kind] == 'S') return text.substr(0, text.find_last_not_of('\0') + 1);
  if (dtype[kind] != 'U' || dtype[0] == '>' || bytes.size() % 4 != 0) return std::nullopt;
  for (size_t i = 0; i < bytes.size(); i += 4) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[i + at]); };
    if (byte(1) != 0 || byte(2) != 0 || byte(3) != 0 || byte(0) > 126) return std::nullopt;
    if (byte(0) != 0) text += bytes[i];
  }
  return text;
}

/// (dtype text, bytes) of numpy.core.multiarray.scalar.
std::optional<std::pair<std::string, std::string>> scalar_parts(const Value& value) {
  const auto* args = args_of(value, "numpy.core.multiarray.scalar");
  if (!args || args->size() != 2) return std::nullopt;
  const auto dtype = dtype_text(*(*args)[0]);
  std::string bytes;
  if (!dtype || !copy_bytes(*(*args)[1], bytes)) return std::nullopt;
  return std::make_pair(*dtype, bytes);
}

std::optional<NdArray> scalar_array(const Value& value) {
  const auto parts = scalar_parts(value);
  const auto type = parts ? NdType::parse(parts->first) : std::nullopt;
  if (!type || parts->second.size() != static_cast<size_t>(type->width)) return std::nullopt;
  const auto bytes = std::make_shared<const std::string>(parts->second);
  NdArray array = NdArray::over(*type, {}, false, *bytes, "");
  array.owned = bytes;
  return array;
}

}  // namespace

bool is_plain_or_numpy(std::string_view path) {
  constexpr std::array<std::string_view, 13> kAllowed{"collections.OrderedDict",
                                                      "builtins.set",
                                                      "builtins.frozenset",
                                                      "builtins.bytes",
                                                      "builtins.bytearray",
                                                      "builtins.tuple",
                                                      "builtins.list",
                                                      "_codecs.encode",
                                                      "numpy.dtype",
                                                      "numpy.ndarray",
                                                      "numpy.core.multiarray._reconstruct",
                                                      "numpy.core.multiarray.scalar",
                                                      "numpy.core.numeric._frombuffer"};
  return std::find(kAllowed.begin(), kAllowed.end(), without_core_name(path)) != kAllowed.end();
}

bool is_array(const Value& value) {
  return args_of(value, "numpy.core.multiarray._reconstruct") ||
         args_of(value, "numpy.core.numeric._frombuffer");
}

std::optional<NdType> array_type(const Value& value) {
  const auto parts = is_array(value) ? parts_of(value) : std::nullopt;
  const auto dtype = parts ? dtype_text(*parts->dtype) : std::nullopt;
  return dtype ? NdType::parse(*dtype) : std::nullopt;
}

NdArray to_array(const Value& value, const std::string& where) {
  const auto refuse = [&](const std::string& found) {
    throw DataError(Fault{where, found, "a numpy array of numbers",
                          "The file is damaged or of another form; write it again."});
  };
  const auto parts = is_array(value) ? parts_of(value) : std::nullopt;
  if (!parts) refuse(is_array(value) ? "a malformed numpy array" : describe_kind(value));
  const auto dtype = dtype_text(*parts->dtype);
  const auto shape = shape_of(*parts->shape);
  if (!dtype || !shape) refuse("a numpy array without type or shape");
  const auto type = NdType::parse(*dtype);
  if (!type) refuse(fmt::format("a numpy array of type {}", printable(*dtype)));
  const auto* view = parts->data->get<View>();
  if (view && view->kind == View::Kind::bytes)
    return NdArray::over(*type, *shape, parts->is_fortran_order, view->data, where);
  if (const auto* bytes = parts->data->get<Bytes>())
    return NdArray::over(*type, *shape, parts->is_fortran_order, bytes->data, where);
  const auto owned = std::make_shared<std::string>();
  if (!copy_bytes(*parts->data, *owned)) refuse("a numpy array whose data are no bytes");
  NdArray array = NdArray::over(*type, *shape, parts->is_fortran_order, *owned, where);
  array.owned = owned;
  return array;
}

void write_array(Writer& writer, const NdType& type, const std::vector<int64_t>& shape,
                 std::string_view bytes) {
  // As ndarray.__reduce__ has it: _reconstruct(ndarray, (0,), b'b'), then the state.
  writer.global("numpy.core.multiarray", "_reconstruct");
  writer.begin_tuple();
  writer.global("numpy", "ndarray");
  writer.begin_tuple();
  writer.integer(0);
  writer.end_tuple();
  writer.bytes("b");
  writer.end_tuple();
  writer.reduce();
  writer.begin_tuple();
  writer.integer(1);
  writer.begin_tuple();
  for (const int64_t extent : shape) writer.integer(extent);
  writer.end_tuple();
  writer.global("numpy", "dtype");
  writer.begin_tuple();
  writer.text(fmt::format("<{}{}", type.kind, type.width));
  writer.boolean(false);
  writer.boolean(true);
  writer.end_tuple();
  writer.reduce();
  writer.boolean(false);
  writer.bytes(bytes);
  writer.end_tuple();
  writer.build();
}

std::optional<int64_t> to_integer(const Value& value) {
  if (const auto* integer = value.get<int64_t>()) return *integer;
  if (const auto* boolean = value.get<bool>()) return *boolean ? 1 : 0;
  const auto array = scalar_array(value);
  const auto integers = array ? array->to_integers() : std::nullopt;
  return integers ? std::optional(integers->front()) : std::nullopt;
}

std::optional<double> to_number(const Value& value) {
  if (const auto* number = value.get<double>()) return *number;
  if (const auto* integer = value.get<int64_t>()) return static_cast<double>(*integer);
  if (const auto* boolean = value.get<bool>()) return *boolean ? 1 : 0;
  const auto array = scalar_array(value);
  return array ? std::optional(array->to_doubles().front()) : std::nullopt;
}

std::optional<std::string> to_text(const Value& value) {
  if (const auto* text = text_of(value)) return *text;
  const auto parts = scalar_parts(value);
  return parts ? text_of_scalar(parts->first, parts->second) : std::nullopt;
}

}  // namespace kinegraph::pickle
