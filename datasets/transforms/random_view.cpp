#include <cmath>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Turns and scales a 3D clip as if seen from elsewhere: x' = x Ry Rx s for row vectors, one draw
/// per clip, angles in whole degrees (CTR-GCN's NW-UCLA feeder). Shapes stay (M, T, V, 3).
class RandomView : public Transform {
 public:
  struct Options {
    std::vector<int64_t> angle_x{-60, 60}, angle_y{-60, 60};
    std::vector<double> scale{0.5, 1.5};

    template <class Fields>
    void describe(Fields& field) {
      field("angle_x", angle_x, "[lowest, highest] degrees about x, both included");
      field("angle_y", angle_y, "[lowest, highest] degrees about y, both included");
      field("scale", scale, "[lowest, highest] factor");
    }
  };

  RandomView(const Options& options, const Context&) : options_(options) {
    const auto is_range = [](const auto& range) {
      return range.size() == 2 && range[0] <= range[1];
    };
    if (!is_range(options.angle_x) || !is_range(options.angle_y) || !is_range(options.scale))
      throw ConfigError("random_view: angle_x, angle_y and scale are [lowest, highest]");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    if (sample.keypoints.channels != 3)
      throw DataError(Fault{"clip " + sample.id,
                            "random_view: keypoints " + sample.keypoints.shape_text(),
                            "3 channels (x, y, z)", "Remove the step for 2D data."});
    const double degree = M_PI / 180;
    const double ax =
        degree * static_cast<double>(random.integer(options_.angle_x[0], options_.angle_x[1]));
    const double ay =
        degree * static_cast<double>(random.integer(options_.angle_y[0], options_.angle_y[1]));
    const double s = random.uniform(options_.scale[0], options_.scale[1]);
    const double cx = std::cos(ax), sx = std::sin(ax), cy = std::cos(ay), sy = std::sin(ay);
    auto& values = sample.keypoints.values;
    for (size_t i = 0; i + 2 < values.size(); i += 3) {
      const double x = values[i], y = values[i + 1], z = values[i + 2];
      // Ry = [cy 0 -sy; 0 1 0; sy 0 cy], then Rx = [1 0 0; 0 cx sx; 0 -sx cx].
      const double turned_x = x * cy + z * sy, turned_z = -x * sy + z * cy;
      values[i] = s * turned_x;
      values[i + 1] = s * (y * cx - turned_z * sx);
      values[i + 2] = s * (y * sx + turned_z * cx);
    }
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_view", RandomView,
                   "random rotation about x and y and random scale, one draw per clip")

}  // namespace
}  // namespace kinegraph
