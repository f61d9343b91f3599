// Clips as JSON: keypoints as nested lists.
#pragma once

#include "datasets/formats/own_clips.h"

namespace kinegraph {

/// Reads a file of several clips or of one:
///
///   {"clips": [{"id": "a", "label": "walk", "keypoints": [M][T][V][C] or [T][V][C],
///               "scores": [M][T][V] or [T][V], "subject": 1, "camera": 0, "split": "train" or
///               ["a", "b"], "fps": 30, "width": 640, "height": 480}, ...]}
///   {"label": "walk", "keypoints": [...], ...}
///
/// All but "keypoints" is optional, and "id" in a file of one clip; labels may be numbers.
/// null is NaN. Throws DataError with file and byte.
std::vector<OwnClip> read_keypoint_json(const std::filesystem::path& path, const std::string& id,
                                        const Skeleton& skeleton, bool with_values);

}  // namespace kinegraph
