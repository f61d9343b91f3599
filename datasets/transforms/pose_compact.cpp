#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "datasets/transforms/image_crop.h"

namespace kinegraph {
namespace {

/// Cuts the image down to the box of all joints of the clip, widened by `padding` (PoseCompact of
/// PYSKL and MMAction2); shapes stay (M, T, V, C).
///
/// Coordinates that are 0 are missing: they neither count nor move. NaN becomes 0. A box of less
/// than `threshold` pixels leaves the clip as it is. `hw_ratio` [a, b] then raises the height to at
/// least a times the width, and the width to at least the height divided by b.
class PoseCompact : public Transform {
 public:
  struct Options {
    double padding = 0.25, threshold = 10;
    std::vector<double> hw_ratio;
    bool allow_imgpad = true;

    template <class Fields>
    void describe(Fields& field) {
      field("padding", padding, "share of the box by which it is widened", Range{0, 100});
      field("threshold", threshold, "pixels below which the box is taken for noise", Range{0});
      field("hw_ratio", hw_ratio, "height by width: empty, one number, or [least, most]",
            Range{0.01, 100});
      field("allow_imgpad", allow_imgpad, "whether the box may leave the image");
    }
  };

  PoseCompact(const Options& options, const Context&) : options_(options) {
    auto& ratio = options_.hw_ratio;
    if (ratio.size() == 1) ratio.push_back(ratio[0]);
    if (ratio.size() > 2)
      throw ConfigError("pose_compact: 'hw_ratio' is empty, one number, or [least, most]");
  }

  void apply(Sample& sample, RandomSource&) const override {
    require_image(sample, "pose_compact");
    KeypointArray& x = sample.keypoints;
    for (auto& value : x.values)
      if (std::isnan(value)) value = 0;
    std::array<Span, 2> box{span_of(x, 0), span_of(x, 1)};
    if (!(box[0].most - box[0].least >= options_.threshold) ||
        !(box[1].most - box[1].least >= options_.threshold))
      return;
    widen(box);
    const std::array<int64_t, 2> image{sample.image_width, sample.image_height};
    std::array<int64_t, 2> first{}, size{};
    for (size_t c = 0; c < 2; ++c) {
      const auto limit = static_cast<double>(image[c]);
      const double least = options_.allow_imgpad ? box[c].least : std::max(0.0, box[c].least);
      const double most = options_.allow_imgpad ? box[c].most : std::min(limit, box[c].most);
      first[c] = static_cast<int64_t>(least);  // toward zero, as Python's int()
      size[c] = static_cast<int64_t>(most) - first[c];
      for (size_t i = c; i < x.values.size(); i += static_cast<size_t>(x.channels))
        if (x.values[i] != 0) x.values[i] -= static_cast<double>(first[c]);
    }
    sample.crop_image(first[0], first[1], size[0], size[1]);
  }

 private:
  struct Span {
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();
  };

  static Span span_of(const KeypointArray& x, size_t channel) {
    Span span;
    for (size_t i = channel; i < x.values.size(); i += static_cast<size_t>(x.channels))
      if (x.values[i] != 0) {
        span.least = std::min(span.least, x.values[i]);
        span.most = std::max(span.most, x.values[i]);
      }
    return span;
  }

  void widen(std::array<Span, 2>& box) const {
    const auto half = [&](const Span& span) {
      return (span.most - span.least) / 2 * (1 + options_.padding);
    };
    double half_width = half(box[0]), half_height = half(box[1]);
    if (!options_.hw_ratio.empty()) {
      half_height = std::max(options_.hw_ratio[0] * half_width, half_height);
      half_width = std::max(half_height / options_.hw_ratio[1], half_width);
    }
    const auto set = [](Span& span, double half_size) {
      const double middle = (span.most + span.least) / 2;
      span = {middle - half_size, middle + half_size};
    };
    set(box[0], half_width);
    set(box[1], half_height);
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "pose_compact", PoseCompact,
                   "PoseC3D: cut the image down to the box of all joints of the clip")

}  // namespace
}  // namespace kinegraph
