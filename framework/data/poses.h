// The joints of a stored clip, one pose (one person in one frame) after the other.
#pragma once

#include "framework/io/store_info.h"

namespace kinegraph {

/// A view of a clip; the clip and the info must outlive it.
class Poses {
 public:
  Poses(const Clip& clip, const StoreInfo& info) : clip_(clip), info_(info) {}

  /// P: in a dense clip, row m * T + t is person m in frame t.
  int64_t num_rows() const;
  int64_t num_joints() const { return info_.num_joints; }
  int64_t num_coordinates() const { return info_.num_coordinates(); }

  /// Persons that are linked from frame to frame: M, or 0 in the layout frame_persons.
  int64_t num_tracks() const;
  int64_t num_frames() const { return clip_.num_frames; }
  int64_t row(int64_t track, int64_t frame) const { return track * clip_.num_frames + frame; }

  /// num_coordinates() values.
  const double* joint(int64_t row, int64_t joint) const {
    return clip_.keypoints.data() + (row * num_joints() + joint) * info_.num_channels();
  }

  /// Whether the joint was seen: finite, not at the origin in all coordinates, and of a score
  /// other than 0 where there are scores, apart or as the last channel.
  bool is_present(int64_t row, int64_t joint) const;

  /// Euclidean.
  double distance(int64_t row_a, int64_t joint_a, int64_t row_b, int64_t joint_b) const;

 private:
  /// 1 where there are no scores.
  double score(int64_t row, int64_t joint) const;

  const Clip& clip_;
  const StoreInfo& info_;
};

}  // namespace kinegraph
