#include "framework/run/checkpoint_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include <fstream>
#include <set>
#include <unordered_map>

#include "framework/base/error.h"
#include "framework/run/checkpoint_file_legacy.h"
#include "framework/run/checkpoint_file_tensors.h"
#include "framework/run/checkpoint_file_zip.h"

namespace kinegraph {
namespace {

class ZipStorages : public StorageSource {
 public:
  explicit ZipStorages(ZipReader& zip) : zip_(zip) {}

  at::Tensor storage(const std::string& key) override {
    at::Tensor& bytes = storages_[key];
    if (!bytes.defined()) bytes = load("data/" + key);
    return bytes;
  }

 private:
  at::Tensor load(const std::string& record) {
    const uint64_t size = zip_.size(record);
    at::Tensor bytes = at::empty({static_cast<int64_t>(size)}, at::kByte);
    zip_.read(record, bytes.data_ptr());
    return bytes;
  }

  ZipReader& zip_;
  std::unordered_map<std::string, at::Tensor> storages_;
};

std::string read_text(ZipReader& zip, const std::string& record) {
  std::string text(zip.size(record), '\0');
  zip.read(record, text.data());
  return text;
}

enum class FileFormat { kZip, kLegacy, kOther };

/// By the first bytes. Files too short for any are left to the reader of zip files.
FileFormat format_of(const std::filesystem::path& path) {
  constexpr std::string_view kZipMark = "PK\x03\x04";
  constexpr char kPickleMark = '\x80';
  std::string start(kZipMark.size(), '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (!stream || start == kZipMark) return FileFormat::kZip;
  return start[0] == kPickleMark ? FileFormat::kLegacy : FileFormat::kOther;
}

void check_records(ZipReader& zip, const std::filesystem::path& path) {
  if (zip.has("constants.pkl"))
    throw DataError(Fault{path.string(), "a TorchScript program", "a checkpoint of torch.save",
                          "Save its state_dict() in Python with torch.save."});
  if (zip.has("byteorder") && read_text(zip, "byteorder") != "little")
    throw DataError(Fault{path.string(), "numbers in another byte order", "little-endian",
                          "Save it again on an ordinary machine."});
}

}  // namespace

CheckpointValue CheckpointValue::real(double value) {
  return at::full({}, value, at::TensorOptions(at::kDouble));
}

const CheckpointValue* CheckpointValue::find(std::string_view key) const {
  const auto* map = get<CheckpointMap>();
  if (!map) return nullptr;
  for (const auto& [name, value] : *map)
    if (name == key) return &value;
  return nullptr;
}

namespace {

void collect_classes(const CheckpointValue& value, std::set<std::string>& classes) {
  if (const auto* list = value.get<CheckpointList>())
    for (const auto& item : *list) collect_classes(item, classes);
  if (const auto* map = value.get<CheckpointMap>())
    for (const auto& [key, entry] : *map) {
      const auto* name = key == kClassKey ? entry.get<std::string>() : nullptr;
      if (name) classes.insert(*name);
      collect_classes(entry, classes);
    }
}

}  // namespace

std::vector<std::string> inert_classes(const CheckpointValue& root) {
  std::set<std::string> classes;
  collect_classes(root, classes);
  return {classes.begin(), classes.end()};
}

CheckpointValue read_checkpoint_file(const std::filesystem::path& path) {
  const FileFormat format = format_of(path);
  if (format == FileFormat::kLegacy) return read_legacy_checkpoint_file(path);
  if (format == FileFormat::kOther)
    throw DataError(Fault{path.string(), "neither a zip file nor a pickle",
                          "a checkpoint of torch.save",
                          "Is this the right file, and was it downloaded completely?"});
  ZipReader zip(path);
  check_records(zip, path);
  const std::string program = read_text(zip, "data.pkl");
  // Whole models and the configs of some frameworks refer to themselves; the builder has bounds of
  // its own.
  pickle::Limits limits;
  limits.allows_cycles = true;
  const auto document = pickle::read({program, path.string() + ": data.pkl"}, limits);
  ZipStorages storages(zip);
  return build_checkpoint(*document.root, storages, path.string());
}

}  // namespace kinegraph
