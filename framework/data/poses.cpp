#include "framework/data/poses.h"

#include <cmath>

namespace kinegraph {

int64_t Poses::num_rows() const {
  return static_cast<int64_t>(clip_.keypoints.size()) / (num_joints() * info_.num_channels());
}

int64_t Poses::num_tracks() const {
  return info_.person_layout == PersonLayout::dense ? clip_.num_persons : 0;
}

double Poses::score(int64_t row, int64_t v) const {
  if (!clip_.scores.empty()) return clip_.scores[static_cast<size_t>(row * num_joints() + v)];
  return info_.has_score_channel() ? joint(row, v)[num_coordinates()] : 1;
}

bool Poses::is_present(int64_t row, int64_t v) const {
  if (score(row, v) == 0) return false;
  const double* x = joint(row, v);
  bool is_at_origin = true;
  for (int64_t c = 0; c < num_coordinates(); ++c) {
    if (!std::isfinite(x[c])) return false;
    is_at_origin = is_at_origin && x[c] == 0;
  }
  return !is_at_origin;
}

double Poses::distance(int64_t row_a, int64_t joint_a, int64_t row_b, int64_t joint_b) const {
  const double *a = joint(row_a, joint_a), *b = joint(row_b, joint_b);
  double sum = 0;
  for (int64_t c = 0; c < num_coordinates(); ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return std::sqrt(sum);
}

}  // namespace kinegraph
