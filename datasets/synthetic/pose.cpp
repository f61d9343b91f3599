#include "datasets/synthetic/pose.h"

namespace kinegraph::synthetic {

Arm mix(const Arm& a, const Arm& b, double weight) {
  const auto between = [&](double from, double to) { return from + weight * (to - from); };
  return {between(a.swing, b.swing), between(a.raise, b.raise), between(a.twist, b.twist),
          between(a.elbow, b.elbow), between(a.wrist, b.wrist)};
}

Pose mirrored(const Pose& pose) {
  Pose image = pose;
  image.left_arm = pose.right_arm;
  image.right_arm = pose.left_arm;
  image.left_leg = pose.right_leg;
  image.right_leg = pose.left_leg;
  image.lean = -pose.lean;
  image.turn = -pose.turn;
  image.look = -pose.look;
  image.yaw = -pose.yaw;
  return image;
}

}  // namespace kinegraph::synthetic
