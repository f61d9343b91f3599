// From the pickle of a checkpoint to its values. Knows nothing of how files store the bytes.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <string_view>

#include "framework/io/pickle.h"
#include "framework/run/checkpoint_file.h"

namespace kinegraph {

/// Where the bytes of tensors are: the records of a zip, or the end of an older file.
class StorageSource {
 public:
  virtual ~StorageSource() = default;
  /// The bytes of storage `key` as uint8, the same memory for the same key. Throws DataError when
  /// there is no such storage.
  virtual at::Tensor storage(const std::string& key) = 0;
};

/// The class in which torch pickles storages of a type, "FloatStorage"; "" for unsupported types.
std::string storage_class(at::ScalarType type);
/// The type of a storage from its class, "torch.FloatStorage" or "torch.cuda.FloatStorage"; no
/// value for other classes.
std::optional<at::ScalarType> storage_type(std::string_view class_path);

/// Converts as read_checkpoint_file says. `name` leads the messages. The pickle may have cycles.
CheckpointValue build_checkpoint(const pickle::Value& root, StorageSource& storages,
                                 const std::string& name);

}  // namespace kinegraph
