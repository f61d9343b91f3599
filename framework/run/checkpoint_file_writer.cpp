#include <ATen/core/Tensor.h>
#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <unordered_set>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/io/pickle_writer.h"
#include "framework/run/checkpoint_file.h"
#include "framework/run/checkpoint_file_tensors.h"

namespace kinegraph {
namespace {

/// The file below PyTorchStreamWriter. After a failure it goes on pretending to write, because that
/// writer's destructor writes too and ends the process when it is told of an error.
class Sink {
 public:
  explicit Sink(const std::filesystem::path& path) : stream_(path, std::ios::binary) {
    note(stream_.is_open());
  }

  size_t write(const void* data, size_t size) {
    if (error_number_ == 0) {
      errno = 0;
      stream_.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
      note(stream_.good());
    }
    return size;
  }

  void close() {
    stream_.close();
    note(stream_.good());
  }

  void check(const std::filesystem::path& path) const {
    if (error_number_ == 0) return;
    throw DataError(Fault{path.string(),
                          fmt::format("cannot write it: {}", std::strerror(error_number_)), "",
                          "Check the path, the permissions and the free space."});
  }

 private:
  void note(bool is_good) {
    if (!is_good && error_number_ == 0) error_number_ = errno != 0 ? errno : EIO;
  }

  std::ofstream stream_;
  int error_number_ = 0;
};

/// Spells a checkpoint as torch.save does, and collects the tensors that data.pkl refers to.
class Pickler {
 public:
  explicit Pickler(const std::string& name) : name_(name) {}

  void write(const CheckpointValue& value, const std::string& key) {
    std::visit([&](const auto& content) { emit(content, key); }, value.data);
  }

  std::string finish() { return writer_.finish(); }
  /// What is to be stored under data/0, data/1, ...
  const std::vector<at::Tensor>& tensors() const { return tensors_; }

 private:
  void emit(std::monostate, const std::string&) { writer_.none(); }
  void emit(bool value, const std::string&) { writer_.boolean(value); }
  void emit(int64_t value, const std::string&) { writer_.integer(value); }
  void emit(const std::string& value, const std::string&) { writer_.text(value); }
  void emit(const at::Tensor& tensor, const std::string& key);
  void emit(const CheckpointList& list, const std::string& key);
  void emit(const CheckpointMap& map, const std::string& key);
  void emit_storage(const at::Tensor& tensor, const std::string& storage);
  void emit_integers(at::IntArrayRef values);

  const std::string& name_;
  pickle::Writer writer_;
  std::vector<at::Tensor> tensors_;
};

void Pickler::emit(const CheckpointList& list, const std::string& key) {
  writer_.begin_list();
  for (size_t i = 0; i < list.size(); ++i) write(list[i], fmt::format("{}/{}", key, i));
  writer_.end_list();
}

void Pickler::emit(const CheckpointMap& map, const std::string& key) {
  std::unordered_set<std::string_view> keys;
  writer_.begin_dict();
  for (const auto& [name, value] : map) {
    const std::string inner = key.empty() ? name : fmt::format("{}/{}", key, name);
    if (!keys.insert(name).second)
      throw DataError(Fault{fmt::format("{}: {}", name_, inner), "a key that occurs twice",
                            "different keys", "Rename one of the two."});
    writer_.text(name);
    write(value, inner);
  }
  writer_.end_dict();
}

void Pickler::emit(const at::Tensor& tensor, const std::string& key) {
  const bool is_plain = tensor.defined() && tensor.layout() == at::kStrided &&
                        !storage_class(tensor.scalar_type()).empty();
  if (!is_plain)
    throw DataError(Fault{fmt::format("{}: {}", name_, key),
                          tensor.defined() ? "a tensor of " + tensor.toString() : "no tensor",
                          "a dense tensor of numbers", "Convert it before it is stored."});
  tensors_.push_back(tensor.detach().resolve_conj().resolve_neg().cpu().contiguous());
  const at::Tensor& stored = tensors_.back();
  writer_.global("torch._utils", "_rebuild_tensor_v2");
  writer_.begin_tuple();
  emit_storage(stored, std::to_string(tensors_.size() - 1));
  writer_.integer(0);
  emit_integers(stored.sizes());
  emit_integers(stored.strides());
  writer_.boolean(false);
  // The hooks of the backward pass, always an empty OrderedDict.
  writer_.global("collections", "OrderedDict");
  writer_.begin_tuple();
  writer_.end_tuple();
  writer_.reduce();
  writer_.end_tuple();
  writer_.reduce();
}

void Pickler::emit_storage(const at::Tensor& tensor, const std::string& storage) {
  writer_.begin_tuple();
  writer_.text("storage");
  writer_.global("torch", storage_class(tensor.scalar_type()));
  writer_.text(storage);
  writer_.text("cpu");
  writer_.integer(tensor.numel());
  writer_.end_tuple();
  writer_.persistent_id();
}

void Pickler::emit_integers(at::IntArrayRef values) {
  writer_.begin_tuple();
  for (const int64_t value : values) writer_.integer(value);
  writer_.end_tuple();
}

}  // namespace

void write_checkpoint_file(const std::filesystem::path& path, const CheckpointValue& root) {
  const std::string name = path.string();
  Pickler pickler(name);
  pickler.write(root, "");
  const std::string program = pickler.finish();
  constexpr std::string_view kByteOrder = "little";

  PendingFile file(path);
  Sink sink(file.part_path());
  sink.check(path);
  caffe2::serialize::PyTorchStreamWriter writer(
      [&](const void* data, size_t size) { return sink.write(data, size); });
  writer.writeRecord("data.pkl", program.data(), program.size());
  writer.writeRecord("byteorder", kByteOrder.data(), kByteOrder.size());
  for (size_t i = 0; i < pickler.tensors().size(); ++i) {
    const at::Tensor& tensor = pickler.tensors()[i];
    writer.writeRecord(fmt::format("data/{}", i), tensor.data_ptr(), tensor.nbytes());
    sink.check(path);
  }
  writer.writeEndOfFile();
  sink.close();
  sink.check(path);
  file.commit();
}

}  // namespace kinegraph
