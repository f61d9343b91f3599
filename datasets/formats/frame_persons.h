// Persons that are listed by frame (Kinetics-400), on their way to (M,T,V,C).
#pragma once

#include <cstdint>
#include <vector>

#include "framework/data/sample.h"
#include "framework/io/store_info.h"

namespace kinegraph {

/// What PYSKL's PoseDataset (box_thr) and DecompressPose (squeeze, max_person) do, step by step.
class FramePersons {
 public:
  /// Both must outlive this.
  FramePersons(const Clip& clip, const StoreInfo& info);

  /// Only persons with at least this box score. The clip must have box scores.
  void keep_boxes(double threshold);

  /// The other frames move together. A clip without any person keeps one frame.
  void drop_empty_frames();

  /// When some frame has more than `count` persons, every frame's are sorted by the sum of their
  /// joint scores, highest first and stable, and the first `count` stay. A float16 store sums as
  /// numpy sums halves. Without scores the first `count` stay.
  void keep_highest(int64_t count);

  /// Fills keypoints and, if the clip has them, scores; absent persons are zero. No frame may have
  /// more than `persons`.
  void fill(int64_t persons, Sample& sample) const;

 private:
  double score_sum(size_t row) const;

  const Clip& clip_;
  const StoreInfo& info_;
  std::vector<std::vector<size_t>> rows_;  // of each frame: its rows in the clip
};

}  // namespace kinegraph
