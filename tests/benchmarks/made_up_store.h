// Stores of random joints for measurements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace kinegraph {

struct MadeUpClips {
  std::string layout;  // file in datasets/skeletons, without extension
  bool is_3d = true;   // in metres; else in pixels with scores
  int64_t count = 0;
  int64_t least_frames = 0, most_frames = 0;
  int64_t pairs_of_hundred = 0;  // clips with two persons; the others have one
};

/// Writes a store of float16, the precision of PYSKL's files.
void write_made_up_store(const std::filesystem::path& path, const MadeUpClips& clips);

}  // namespace kinegraph
