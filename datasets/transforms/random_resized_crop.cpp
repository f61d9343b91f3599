#include <algorithm>
#include <array>
#include <cmath>

#include "datasets/transforms/compat.h"
#include "datasets/transforms/image_crop.h"

namespace kinegraph {
namespace {

/// Cuts out a random part of the image, of random area and aspect ratio, one for the whole clip
/// (RandomResizedCrop of PYSKL and MMAction2); shapes stay (M, T, V, C). Resizing is a step of its
/// own.
///
/// Draws ten aspect ratios, uniform in the logarithm, then ten areas; the first pair that fits
/// takes a uniform place. If none fits, the middle square.
class RandomResizedCrop : public Transform {
 public:
  struct Options {
    std::vector<double> area{0.08, 1}, aspect_ratio{0.75, 4.0 / 3};
    std::string compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("area", area, "[lowest, highest] share of the image", Range{0, 1});
      field("aspect_ratio", aspect_ratio, "[lowest, highest] width by height", Range{0.01, 100});
      field("compat", compat, "none: missing joints stay at (0, 0); others: they move along",
            compat_names());
    }
  };

  RandomResizedCrop(const Options& options, const Context&) : options_(options) {
    for (const auto* range : {&options.area, &options.aspect_ratio})
      if (range->size() != 2 || (*range)[0] > (*range)[1] || (*range)[1] == 0)
        throw ConfigError("random_resized_crop: area and aspect_ratio are [lowest, highest]");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    require_image(sample, "random_resized_crop");
    const Box box = draw(sample.image_width, sample.image_height, random);
    crop_keypoints(sample, box.left, box.top, box.width, box.height, options_.compat != "none");
    sample.precision = Precision::float64;
  }

 private:
  struct Box {
    int64_t left, top, width, height;
  };

  Box draw(int64_t width, int64_t height, RandomSource& random) const {
    const double image_area = static_cast<double>(width * height);
    std::array<double, 10> ratios{}, areas{};
    for (auto& ratio : ratios)
      ratio = std::exp(
          random.uniform(std::log(options_.aspect_ratio[0]), std::log(options_.aspect_ratio[1])));
    for (auto& area : areas) area = random.uniform(options_.area[0], options_.area[1]) * image_area;
    for (size_t i = 0; i < ratios.size(); ++i) {
      // nearbyint rounds halves to even, as NumPy does.
      const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(areas[i] * ratios[i])));
      const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(areas[i] / ratios[i])));
      if (w > width || h > height || w < 1 || h < 1) continue;
      const int64_t left = random.integer(0, width - w);
      return {left, random.integer(0, height - h), w, h};
    }
    const int64_t side = std::min(width, height);
    return {(width - side) / 2, (height - side) / 2, side, side};
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_resized_crop", RandomResizedCrop,
                   "PoseC3D: a random part of the image, one for the whole clip")

}  // namespace
}  // namespace kinegraph
