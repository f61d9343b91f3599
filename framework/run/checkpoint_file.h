// Checkpoints as files that Python's torch.save and torch.load understand.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kinegraph {

struct CheckpointValue;
using CheckpointList = std::vector<CheckpointValue>;
/// Text keys in order of insertion. A repeated key is an error when read or written.
using CheckpointMap = std::vector<std::pair<std::string, CheckpointValue>>;

/// None, or a value of a checkpoint. There are no bare floats, because torch 1.13 refuses them with
/// weights_only=True: real() makes a 0-d float64 tensor instead.
struct CheckpointValue {
  CheckpointValue() = default;
  CheckpointValue(bool value) : data(value) {}
  CheckpointValue(int value) : data(int64_t{value}) {}
  CheckpointValue(int64_t value) : data(value) {}
  CheckpointValue(const char* value) : data(std::string(value)) {}
  CheckpointValue(std::string value) : data(std::move(value)) {}
  CheckpointValue(at::Tensor value) : data(std::move(value)) {}
  CheckpointValue(CheckpointList value) : data(std::move(value)) {}
  CheckpointValue(CheckpointMap value) : data(std::move(value)) {}
  /// Without this, every pointer would be taken for a bool.
  CheckpointValue(const void*) = delete;

  static CheckpointValue real(double value);

  bool is_none() const { return std::holds_alternative<std::monostate>(data); }

  /// The content when the value is a T (bool, int64_t, std::string, at::Tensor, CheckpointList or
  /// CheckpointMap), else null.
  template <class T>
  const T* get() const {
    return std::get_if<T>(&data);
  }

  /// The value under `key`, or null when there is none or this is no map. Takes linear time.
  const CheckpointValue* find(std::string_view key) const;

  std::variant<std::monostate, bool, int64_t, std::string, at::Tensor, CheckpointList,
               CheckpointMap>
      data;
};

/// The key of an inert object's class.
constexpr std::string_view kClassKey = "__class__";
/// The classes of all inert objects, sorted, each once.
std::vector<std::string> inert_classes(const CheckpointValue& root);

/// Writes `root` in torch.save's zip format, whole or not at all. torch.load(weights_only=True) of
/// Python's torch 1.13 and later gives it back as dicts, lists and CPU tensors.
///
/// Tensors are detached, brought to the CPU and made contiguous; views that share memory are stored
/// one by one. Throws DataError when the disk is full, and for tensors that are not plain strided
/// ones; an older file at `path` then stays as it was.
void write_checkpoint_file(const std::filesystem::path& path, const CheckpointValue& root);

/// Reads what write_checkpoint_file or torch.save wrote, in the zip format or in that before torch
/// 1.6. Executes nothing.
///
/// Tensors and parameters come back on the CPU with their strides, without gradients, and share
/// memory where the file says so. Floats become 0-d float64 tensors, numpy's arrays tensors and its
/// scalars what plain ones become, tuples and sets lists, bytes and integers beyond 64 bits text,
/// integer keys decimal text; a dict with other keys becomes a list of [key, value]. Any other
/// object becomes a map of kClassKey and, if it is a kind of dict, its entries.
///
/// Throws DataError for files that are damaged, hostile or in another format.
CheckpointValue read_checkpoint_file(const std::filesystem::path& path);

}  // namespace kinegraph
