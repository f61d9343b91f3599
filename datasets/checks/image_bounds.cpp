#include "framework/data/check.h"
#include "framework/data/poses.h"

namespace kinegraph {
namespace {

/// Pose estimators place joints somewhat beyond the border of the image; far beyond it, the image
/// size or the order of the coordinates is wrong.
class ImageBounds : public ClipCheck {
 public:
  struct Options {
    double margin = 0.1;

    template <class Fields>
    void describe(Fields& field) {
      field("margin", margin, "how far outside joints may lie, as a share of the image's size",
            Range{0, 10});
    }
  };
  ImageBounds(const Options& options, const Context& context)
      : ClipCheck(context), options_(options) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    if (info().coordinates != Coordinates::pixels || !clip.image_width || !clip.image_height)
      return std::nullopt;
    const auto width = static_cast<double>(*clip.image_width);
    const auto height = static_cast<double>(*clip.image_height);
    const Poses poses(clip, info());
    for (int64_t row = 0; row < poses.num_rows(); ++row)
      for (int64_t v = 0; v < poses.num_joints(); ++v) {
        const double* x = poses.joint(row, v);
        if (poses.is_present(row, v) && (is_outside(x[0], width) || is_outside(x[1], height)))
          return Fault{fmt::format("{} at {:g}, {:g} of {:g} x {:g}",
                                   context().skeleton.joints[static_cast<size_t>(v)], x[0], x[1],
                                   width, height)};
      }
    return std::nullopt;
  }
  Finding finding() const override {
    Finding finding{Severity::warning, "clips with joints far outside the image", 0, {}, {}};
    finding.remedy = "Check the image sizes (height before width?) and the order of x and y.";
    return finding;
  }

 private:
  bool is_outside(double x, double size) const {
    return x < -options_.margin * size || x > (1 + options_.margin) * size;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Check, "image_bounds", ImageBounds, "joints far outside the image")

}  // namespace
}  // namespace kinegraph
