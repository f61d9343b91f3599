#include "datasets/formats/frame_persons.h"

#include <algorithm>
#include <array>

#include "framework/io/half.h"

namespace kinegraph {
namespace {

/// As numpy adds up to 128 halves: in float32, eight at a time, and the result rounded to half.
double sum_of_halves(const double* values, size_t count) {
  constexpr size_t kLanes = 8;
  float sum = 0;
  size_t done = 0;
  if (count >= kLanes) {
    std::array<float, kLanes> lanes{};
    for (; done + kLanes <= count; done += kLanes)
      for (size_t i = 0; i < kLanes; ++i) lanes[i] += static_cast<float>(values[done + i]);
    sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
          ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  }
  for (; done < count; ++done) sum += static_cast<float>(values[done]);
  const uint16_t half = half_from_double(sum);
  double rounded;
  widen_halves(&half, 1, &rounded);
  return rounded;
}

}  // namespace

FramePersons::FramePersons(const Clip& clip, const StoreInfo& info) : clip_(clip), info_(info) {
  size_t row = 0;
  for (const int64_t count : clip.frame_persons) {
    auto& rows = rows_.emplace_back();
    for (int64_t person = 0; person < count; ++person) rows.push_back(row++);
  }
}

void FramePersons::keep_boxes(double threshold) {
  for (auto& rows : rows_)
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [&](size_t row) { return !(clip_.box_scores[row] >= threshold); }),
               rows.end());
}

void FramePersons::drop_empty_frames() {
  rows_.erase(
      std::remove_if(rows_.begin(), rows_.end(), [](const auto& rows) { return rows.empty(); }),
      rows_.end());
  if (rows_.empty()) rows_.emplace_back();
}

void FramePersons::keep_highest(int64_t count) {
  const auto limit = static_cast<size_t>(count);
  const bool is_crowded = std::any_of(rows_.begin(), rows_.end(),
                                      [&](const auto& rows) { return rows.size() > limit; });
  if (!is_crowded) return;
  std::vector<double> sums;
  if (!clip_.scores.empty())
    for (size_t row = 0; row < clip_.scores.size() / static_cast<size_t>(info_.num_joints); ++row)
      sums.push_back(score_sum(row));
  for (auto& rows : rows_) {
    if (!sums.empty())
      std::stable_sort(rows.begin(), rows.end(),
                       [&](size_t a, size_t b) { return sums[a] > sums[b]; });
    if (rows.size() > limit) rows.resize(limit);
  }
}

double FramePersons::score_sum(size_t row) const {
  const auto joints = static_cast<size_t>(info_.num_joints);
  const double* first = clip_.scores.data() + row * joints;
  if (info_.precision == Precision::float16) return sum_of_halves(first, joints);
  double sum = 0;
  for (size_t joint = 0; joint < joints; ++joint) sum += first[joint];
  return sum;
}

void FramePersons::fill(int64_t persons, Sample& sample) const {
  KeypointArray& x = sample.keypoints;
  x.resize(persons, static_cast<int64_t>(rows_.size()), info_.num_joints, info_.num_channels());
  std::fill(x.values.begin(), x.values.end(), 0.0);
  const auto values = static_cast<size_t>(x.joints * x.channels);
  const auto joints = static_cast<size_t>(x.joints);
  const bool has_scores = !clip_.scores.empty();
  if (has_scores) sample.scores.assign(static_cast<size_t>(persons) * rows_.size() * joints, 0.0);
  for (size_t frame = 0; frame < rows_.size(); ++frame)
    for (size_t person = 0; person < rows_[frame].size(); ++person) {
      const size_t row = rows_[frame][person], target = person * rows_.size() + frame;
      std::copy_n(clip_.keypoints.data() + row * values, values, x.values.data() + target * values);
      if (has_scores)
        std::copy_n(clip_.scores.data() + row * joints, joints,
                    sample.scores.data() + target * joints);
    }
}

}  // namespace kinegraph
