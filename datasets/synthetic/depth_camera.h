// How a depth camera sees people: from its place, with noise, and not every joint all the time.
#pragma once

#include <vector>

#include "datasets/synthetic/performance.h"

namespace kinegraph::synthetic {

/// Factors on the noise and on the rate at which joints are lost; 0 is none.
struct SensorFaults {
  double noise = 1, lost_joints = 1;
};

/// One person as a camera saw them; indices are frame * kJointCount + joint.
struct Sighting {
  std::vector<Vec3> joints;    // metres: x to the left of the camera, y up, z away from it
  std::vector<double> scores;  // 1, or 0 for a lost joint, whose position is a guess
};

/// A Kinect-like sensor that looks at the middle of the room.
class DepthCamera {
 public:
  static constexpr int64_t kViews = 3;
  /// Setups differ in height and distance of the cameras. They repeat after these.
  static constexpr int64_t kSetups = 4;

  /// `setup` and `view` count from 0. Views are 45 degrees apart, the middle one is number 1.
  DepthCamera(int64_t setup, int64_t view);

  /// Where the camera sees a point of the room.
  Vec3 project(const Vec3& point) const;

  /// A hand or foot that is lost keeps its last seen place relative to elbow or knee.
  Sighting watch(const Track& track, const SensorFaults& faults, Rng& rng) const;

 private:
  Vec3 position_;
  Rotation axes_;
};

}  // namespace kinegraph::synthetic
