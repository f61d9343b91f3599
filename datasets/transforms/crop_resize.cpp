#include <algorithm>
#include <cmath>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// A stretch of the clip, resampled to `length` frames by linear interpolation: (M, T, V, C) ->
/// (M, length, V, C) (valid_crop_resize of CTR-GCN's feeder).
///
/// Only the first n frames count, n being the number of frames in which anybody is there. Two
/// numbers p: a stretch of floor(p n) frames, p uniform, but at least min_length, at a uniform
/// place. One number: trunc((1 - p) n / 2) frames go at each end. Frame i of the result lies at (i
/// + 1/2) * stretch / length - 1/2, not before the first (PyTorch's align_corners = false).
class CropResize : public Transform {
 public:
  struct Options {
    std::vector<double> p_interval{0.5, 1};
    int64_t length = 64, min_length = 64;

    template <class Fields>
    void describe(Fields& field) {
      field("p_interval", p_interval, "share of the clip: [lowest, highest] to draw, or [share]",
            Range{0, 1});
      field("length", length, "frames of the result", Range{1, 100000});
      field("min_length", min_length, "least frames of a drawn stretch, where the clip has them",
            Range{1, 100000});
    }
  };

  CropResize(const Options& options, const Context&) : options_(options) {
    const auto& p = options.p_interval;
    if (p.empty() || p.size() > 2 || p.front() > p.back() || p.back() == 0)
      throw ConfigError("crop_resize: 'p_interval' is [lowest, highest] or [share], above 0");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    const int64_t valid = frames_with_anybody(sample.keypoints);
    if (valid == 0 || sample.num_clips != 1)
      throw clip_error(sample, "crop_resize", "one clip with a person in some frame",
                       "Leave the clip out of the split.",
                       fmt::format("nobody in {} frames", sample.keypoints.frames));
    const Stretch stretch = choose(valid, random);
    const KeypointArray source = sample.keypoints;
    const std::vector<double> scores = sample.scores;
    const auto points = positions(stretch);
    std::vector<int64_t> nearest;
    for (const auto& point : points) nearest.push_back(point.weight < 0.5 ? point.a : point.b);
    sample.select_frames(nearest);
    interpolate(source.values, source.persons, source.frames, points, sample.keypoints.values);
    interpolate(scores, source.persons, source.frames, points, sample.scores);
  }

 private:
  struct Stretch {
    int64_t first, count;
  };
  /// (1 - weight) * frame a + weight * frame b.
  struct Point {
    int64_t a, b;
    double weight;
  };

  static int64_t frames_with_anybody(const KeypointArray& x) {
    int64_t count = 0;
    for (int64_t t = 0; t < x.frames; ++t) {
      bool is_found = false;
      for (int64_t m = 0; m < x.persons && !is_found; ++m)
        is_found = std::any_of(x.frame(m, t), x.frame(m, t) + x.joints * x.channels,
                               [](double value) { return value != 0; });
      count += is_found;
    }
    return count;
  }

  Stretch choose(int64_t valid, RandomSource& random) const {
    const auto all = static_cast<double>(valid);
    if (options_.p_interval.size() == 1) {
      const auto margin = static_cast<int64_t>((1 - options_.p_interval[0]) * all / 2);
      return {margin, valid - 2 * margin};
    }
    const double p = random.uniform(options_.p_interval[0], options_.p_interval[1]);
    const int64_t wanted = std::max(static_cast<int64_t>(p * all), options_.min_length);
    const int64_t count = std::min(wanted, valid);
    return {random.integer(0, valid - count), count};
  }

  std::vector<Point> positions(const Stretch& stretch) const {
    std::vector<Point> points;
    const double step = static_cast<double>(stretch.count) / static_cast<double>(options_.length);
    for (int64_t i = 0; i < options_.length; ++i) {
      const double position = std::max(0.0, (static_cast<double>(i) + 0.5) * step - 0.5);
      const auto a = std::min(static_cast<int64_t>(position), stretch.count - 1);
      const int64_t b = std::min(a + 1, stretch.count - 1);
      points.push_back({stretch.first + a, stretch.first + b, position - static_cast<double>(a)});
    }
    return points;
  }

  /// from: (M, frames, row); to: (M, points, row).
  static void interpolate(const std::vector<double>& from, int64_t persons, int64_t frames,
                          const std::vector<Point>& points, std::vector<double>& to) {
    if (from.empty()) return;
    const auto row = static_cast<int64_t>(from.size()) / (persons * frames);
    double* out = to.data();
    for (int64_t m = 0; m < persons; ++m)
      for (const auto& point : points) {
        const double* a = from.data() + (m * frames + point.a) * row;
        const double* b = from.data() + (m * frames + point.b) * row;
        for (int64_t i = 0; i < row; ++i) *out++ = (1 - point.weight) * a[i] + point.weight * b[i];
      }
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "crop_resize", CropResize,
                   "CTR-GCN: a random stretch of the clip, interpolated to a fixed length")

}  // namespace
}  // namespace kinegraph
