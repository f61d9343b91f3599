// What MediaPipe's BlazePose landmarks look like in CSV files.
#pragma once

#include <filesystem>
#include <string>

#include "framework/io/store_info.h"

namespace kinegraph {

struct MediaPipeCsv {
  Clip clip;             // layout frame_persons
  int64_t channels = 0;  // 3, or 2 where the file has no z; 0 when nobody is in it
  std::string label;     // of the class column, or empty
};

/// A row a frame. Of the 33 landmarks each has 2, 3 or 4 columns (x, y, z, visibility), called by
/// number (0, 1, ..., 131) or x1, y1, z1, v1, x2 and so on. One other column may name the class. A
/// row of empty values is a frame without a person. Throws DataError with file and line.
MediaPipeCsv read_mediapipe_csv(const std::filesystem::path& path);

}  // namespace kinegraph
