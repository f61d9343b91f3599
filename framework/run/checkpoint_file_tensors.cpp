#include "framework/run/checkpoint_file_tensors.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "framework/base/error.h"
#include "framework/io/pickle_numpy.h"

namespace kinegraph {
namespace {

using pickle::Ref;

struct StorageClass {
  std::string_view name;
  at::ScalarType type;
};

constexpr std::array<StorageClass, 12> kStorageClasses = {{
    {"FloatStorage", at::kFloat},
    {"DoubleStorage", at::kDouble},
    {"HalfStorage", at::kHalf},
    {"BFloat16Storage", at::kBFloat16},
    {"LongStorage", at::kLong},
    {"IntStorage", at::kInt},
    {"ShortStorage", at::kShort},
    {"CharStorage", at::kChar},
    {"ByteStorage", at::kByte},
    {"BoolStorage", at::kBool},
    {"ComplexFloatStorage", at::kComplexFloat},
    {"ComplexDoubleStorage", at::kComplexDouble},
}};

/// Strides of zero let a tensor claim more elements than its storage has: bounded all the same.
constexpr int64_t kMaxExpandedElements = int64_t{1} << 24;
constexpr size_t kMaxDimensions = 64;
constexpr size_t kMaxDepth = 100;
/// Counted each time that something is referred to: sharing lets a small file refer very often.
constexpr size_t kMaxValues = 4'000'000;
constexpr size_t kMaxTextBytes = size_t{1} << 30;

bool is_tensor_builder(const std::string& path) {
  return path == "torch._utils._rebuild_tensor" || path == "torch._utils._rebuild_tensor_v2";
}

/// Numbers of numpy as tensors have them; nothing for those that tensors do not have.
std::optional<at::ScalarType> tensor_type(const NdType& type) {
  if (type.is_big_endian && type.width > 1) return std::nullopt;
  const std::string name = type.name();
  if (name == "float16") return at::kHalf;
  if (name == "float32") return at::kFloat;
  if (name == "float64") return at::kDouble;
  if (name == "int8") return at::kChar;
  if (name == "int16") return at::kShort;
  if (name == "int32") return at::kInt;
  if (name == "int64") return at::kLong;
  if (name == "uint8") return at::kByte;
  return std::nullopt;
}

class Builder {
 public:
  Builder(StorageSource& storages, const std::string& name) : storages_(storages), name_(name) {}

  CheckpointValue build(const pickle::Value& value);

 private:
  struct TypedStorage {
    at::Tensor bytes;
    at::ScalarType type;
    int64_t elements() const {
      return bytes.numel() / static_cast<int64_t>(c10::elementSize(type));
    }
  };

  [[noreturn]] void fail(const std::string& found, const std::string& expected) const;
  void charge(size_t count);
  const std::string& copy(const std::string& text);
  CheckpointValue build_list(const std::vector<Ref>& items);
  CheckpointValue build_dict(const pickle::Entries& entries);
  bool has_map_keys(const pickle::Entries& entries);
  CheckpointMap build_map(const pickle::Entries& entries, CheckpointMap map);
  CheckpointValue build_pairs(const pickle::Entries& entries);
  CheckpointValue build_object(const pickle::Value& value);
  std::optional<CheckpointValue> build_numpy(const pickle::Value& value);
  at::Tensor build_tensor(const std::vector<Ref>& args);
  TypedStorage build_storage(const pickle::Value& value);
  at::ScalarType storage_type(const pickle::Value& value) const;
  void check_bools(const at::Tensor& bytes) const;
  void check_geometry(const TypedStorage& storage, int64_t offset,
                      const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) const;
  int64_t integer(const pickle::Value& value, const char* meaning) const;
  std::vector<int64_t> integers(const pickle::Value& value, const char* meaning) const;

