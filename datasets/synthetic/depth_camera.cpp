#include "datasets/synthetic/depth_camera.h"

namespace kinegraph::synthetic {
namespace {

struct Placement {
  double height_m, distance_m;
};
constexpr Placement kPlacements[DepthCamera::kSetups] = {
    {1.1, 2.9}, {1.6, 3.3}, {2.2, 3.7}, {0.8, 3.1}};

/// Standard deviation at three metres, in metres.
double noise_of(size_t joint) {
  switch (joint) {
    case kLeftHandTip:
    case kRightHandTip:
    case kLeftThumb:
    case kRightThumb:
      return 0.025;
    case kLeftHand:
    case kRightHand:
    case kLeftFoot:
    case kRightFoot:
      return 0.018;
    case kLeftWrist:
    case kRightWrist:
    case kLeftAnkle:
    case kRightAnkle:
      return 0.014;
    default:
      return 0.009;
  }
}

/// The end of a limb, lost as a whole.
struct LimbEnd {
  Joint anchor;
  std::vector<Joint> joints;
  double rate;  // losses per frame in plain sight
};

const std::vector<LimbEnd>& limb_ends() {
  static const std::vector<LimbEnd> ends{
      {kLeftElbow, {kLeftWrist, kLeftHand, kLeftHandTip, kLeftThumb}, 0.008},
      {kRightElbow, {kRightWrist, kRightHand, kRightHandTip, kRightThumb}, 0.008},
      {kLeftKnee, {kLeftAnkle, kLeftFoot}, 0.004},
      {kRightKnee, {kRightAnkle, kRightFoot}, 0.004}};
  return ends;
}

/// Whether the trunk is between the camera and the end of a limb.
bool is_behind_trunk(const Vec3* joints, const LimbEnd& end) {
  const Vec3 from_trunk = joints[end.joints.front()] - joints[kSpineMid];
  return from_trunk.z > 0.1 && std::abs(from_trunk.x) < 0.2 && std::abs(from_trunk.y) < 0.35;
}

/// A third of the noise stays from frame to frame, as trackers smooth.
void add_noise(double factor, Rng& rng, std::vector<Vec3>& joints) {
  constexpr double kKept = 0.33;
  const double fresh = std::sqrt(1 - kKept * kKept);
  std::array<Vec3, kJointCount> error{};
  for (size_t i = 0; i < joints.size(); ++i) {
    const double distance = joints[i].z / 3, sigma = noise_of(i % kJointCount) * factor;
    const Vec3 draw{rng.normal(), rng.normal(), rng.normal()};
    Vec3& e = error[i % kJointCount];
    e = i < kJointCount ? draw : kKept * e + fresh * draw;
    joints[i] = joints[i] + sigma * distance * distance * e;
  }
}

void lose_limb_end(const LimbEnd& end, double factor, Rng& rng, Sighting& sighting) {
  constexpr double kHiddenFactor = 8, kRecoveryRate = 0.15;
  bool is_lost = false;
  // Nothing is lost in the first frame: there is no place yet that it could keep.
  for (size_t at = kJointCount; at < sighting.joints.size(); at += kJointCount) {
    Vec3* now = &sighting.joints[at];
    const Vec3* before = now - kJointCount;
    const double hidden = is_behind_trunk(now, end) ? kHiddenFactor : 1;
    is_lost = is_lost ? rng.uniform() >= kRecoveryRate : rng.uniform() < end.rate * hidden * factor;
    if (!is_lost) continue;
    for (const Joint joint : end.joints) {
      now[joint] = now[end.anchor] + (before[joint] - before[end.anchor]);
      sighting.scores[at + joint] = 0;
    }
  }
}

}  // namespace

DepthCamera::DepthCamera(int64_t setup, int64_t view) {
  const Placement& placement = kPlacements[setup % kSetups];
  const double angle = 45 * kDegree * static_cast<double>(view - 1);
  position_ = {placement.distance_m * std::sin(angle), placement.height_m,
               placement.distance_m * std::cos(angle)};
  const Vec3 target{0, 0.9, 0};
  axes_.z = normalized(target - position_);
  axes_.x = normalized(cross({0, 1, 0}, axes_.z));
  axes_.y = cross(axes_.z, axes_.x);
}

Vec3 DepthCamera::project(const Vec3& point) const { return unrotate(axes_, point - position_); }

Sighting DepthCamera::watch(const Track& track, const SensorFaults& faults, Rng& rng) const {
  Sighting sighting;
  for (const auto& joints : track)
    for (const Vec3& joint : joints) sighting.joints.push_back(project(joint));
  sighting.scores.assign(sighting.joints.size(), 1.0);
  add_noise(faults.noise, rng, sighting.joints);
  for (const LimbEnd& end : limb_ends()) lose_limb_end(end, faults.lost_joints, rng, sighting);
  return sighting;
}

}  // namespace kinegraph::synthetic
