#include "framework/picture/poses_2d.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kinegraph {
namespace {

using Vector = std::array<double, 3>;

bool is_at_origin(const double* x, int64_t coordinates) {
  return std::all_of(x, x + coordinates, [](double value) { return value == 0; });
}

bool is_seen(const double* x, int64_t coordinates) {
  return !is_at_origin(x, coordinates) &&
         std::all_of(x, x + coordinates, [](double value) { return std::isfinite(value); });
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
  const int64_t coordinates = info.num_coordinates();
  for (size_t first = 0; first < clip.keypoints.size(); first += static_cast<size_t>(row)) {
    Vector means[2]{};
    int64_t counts[2]{};
    for (const int end : {0, 1})
      for (const int64_t v : end == 0 ? lower : upper) {
        const double* x = clip.keypoints.data() + first + v * channels;
        if (!is_seen(x, coordinates)) continue;
        ++counts[end];
        for (int64_t c = 0; c < coordinates; ++c) means[end][static_cast<size_t>(c)] += x[c];
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

  Point operator()(const Vector& x, int64_t coordinates) const {
    const double sign = up_.is_negative ? -1 : 1;
    const double height = sign * x[static_cast<size_t>(up_.channel)];
    // What lies level: x, and y or z, whichever is not up.
    const double across = up_.channel == 0 ? sign * x[1] : x[0];
    const double away = coordinates < 3 ? 0 : up_.channel == 2 ? sign * -x[1] : x[2];
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

/// Of each coordinate: shares of an image become pixels. Depth is in shares of the width.
Vector scale_of(const StoreInfo& info, const ClipInfo& clip) {
  if (info.coordinates != Coordinates::normalised || !is_in_image(info, clip)) return {1, 1, 1};
  const auto width = static_cast<double>(*clip.image_width);
  return {width, static_cast<double>(*clip.image_height), width};
}

/// Which joints were seen: finite, and of a score other than 0 where there are scores. Joints are
/// put at the origin that are missing, but in clips centred on a joint this one is there, too:
/// unless the origin is a corner of the image, only whole poses at it are missing.
std::vector<bool> find_seen(const std::vector<double>& keypoints, const std::vector<double>& scores,
                            const StoreInfo& info, const ClipInfo& clip) {
  const bool may_be_at_origin = info.coordinates != Coordinates::pixels && !is_in_image(info, clip);
  const auto joints = static_cast<size_t>(info.num_joints);
  const auto channels = static_cast<size_t>(info.num_channels());
  const int64_t coordinates = info.num_coordinates();
  std::vector<bool> seen(keypoints.size() / channels);
  bool has_pose = false;
  for (size_t i = 0; i < seen.size(); ++i) {
    const double* x = keypoints.data() + i * channels;
    if (i % joints == 0) {
      has_pose = false;
      for (size_t v = 0; v < joints; ++v)
        has_pose = has_pose || !is_at_origin(x + v * channels, coordinates);
    }
    const double score = !scores.empty()            ? scores[i]
                         : info.has_score_channel() ? x[coordinates]
                                                    : 1;
    if (is_at_origin(x, coordinates))
      seen[i] = may_be_at_origin && has_pose && score != 0;
    else
      seen[i] = is_seen(x, coordinates) && (scores.empty() || score != 0);
  }
  return seen;
}

}  // namespace

bool is_in_image(const StoreInfo& info, const ClipInfo& clip) {
  return info.coordinates != Coordinates::metres && clip.image_width && clip.image_height;
}

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
  if (*most == 0) return {1, info.num_coordinates() == 2};
  return {static_cast<int>(most - sum.begin()), *most < 0};
}

Poses2d::Poses2d(const AnnotationStore& store, int64_t clip, const UpAxis& up, const View& view)
    : persons_(store.num_persons(clip)),
      frames_(store.num_frames(clip)),
      joints_(store.info().num_joints),
      points_(static_cast<size_t>(persons_ * frames_ * joints_)) {
  const StoreInfo& info = store.info();
  const auto channels = static_cast<size_t>(info.num_channels());
  const int64_t coordinates = info.num_coordinates();
  std::vector<double> keypoints(points_.size() * channels), scores;
  store.read_keypoints(clip, keypoints.data());
  if (store.has_scores()) {
    scores.resize(points_.size());
    store.read_scores(clip, scores.data());
  }
  const Projection project(up, coordinates == 3 ? view : View{});
  const Vector scale = scale_of(info, store.clip(clip));
  const auto seen = find_seen(keypoints, scores, info, store.clip(clip));
  for (size_t i = 0; i < points_.size(); ++i) {
    if (!seen[i]) continue;
    const double* x = keypoints.data() + i * channels;
    Vector scaled{};
    for (size_t c = 0; c < static_cast<size_t>(coordinates); ++c) scaled[c] = scale[c] * x[c];
    points_[i] = project(scaled, coordinates);
    if (!scores.empty()) points_[i].score = scores[i];
    if (info.has_score_channel()) points_[i].score = x[coordinates];
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