  StorageSource& storages_;
  const std::string& name_;
  std::vector<std::string> path_;
  size_t count_ = 0, text_bytes_ = 0;
  std::unordered_set<std::string> sound_bool_storages_;
};

void Builder::fail(const std::string& found, const std::string& expected) const {
  std::string where;
  for (const auto& key : path_) where += (where.empty() ? "" : "/") + key;
  throw DataError(
      Fault{where.empty() ? name_ : fmt::format("{}: {}", name_, pickle::printable(where)), found,
            expected, "The file is damaged; download or write it again."});
}

void Builder::charge(size_t count) {
  count_ += count;
  if (count_ > kMaxValues) fail("too many values", fmt::format("at most {}", kMaxValues));
}

const std::string& Builder::copy(const std::string& text) {
  text_bytes_ += text.size();
  if (text_bytes_ > kMaxTextBytes)
    fail("too much text", fmt::format("at most {} bytes", kMaxTextBytes));
  return text;
}

CheckpointValue Builder::build(const pickle::Value& value) {
  if (path_.size() > kMaxDepth)
    fail("values nested too deeply", fmt::format("{} levels", kMaxDepth));
  charge(1);
  if (value.is_none()) return {};
  if (const auto* flag = value.get<bool>()) return *flag;
  if (const auto* integer = value.get<int64_t>()) return *integer;
  if (const auto* number = value.get<double>()) return CheckpointValue::real(*number);
  if (const auto* text = pickle::text_of(value)) return copy(*text);
  if (const auto* integer = value.get<pickle::BigInt>()) return copy(integer->text);
  if (const auto* list = value.get<pickle::List>()) return build_list(list->items);
  if (const auto* tuple = value.get<pickle::Tuple>()) return build_list(tuple->items);
  if (const auto* set = value.get<pickle::Set>()) return build_list(set->items);
  if (const auto* dict = value.get<pickle::Dict>()) return build_dict(dict->entries);
  return build_object(value);
}

CheckpointValue Builder::build_list(const std::vector<Ref>& items) {
  CheckpointList list;
  for (const Ref item : items) {
    path_.push_back(std::to_string(list.size()));
    list.push_back(build(*item));
    path_.pop_back();
  }
  return list;
}

bool Builder::has_map_keys(const pickle::Entries& entries) {
  charge(entries.size());
  return std::all_of(entries.begin(), entries.end(), [](const auto& entry) {
    return pickle::text_of(*entry.first) || entry.first->template get<int64_t>();
  });
}

CheckpointValue Builder::build_dict(const pickle::Entries& entries) {
  return has_map_keys(entries) ? CheckpointValue(build_map(entries, {})) : build_pairs(entries);
}

CheckpointMap Builder::build_map(const pickle::Entries& entries, CheckpointMap map) {
  std::unordered_set<std::string> keys;
  for (const auto& entry : map) keys.insert(entry.first);
  for (const auto& [key, value] : entries) {
    const std::string* text = pickle::text_of(*key);
    path_.push_back(text ? copy(*text) : std::to_string(integer(*key, "key")));
    if (!keys.insert(path_.back()).second) fail("a key that occurs twice", "different keys");
    CheckpointValue content = build(*value);
    map.emplace_back(std::move(path_.back()), std::move(content));
    path_.pop_back();
  }
  return map;
}

CheckpointValue Builder::build_pairs(const pickle::Entries& entries) {
  CheckpointList pairs;
  for (const auto& [key, value] : entries) pairs.push_back(build_list({key, value}));
  return pairs;
}

CheckpointValue Builder::build_object(const pickle::Value& value) {
  const std::string path = pickle::class_path(value);
  const auto* object = value.get<pickle::Object>();
  const auto* args = object ? object->args->get<pickle::Tuple>() : nullptr;
  if (args && is_tensor_builder(path)) return build_tensor(args->items);
  if (args && path == "torch._tensor._rebuild_from_type_v2" && args->items.size() > 2) {
    const auto* tensor = args->items[2]->get<pickle::Tuple>();
    if (tensor && is_tensor_builder(pickle::class_path(*args->items[0])))
      return build_tensor(tensor->items);
  }
  if (args && (path == "torch._utils._rebuild_parameter" ||
               path == "torch._utils._rebuild_parameter_with_state")) {
    if (args->items.empty()) fail("a parameter without a tensor", "a tensor");
    path_.emplace_back("data");
    CheckpointValue data = build(*args->items[0]);
    path_.pop_back();
    return data;
  }
  if (auto number = build_numpy(value)) return std::move(*number);
  CheckpointMap map{
      {std::string(kClassKey), copy(path.empty() ? pickle::describe_kind(value) : path)}};
  if (!object || !has_map_keys(object->entries)) return map;
  return build_map(object->entries, std::move(map));
}

/// Numpy's scalars and arrays of numbers; nothing for other objects.
std::optional<CheckpointValue> Builder::build_numpy(const pickle::Value& value) {
  if (const auto integer = pickle::to_integer(value)) return *integer;
  if (const auto number = pickle::to_number(value)) return CheckpointValue::real(*number);
  if (const auto text = pickle::to_text(value)) return copy(*text);
  const auto type = pickle::is_array(value) ? pickle::array_type(value) : std::nullopt;
  const auto scalar_type = type ? tensor_type(*type) : std::nullopt;
  if (!scalar_type) return std::nullopt;
  const NdArray array = pickle::to_array(value, name_);
  charge(static_cast<size_t>(array.size()));
  std::vector<int64_t> strides = array.strides;
  for (int64_t& stride : strides) stride /= type->width;
  return at::from_blob(const_cast<char*>(array.data), array.shape, strides, *scalar_type).clone();
}

at::Tensor Builder::build_tensor(const std::vector<Ref>& args) {
  if (args.size() < 4) fail("a tensor of too few parts", "storage, offset, size and stride");
  const TypedStorage storage = build_storage(*args[0]);
  const int64_t offset = integer(*args[1], "offset");
  const auto sizes = integers(*args[2], "size");
  const auto strides = integers(*args[3], "stride");
  check_geometry(storage, offset, sizes, strides);
  at::Tensor tensor = at::empty({0}, at::TensorOptions(storage.type));
  return tensor.set_(storage.bytes.storage(), offset, sizes, strides);
}

/// ('storage', class, key, device, elements), and for torch before 1.6 None as the view.
Builder::TypedStorage Builder::build_storage(const pickle::Value& value) {
  const auto* persistent = value.get<pickle::PersistentId>();
  const auto* tuple = persistent ? persistent->id->get<pickle::Tuple>() : nullptr;
  const size_t parts = tuple ? tuple->items.size() : 0;
  if (parts < 5 || parts > 6 || (parts == 6 && !tuple->items[5]->is_none()))
    fail("a tensor whose storage is " + pickle::describe_kind(value), "one of torch.save");
  const at::ScalarType type = storage_type(*tuple->items[1]);
  const std::string* key = pickle::text_of(*tuple->items[2]);
  if (!key) fail("a storage without a name", "a name");
  const int64_t elements = integer(*tuple->items[4], "element count");
  const TypedStorage storage{storages_.storage(*key), type};
  const auto width = static_cast<int64_t>(c10::elementSize(type));
  if (storage.bytes.numel() % width != 0 || storage.elements() != elements)
    fail(fmt::format("storage {} of {} bytes", pickle::printable(*key), storage.bytes.numel()),
         fmt::format("{} elements of {} bytes", elements, width));
  if (type == at::kBool && sound_bool_storages_.insert(*key).second) check_bools(storage.bytes);
  return storage;
}

at::ScalarType Builder::storage_type(const pickle::Value& value) const {
  const std::string path = pickle::class_path(value);
  if (const auto type = kinegraph::storage_type(path)) return *type;
  fail("a tensor in " + pickle::printable(path), "a storage of torch for dense numbers");
}

/// A C++ bool that is neither 0 nor 1 is undefined behaviour.
void Builder::check_bools(const at::Tensor& bytes) const {
  const auto* begin = bytes.data_ptr<uint8_t>();
  const bool is_sound =
      std::all_of(begin, begin + bytes.numel(), [](uint8_t byte) { return byte <= 1; });
  if (!is_sound) fail("a bool that is neither 0 nor 1", "0 or 1");
}

void Builder::check_geometry(const TypedStorage& storage, int64_t offset,
                             const std::vector<int64_t>& sizes,
                             const std::vector<int64_t>& strides) const {
  const bool is_empty = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  int64_t last = offset, count = 1;
  bool is_sound = sizes.size() == strides.size() && offset >= 0;
  for (size_t i = 0; is_sound && i < sizes.size(); ++i) {
    int64_t span = 0;
    is_sound = sizes[i] >= 0 && strides[i] >= 0 &&
               !__builtin_mul_overflow(std::max<int64_t>(sizes[i], 1) - 1, strides[i], &span) &&
               !__builtin_add_overflow(last, span, &last) &&
               !__builtin_mul_overflow(count, std::max<int64_t>(sizes[i], 1), &count);
  }
  const int64_t elements = storage.elements();
  is_sound = is_sound && count <= std::max(elements, kMaxExpandedElements) &&
             (is_empty ? offset <= elements : last < elements);
  if (!is_sound)
    fail(fmt::format("a tensor of size ({}), stride ({}) and offset {}", fmt::join(sizes, ", "),
                     fmt::join(strides, ", "), offset),
         fmt::format("one within its storage of {} elements", elements));
}

int64_t Builder::integer(const pickle::Value& value, const char* meaning) const {
  const auto* number = value.get<int64_t>();
  if (!number) fail(fmt::format("{} is {}", meaning, pickle::describe_kind(value)), "an integer");
  return *number;
}

std::vector<int64_t> Builder::integers(const pickle::Value& value, const char* meaning) const {
  const auto* tuple = value.get<pickle::Tuple>();
  if (!tuple || tuple->items.size() > kMaxDimensions)
    fail(fmt::format("{} is {}", meaning, pickle::describe_kind(value)),
         fmt::format("a tuple of at most {}", kMaxDimensions));
  std::vector<int64_t> numbers;
  for (const Ref item : tuple->items) numbers.push_back(integer(*item, meaning));
  return numbers;
}

}  // namespace

std::string storage_class(at::ScalarType type) {
  for (const auto& candidate : kStorageClasses)
    if (candidate.type == type) return std::string(candidate.name);
  return "";
}

std::optional<at::ScalarType> storage_type(std::string_view class_path) {
  for (const std::string_view package : {"torch.cuda.", "torch."}) {
    if (class_path.substr(0, package.size()) != package) continue;
    for (const auto& [name, type] : kStorageClasses)
      if (class_path.substr(package.size()) == name) return type;
  }
  return std::nullopt;
}

CheckpointValue build_checkpoint(const pickle::Value& root, StorageSource& storages,
                                 const std::string& name) {
  return Builder(storages, name).build(root);
}

}  // namespace kinegraph
