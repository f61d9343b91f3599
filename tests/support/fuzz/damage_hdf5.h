// Damaged HDF5 files whose checksums are right, as a hostile program would write them.
#pragma once

#include <filesystem>

#include "framework/base/random.h"

namespace kinegraph {

/// One to three random changes of the file: an object or an attribute that is missing, is another
/// one's, has another shape or type, or holds other values.
void damage_hdf5(const std::filesystem::path& path, Rng& rng);

}  // namespace kinegraph
