// Clips in the form of Kinetics-skeleton, one JSON file each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "framework/io/store_info.h"

namespace kinegraph {

struct SkeletonJsonForm {
  int64_t joints = 0;            // V
  int64_t max_channels = 2;      // a pose has V * C values, 2 <= C <= max_channels
  bool needs_scores = true;      // else a file may have none
  bool starts_at_first = false;  // frame 0 is the first that is listed, not frame_index 0
  int64_t max_frames = 250'000;  // frames from this on are left out
  bool with_frames = true;       // else they are passed over unread, for the label alone
};

struct SkeletonJson {
  Clip clip;             // layout frame_persons; num_frames may be 0
  int64_t channels = 0;  // C, 0 when there is nobody
  std::string label;     // or empty
  std::optional<int64_t> label_index;
};

/// Reads
///
///   {"data": [{"frame_index": 1, "skeleton": [{"pose": [x0, y0, x1, ...], "score": [s0, ...]}]}],
///    "label": "abseiling", "label_index": 0, "fps": 30, "width": 640, "height": 360}
///
/// where all but "data" is optional and other keys are passed over. frame_index must rise and
/// counts on by itself where it is left out. Instead of "data" there may be
///
///   {"frame_0": [[x0, y0], [x1, y1], ...], "frame_1": [], ...}
///
/// with one person or none, and 2 to max_channels values a joint, or one more: the score. The
/// clip's id is the name of the file. Throws DataError with file and byte.
SkeletonJson read_skeleton_json(const std::filesystem::path& path, const SkeletonJsonForm& form);

}  // namespace kinegraph
