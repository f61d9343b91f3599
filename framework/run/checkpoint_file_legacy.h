// Checkpoints in the format of torch before 1.6, which later ones write on request.
#pragma once

#include <filesystem>

#include "framework/run/checkpoint_file.h"

namespace kinegraph {

/// Reads five pickles behind each other (magic number, version, system, content, names of the
/// storages) and then the storages, each an element count and its bytes. Executes nothing; tensors
/// own their memory.
///
/// Throws DataError for files that are damaged, hostile or in another format.
CheckpointValue read_legacy_checkpoint_file(const std::filesystem::path& path);

}  // namespace kinegraph
