// Clips as CSV: a row for each person in each frame, columns called after the joints.
#pragma once

#include "datasets/formats/own_clips.h"

namespace kinegraph {

/// Columns, in any order:
///
///   clip     name of the clip; its rows must be together. Optional where a file is one clip
///   frame    whole number; the first one of the clip is frame 0, frames in between that are
///            missing are zero
///   person   optional name or number; persons are in order of appearance
///   label, subject, camera, split, fps   optional, the same in all rows of a clip
///   <joint>_x, <joint>_y, <joint>_z, <joint>_score   z and score for all joints or none
///
/// and those in `ignore`. An empty coordinate is NaN. Throws DataError with file, line and column.
std::vector<OwnClip> read_keypoint_csv(const std::filesystem::path& path, const std::string& id,
                                       const Skeleton& skeleton,
                                       const std::vector<std::string>& ignore, bool with_values);

}  // namespace kinegraph
