#include <cmath>

#include "datasets/transforms/compat.h"
#include "framework/data/rotation.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Turns the whole clip about the origin by angles uniform on [-theta, theta], one draw per clip;
/// shapes stay (M, T, V, C).
///
/// Three channels: Rz Ry Rx, an angle for each axis (RandomRot of PYSKL, random_rot of CTR-GCN's
/// feeder for NTU). Two channels: one angle. A clip of zeros is left as it is and draws nothing.
class RandomRotation : public Transform {
 public:
  struct Options {
    double theta = 0.3;
    std::string compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("theta", theta, "largest angle in radians", Range{0, 6.283185307179586});
      field("compat", compat,
            "none, mmaction2: as above; pyskl: angles in the plane are uniform on "
            "[-theta, 1]",
            compat_names());
    }
  };

  RandomRotation(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource& random) const override {
    const int64_t channels = sample.keypoints.channels;
    if ((channels != 2 && channels != 3) || sample.has_score_channel)
      throw clip_error(sample, "random_rotation", "2 channels (x, y) or 3 (x, y, z)",
                       "Put it before the step that appends scores.");
    if (is_zero(sample.keypoints)) return;
    if (channels == 3)
      turn_in_space(sample.keypoints, random);
    else
      turn_in_plane(sample.keypoints, random);
    sample.precision = Precision::float64;
  }

 private:
  static bool is_zero(const KeypointArray& x) {
    constexpr double kZero = 1e-8;  // numpy.allclose to 0
    for (const double value : x.values)
      if (std::abs(value) > kZero) return false;
    return true;
  }

  void turn_in_space(KeypointArray& x, RandomSource& random) const {
    Vector3 angles;
    for (auto& angle : angles) angle = random.uniform(-options_.theta, options_.theta);
    const Rotation turn = rotation_by_angles(angles);
    for (size_t i = 0; i < x.values.size(); i += 3) {
      const Vector3 turned = turn({x.values[i], x.values[i + 1], x.values[i + 2]});
      std::copy_n(turned.begin(), 3, x.values.begin() + static_cast<int64_t>(i));
    }
  }

  void turn_in_plane(KeypointArray& x, RandomSource& random) const {
    const double highest = options_.compat == "pyskl" ? 1 : options_.theta;
    const double angle = random.uniform(-options_.theta, highest);
    const double c = std::cos(angle), s = std::sin(angle);
    for (size_t i = 0; i < x.values.size(); i += 2) {
      const double across = x.values[i], down = x.values[i + 1];
      x.values[i] = c * across - s * down;
      x.values[i + 1] = s * across + c * down;
    }
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_rotation", RandomRotation,
                   "PYSKL, CTR-GCN: small random rotation, one draw per clip")

}  // namespace
}  // namespace kinegraph
