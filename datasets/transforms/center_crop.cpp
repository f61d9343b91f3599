#include "datasets/transforms/compat.h"
#include "datasets/transforms/image_crop.h"

namespace kinegraph {
namespace {

/// Cuts the middle of width x height pixels out of the image; shapes stay (M, T, V, C).
class CenterCrop : public Transform {
 public:
  struct Options {
    int64_t width = 64, height = 64;
    std::string compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("width", width, "pixels of the result", Range{1, 100000});
      field("height", height, "pixels of the result", Range{1, 100000});
      field("compat", compat, "none: missing joints stay at (0, 0); others: they move along",
            compat_names());
    }
  };

  CenterCrop(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    require_image(sample, "center_crop");
    if (sample.image_width < options_.width || sample.image_height < options_.height)
      throw clip_error(sample, "center_crop",
                       fmt::format("at least {}x{} pixels", options_.width, options_.height),
                       "Lower 'width' and 'height', or resize before.",
                       fmt::format("an image of {}x{}", sample.image_width, sample.image_height));
    crop_keypoints(sample, (sample.image_width - options_.width) / 2,
                   (sample.image_height - options_.height) / 2, options_.width, options_.height,
                   options_.compat != "none");
    sample.precision = Precision::float64;
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "center_crop", CenterCrop, "the middle of the image")

}  // namespace
}  // namespace kinegraph
