// Forward kinematics: from angles to the 25 joints of ntu25.
#pragma once

#include <array>

#include "datasets/synthetic/pose.h"

namespace kinegraph::synthetic {

/// In the order of ntu25.
enum Joint : size_t {
  kSpineBase,
  kSpineMid,
  kNeck,
  kHead,
  kLeftShoulder,
  kLeftElbow,
  kLeftWrist,
  kLeftHand,
  kRightShoulder,
  kRightElbow,
  kRightWrist,
  kRightHand,
  kLeftHip,
  kLeftKnee,
  kLeftAnkle,
  kLeftFoot,
  kRightHip,
  kRightKnee,
  kRightAnkle,
  kRightFoot,
  kSpineShoulder,
  kLeftHandTip,
  kLeftThumb,
  kRightHandTip,
  kRightThumb,
  kJointCount
};

using JointPositions = std::array<Vec3, kJointCount>;

/// Factors are relative to the average body of that stature.
struct Proportions {
  double stature_m = 1.7;
  double trunk = 1, arms = 1, legs = 1, shoulders = 1, hips = 1;
};

/// A rigid skeleton: the bone that leads to a joint has one length in every pose.
class Body {
 public:
  explicit Body(const Proportions& proportions);

  /// Joint positions in metres, y up, floor at y = 0. The lower foot stands on the floor (or
  /// `hop` above it), and midway between the ankles is x = z = 0 but for `progress` along the yaw.
  JointPositions place(const Pose& pose) const;

 private:
  std::array<Vec3, kJointCount> bones_;
};

}  // namespace kinegraph::synthetic
