#include "framework/run/checkpoint_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include <fstream>
#include <unordered_map>

#include "framework/base/error.h"
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

/// Refuses by name the formats that people confuse with the one that is read here.
void check_format(const std::filesystem::path& path) {
  constexpr std::string_view kZip = "PK\x03\x04";
  constexpr std::string_view kBeforeZip =
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  std::string start(kBeforeZip.size(), '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (start == kBeforeZip)
    throw DataError(
        Fault{path.string(), "a checkpoint in the format of torch before 1.6",
              "the zip format of torch 1.6 and later; the older one is not supported yet",
              "Load it in Python with torch.load and save it again with torch.save."});
  if (stream && start.compare(0, kZip.size(), kZip) != 0)
    throw DataError(Fault{path.string(), "not a zip file", "a checkpoint of torch.save",
                          "Is this the right file, and was it downloaded completely?"});
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

CheckpointValue read_checkpoint_file(const std::filesystem::path& path) {
  check_format(path);
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
