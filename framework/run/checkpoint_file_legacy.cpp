#include "framework/run/checkpoint_file_legacy.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <cstring>
#include <unordered_map>

#include "framework/base/error.h"
#include "framework/io/mapped_file.h"
#include "framework/run/checkpoint_file_tensors.h"

namespace kinegraph {
namespace {

constexpr std::string_view kMagicNumber = "0x1950a86a20f9469cfc6c";
constexpr int64_t kVersion = 1001;
constexpr size_t kCountSize = 8;  // bytes of a storage's element count

/// The storages behind the pickles.
class StorageTable : public StorageSource {
 public:
  StorageTable(std::string_view file, const std::string& name) : file_(file), name_(name) {}

  /// `content` says how wide the elements of each storage are, `names` in which order they follow.
  void read(const pickle::Document& content, const pickle::Document& names) {
    const auto widths = element_widths(content);
    const auto* list = names.root->get<pickle::List>();
    if (!list) fail(content.end, pickle::describe_kind(*names.root), "the names of the storages");
    size_t offset = names.end;
    for (const pickle::Ref item : list->items) {
      const std::string* key = pickle::text_of(*item);
      const auto width = key ? widths.find(*key) : widths.end();
      if (width == widths.end()) fail(offset, "a storage that no tensor uses", "one in use");
      offset = add(*key, offset, width->second);
    }
  }

  at::Tensor storage(const std::string& key) override {
    const auto found = storages_.find(key);
    if (found == storages_.end())
      fail(file_.size(), "no storage " + pickle::printable(key), "a file of torch.save");
    Storage& storage = found->second;
    if (!storage.loaded.defined()) {
      storage.loaded = at::empty({static_cast<int64_t>(storage.bytes.size())}, at::kByte);
      if (!storage.bytes.empty())
        std::memcpy(storage.loaded.data_ptr(), storage.bytes.data(), storage.bytes.size());
    }
    return storage.loaded;
  }

 private:
  struct Storage {
    std::string_view bytes;
    at::Tensor loaded;
  };

  [[noreturn]] void fail(size_t offset, const std::string& found,
                         const std::string& expected) const {
    throw DataError(Fault{fmt::format("{}: byte {}", name_, offset), found, expected,
                          "The file is damaged or incomplete; download or write it again."});
  }

  /// From the references ('storage', class, key, ...). Other types are refused where a tensor is.
  static std::unordered_map<std::string, size_t> element_widths(const pickle::Document& content) {
    std::unordered_map<std::string, size_t> widths;
    for (const pickle::Value& node : content.nodes) {
      const auto* reference = node.get<pickle::PersistentId>();
      const auto* parts = reference ? reference->id->get<pickle::Tuple>() : nullptr;
      if (!parts || parts->items.size() < 3) continue;
      const std::string* key = pickle::text_of(*parts->items[2]);
      const auto type = storage_type(pickle::class_path(*parts->items[1]));
      if (key && type) widths.emplace(*key, c10::elementSize(*type));
    }
    return widths;
  }

  /// Returns the offset behind the storage.
  size_t add(const std::string& key, size_t offset, size_t width) {
    if (file_.size() - offset < kCountSize)
      fail(offset, fmt::format("the file ends at byte {}", file_.size()), "a storage");
    uint64_t count = 0;
    for (size_t i = kCountSize; i-- > 0;)
      count = count << 8 | static_cast<uint8_t>(file_[offset + i]);
    offset += kCountSize;
    if (count > (file_.size() - offset) / width)
      fail(offset, fmt::format("the file ends at byte {}", file_.size()),
           fmt::format("{} elements of {} bytes", count, width));
    const size_t size = static_cast<size_t>(count) * width;
    if (!storages_.emplace(key, Storage{file_.substr(offset, size), {}}).second)
      fail(offset, "a second storage " + pickle::printable(key), "different names");
    return offset + size;
  }

  std::string_view file_;
  const std::string& name_;
  std::unordered_map<std::string, Storage> storages_;
};

void check_magic_number(const pickle::Value& value, const std::string& name) {
  const auto* number = value.get<pickle::BigInt>();
  if (number && number->text == kMagicNumber) return;
  throw DataError(Fault{name, "a pickle, but none of torch.save", "a checkpoint of torch.save",
                        "Load it in Python and save its state_dict() with torch.save."});
}

void check_version(const pickle::Value& value, const std::string& name) {
  const auto* version = value.get<int64_t>();
  if (version && *version == kVersion) return;
  throw DataError(Fault{name, "an unknown version of torch's format", std::to_string(kVersion),
                        "Load it in Python with torch.load and save it again with torch.save."});
}

void check_byte_order(const pickle::Value& system, const std::string& name) {
  const auto* dict = system.get<pickle::Dict>();
  const pickle::Ref entry = dict ? pickle::find(*dict, "little_endian") : nullptr;
  const bool* is_little = entry ? entry->get<bool>() : nullptr;
  if (is_little && !*is_little)
    throw DataError(Fault{name, "numbers in another byte order", "little-endian",
                          "Save it again on an ordinary machine."});
}

}  // namespace

CheckpointValue read_legacy_checkpoint_file(const std::filesystem::path& path) {
  const std::string name = path.string();
  const MappedFile file(path);
  pickle::Limits few, many;
  few.max_nodes = 1000;
  few.max_bytes = 100'000;
  many.allows_cycles = true;  // as in the zip format
  const auto read = [&](size_t start, const pickle::Limits& limits) {
    return pickle::read({file.bytes(), name, start}, limits);
  };
  const auto magic = read(0, few);
  check_magic_number(*magic.root, name);
  const auto version = read(magic.end, few);
  check_version(*version.root, name);
  const auto system = read(version.end, few);
  check_byte_order(*system.root, name);
  const auto content = read(system.end, many);
  const auto names = read(content.end, {});
  StorageTable storages(file.bytes(), name);
  storages.read(content, names);
  return build_checkpoint(*content.root, storages, name);
}

}  // namespace kinegraph
