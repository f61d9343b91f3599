#include "datasets/formats/dense_persons.h"

#include <algorithm>
#include <numeric>

namespace kinegraph {
namespace {

/// Rows of the persons of one frame, the first of which is `first`, in the order of their rank.
std::vector<int64_t> ranked_rows(const Clip& clip, int64_t first, int64_t count, int64_t joints,
                                 bool is_by_score) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), first);
  if (!is_by_score || clip.scores.empty()) return rows;
  const auto sum_of = [&](int64_t row) {
    const auto begin = clip.scores.begin() + row * joints;
    return std::accumulate(begin, begin + joints, 0.0);
  };
  std::vector<double> sums;
  for (const int64_t row : rows) sums.push_back(sum_of(row));
  const auto has_more = [&](int64_t a, int64_t b) {
    return sums[static_cast<size_t>(a - first)] > sums[static_cast<size_t>(b - first)];
  };
  std::stable_sort(rows.begin(), rows.end(), has_more);
  return rows;
}

}  // namespace

void make_dense(Clip* clip, int64_t joints, int64_t channels, const PersonChoice& choice) {
  const int64_t frames = clip->num_frames;
  const auto places = static_cast<size_t>(choice.kept * frames * joints);
  std::vector<double> keypoints(places * static_cast<size_t>(channels));
  std::vector<double> scores(clip->scores.empty() ? 0 : places);
  int64_t first = 0;
  for (int64_t t = 0; t < frames; ++t) {
    const int64_t present = clip->frame_persons[static_cast<size_t>(t)];
    const auto rows =
        ranked_rows(*clip, first, std::min(present, choice.considered), joints, choice.is_by_score);
    for (int64_t m = 0; m < std::min(choice.kept, static_cast<int64_t>(rows.size())); ++m) {
      const int64_t from = rows[static_cast<size_t>(m)] * joints, to = (m * frames + t) * joints;
      std::copy_n(clip->keypoints.begin() + from * channels, joints * channels,
                  keypoints.begin() + to * channels);
      if (!scores.empty()) std::copy_n(clip->scores.begin() + from, joints, scores.begin() + to);
    }
    first += present;
  }
  clip->num_persons = choice.kept;
  clip->keypoints = std::move(keypoints);
  clip->scores = std::move(scores);
  clip->frame_persons.clear();
}

}  // namespace kinegraph
