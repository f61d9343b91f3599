// Bodies followed by the tracker's id, and what tells people from furniture.
#pragma once

#include <vector>

#include "datasets/ntu/recording.h"

namespace kinegraph::ntu {

/// One id from its first frame on. Frames in which it is not seen are closed up, as both code bases
/// do that follow ids.
struct Track {
  int64_t start = 0;          // counting only frames with a body in them
  std::vector<float> joints;  // frames x 25 x 3
  double motion = 0;          // variance of x, y and z over all joints and frames, added

  int64_t frames() const { return static_cast<int64_t>(joints.size()) / kBodyValues; }
  int64_t end() const { return start + frames(); }
};

/// In order of first appearance, with their motion.
std::vector<Track> tracks_of(const Recording& recording);

/// How many frames of the recording have a body in them.
int64_t num_seen_frames(const Recording& recording);

/// Drops tracks of 11 frames or fewer.
void drop_short_tracks(std::vector<Track>& tracks);

/// False for a body that is wider than 0.8 of its height in 69.754 % of its frames or more: a table
/// or a chair. Otherwise its motion becomes that of the other frames if that is smaller.
bool keep_by_spread(Track& track);

/// Falling motion; equals stay in order.
void sort_by_motion(std::vector<Track>& tracks);

}  // namespace kinegraph::ntu
