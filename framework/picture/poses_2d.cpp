#include "framework/picture/poses_2d.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kinegraph {
namespace {

using Vector = std::array<double, 3>;

bool is_seen(const double* x, int64_t channels) {
  bool is_at_origin = true;
  for (int64_t c = 0; c < channels; ++c) {
    if (!std::isfinite(x[c])) return false;
    is_at_origin = is_at_origin && x[c] == 0;
  }
  return !is_at_origin;
}

/// Joints whose names contain one of `words`.
std::vector<int64_t> joints_named(const Skeleton& skeleton, const std::vector<std::string>& words) {
  std::vector<int64_t> joints;
  for (size_t v = 0; v < skeleton.joints.size(); ++v)
    for (const auto& word : words)
      if (skeleton.joints[v].find(word) != std::string::npos) {
        joints.push_back(static_cast<int64_t>(v));
        break;
      }
  return joints;
}

/// Sum of the vectors from the lower joints' mean to the upper joints' mean over all poses.
void add_uprights(const Clip& clip, const StoreInfo& info, const std::vector<int64_t>& upper,
                  const std::vector<int64_t>& lower, Vector& sum) {
  const int64_t channels = info.num_channels(), row = info.num_joints * channels;
  for (size_t first = 0; first < clip.keypoints.size(); first += static_cast<size_t>(row)) {
    Vector means[2]{};
    int64_t counts[2]{};
    for (const int end : {0, 1})
      for (const int64_t v : end == 0 ? lower : upper) {
        const double* x = clip.keypoints.data() + first + v * channels;
        if (!is_seen(x, channels)) continue;
        ++counts[end];
        for (int64_t c = 0; c < channels; ++c) means[end][static_cast<size_t>(c)] += x[c];
      }
    if (counts[0] == 0 || counts[1] == 0) continue;
    for (size_t c = 0; c < 3; ++c)
      sum[c] += means[1][c] / static_cast<double>(counts[1]) -
                means[0][c] / static_cast<double>(counts[0]);
  }
}

/// Turns coordinates into (right, down, away), as the viewer sees them.
class Projection {
 public:
  Projection(const UpAxis& up, const View& view) : up_(up) {
    constexpr double kDegree = 3.14159265358979323846 / 180;
    cos_a_ = std::cos(view.azimuth * kDegree), sin_a_ = std::sin(view.azimuth * kDegree);
    cos_e_ = std::cos(view.elevation * kDegree), sin_e_ = std::sin(view.elevation * kDegree);
  }

  Point operator()(const double* x, int64_t channels) const {
    const double sign = up_.is_negative ? -1 : 1;
    const double height = sign * x[up_.channel];
    // What lies level: x, and y or z, whichever is not up.
    const double across = up_.channel == 0 ? sign * x[1] : x[0];
    const double away = channels < 3 ? 0 : up_.channel == 2 ? sign * -x[1] : x[2];
    const double right = cos_a_ * across + sin_a_ * away;
    const double level = cos_a_ * away - sin_a_ * across;
    Point point;
    point.x = right;
    point.y = -(cos_e_ * height + sin_e_ * level);
    point.depth = cos_e_ * level - sin_e_ * height;
    point.is_present = true;
    return point;
  }

 private:
  UpAxis up_;
  double cos_a_, sin_a_, cos_e_, sin_e_;
};

}  // namespace

UpAxis up_axis_of(const AnnotationStore& store, const Skeleton& skeleton) {
  const StoreInfo& info = store.info();
  if (info.coordinates == Coordinates::pixels) return {1, true};
  const auto upper = joints_named(skeleton, {"head", "nose", "neck"});
  const auto lower = joints_named(skeleton, {"hip", "knee", "ankle", "spine_base", "pelvis"});
  constexpr int64_t kMostClips = 16;
  const int64_t step = std::max<int64_t>(1, store.num_clips() / kMostClips);
  Vector sum{};
  for (int64_t clip = 0; clip < store.num_clips(); clip += step)
    add_uprights(store.read(clip), info, upper, lower, sum);
  const auto most = std::max_element(sum.begin(), sum.end(),
                                     [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*most == 0) return {1, info.num_channels() == 2};
  return {static_cast<int>(most - sum.begin()), *most < 0};
}

Poses2d::Poses2d(const AnnotationStore& store, int64_t clip, const UpAxis& up, const View& view)
    : persons_(store.num_persons(clip)),
      frames_(store.num_frames(clip)),
      joints_(store.info().num_joints),
      points_(static_cast<size_t>(persons_ * frames_ * joints_)) {
  const int64_t channels = store.info().num_channels();
  std::vector<double> keypoints(points_.size() * static_cast<size_t>(channels)), scores;
  store.read_keypoints(clip, keypoints.data());
  if (store.has_scores()) {
    scores.resize(points_.size());
    store.read_scores(clip, scores.data());
  }
  const Projection project(up, channels == 3 ? view : View{});
  for (size_t i = 0; i < points_.size(); ++i) {
    const double* x = keypoints.data() + i * static_cast<size_t>(channels);
    if (!is_seen(x, channels) || (!scores.empty() && scores[i] == 0)) continue;
    points_[i] = project(x, channels);
    if (!scores.empty()) points_[i].score = scores[i];
  }
}

Poses2d::Box Poses2d::box(int64_t begin, int64_t end) const {
  Box box{1e300, 1e300, -1e300, -1e300};
  for (int64_t m = 0; m < persons_; ++m)
    for (int64_t t = begin; t < end; ++t)
      for (int64_t v = 0; v < joints_; ++v) {
        const Point& point = joint(m, t, v);
        if (!point.is_present) continue;
        box = {std::min(box.left, point.x), std::min(box.top, point.y),
               std::max(box.right, point.x), std::max(box.bottom, point.y)};
      }
  if (box.left > box.right) return {0, 0, 1, 1};
  return box;
}

}  // namespace kinegraph
