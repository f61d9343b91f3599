#include <algorithm>
#include <array>
#include <optional>

#include "datasets/transforms/image_crop.h"

namespace kinegraph {
namespace {

/// Scales the image and the keypoints in it; shapes stay (M, T, V, C) (Resize of PYSKL and
/// MMAction2). Sizes are rounded to whole pixels, halves up, and the keypoints follow the rounded
/// size.
class Resize : public Transform {
 public:
  struct Options {
    std::vector<int64_t> size;
    std::optional<int64_t> short_side;
    std::optional<double> factor;
    bool keep_ratio = true;

    template <class Fields>
    void describe(Fields& field) {
      field("size", size, "[width, height] in pixels", Range{1, 100000});
      field("keep_ratio", keep_ratio,
            "with 'size': the largest image within its longer and shorter side");
      field("short_side", short_side, "pixels of the shorter side, instead of 'size'",
            Range{1, 100000});
      field("factor", factor, "instead of 'size'", Range{1e-6, 1e6});
    }
  };

  Resize(const Options& options, const Context&) : options_(options) {
    const int given =
        !options.size.empty() + options.short_side.has_value() + options.factor.has_value();
    if (given != 1 || (!options.size.empty() && options.size.size() != 2))
      throw ConfigError("resize: give one of 'size' [width, height], 'short_side' and 'factor'");
  }

  void apply(Sample& sample, RandomSource&) const override {
    require_image(sample, "resize");
    const std::array<double, 2> old{static_cast<double>(sample.image_width),
                                    static_cast<double>(sample.image_height)};
    std::array<int64_t, 2> resized{};
    if (!options_.size.empty() && !options_.keep_ratio) {
      resized = {options_.size[0], options_.size[1]};
    } else {
      const double scale = factor_for(old);
      for (size_t c = 0; c < 2; ++c)
        resized[c] = std::max<int64_t>(1, static_cast<int64_t>(old[c] * scale + 0.5));
    }
    auto& values = sample.keypoints.values;
    for (size_t c = 0; c < 2; ++c) {
      const double scale = static_cast<double>(resized[c]) / old[c];
      for (size_t i = c; i < values.size(); i += static_cast<size_t>(sample.keypoints.channels))
        values[i] *= scale;
    }
    sample.image_width = resized[0];
    sample.image_height = resized[1];
  }

 private:
  double factor_for(const std::array<double, 2>& old) const {
    if (options_.factor) return *options_.factor;
    const double longer = std::max(old[0], old[1]), shorter = std::min(old[0], old[1]);
    if (options_.short_side) return static_cast<double>(*options_.short_side) / shorter;
    const auto [least, most] = std::minmax(options_.size[0], options_.size[1]);
    return std::min(static_cast<double>(most) / longer, static_cast<double>(least) / shorter);
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "resize", Resize, "scale the image and the keypoints in it")

}  // namespace
}  // namespace kinegraph
