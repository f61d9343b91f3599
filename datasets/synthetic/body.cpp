#include "datasets/synthetic/body.h"

#include <algorithm>

namespace kinegraph::synthetic {
namespace {

/// The bone from `parent` to `joint` in the upright pose with hanging arms, as a share of stature
/// (after the segment lengths of Drillis & Contini 1966).
struct Bone {
  Joint joint, parent;
  Vec3 share;
  double Proportions::*factor;
};

/// Parents before children. The tree of the motion has its root in the pelvis, unlike that of the
/// layout, whose root is the centre of the graph.
constexpr Bone kBones[] = {
    {kSpineMid, kSpineBase, {0, 0.155, 0}, &Proportions::trunk},
    {kSpineShoulder, kSpineMid, {0, 0.135, 0}, &Proportions::trunk},
    {kNeck, kSpineShoulder, {0, 0.04, 0}, &Proportions::trunk},
    {kHead, kNeck, {0, 0.08, 0.01}, &Proportions::trunk},
    {kLeftShoulder, kSpineShoulder, {0.11, -0.01, 0}, &Proportions::shoulders},
    {kLeftElbow, kLeftShoulder, {0, -0.18, 0}, &Proportions::arms},
    {kLeftWrist, kLeftElbow, {0, -0.145, 0}, &Proportions::arms},
    {kLeftHand, kLeftWrist, {0, -0.045, 0}, &Proportions::arms},
    {kLeftHandTip, kLeftHand, {0, -0.05, 0}, &Proportions::arms},
    {kLeftThumb, kLeftHand, {-0.01, -0.01, 0.03}, &Proportions::arms},
    {kRightShoulder, kSpineShoulder, {-0.11, -0.01, 0}, &Proportions::shoulders},
    {kRightElbow, kRightShoulder, {0, -0.18, 0}, &Proportions::arms},
    {kRightWrist, kRightElbow, {0, -0.145, 0}, &Proportions::arms},
    {kRightHand, kRightWrist, {0, -0.045, 0}, &Proportions::arms},
    {kRightHandTip, kRightHand, {0, -0.05, 0}, &Proportions::arms},
    {kRightThumb, kRightHand, {0.01, -0.01, 0.03}, &Proportions::arms},
    {kLeftHip, kSpineBase, {0.05, -0.035, 0}, &Proportions::hips},
    {kLeftKnee, kLeftHip, {0, -0.245, 0}, &Proportions::legs},
    {kLeftAnkle, kLeftKnee, {0, -0.225, 0}, &Proportions::legs},
    {kLeftFoot, kLeftAnkle, {0, -0.035, 0.07}, &Proportions::legs},
    {kRightHip, kSpineBase, {-0.05, -0.035, 0}, &Proportions::hips},
    {kRightKnee, kRightHip, {0, -0.245, 0}, &Proportions::legs},
    {kRightAnkle, kRightKnee, {0, -0.225, 0}, &Proportions::legs},
    {kRightFoot, kRightAnkle, {0, -0.035, 0.07}, &Proportions::legs}};

using BoneRotations = std::array<Rotation, kJointCount>;

/// `side` is 1 for the left arm, whose outside is +x, and -1 for the right one.
void rotate_arm(const Arm& arm, double side, Rotation& upper, Rotation& fore, Rotation& hand) {
  upper = about_x(-arm.swing) * about_z(side * arm.raise) * about_y(side * arm.twist);
  fore = about_x(-arm.elbow);
  hand = about_x(-arm.wrist);
}

void rotate_leg(const Leg& leg, double side, Rotation& thigh, Rotation& shank, Rotation& foot) {
  thigh = about_x(-leg.swing) * about_z(side * leg.spread);
  shank = about_x(leg.knee);
  foot = about_x(leg.swing - leg.knee);  // the sole stays level
}

/// What turns each bone against the bone before it.
BoneRotations bone_rotations(const Pose& pose) {
  BoneRotations local;
  local[kSpineMid] = local[kSpineShoulder] =
      about_y(pose.turn / 2) * about_x(pose.bend / 2) * about_z(-pose.lean / 2);
  local[kHead] = about_y(pose.look) * about_x(pose.nod);
  rotate_arm(pose.left_arm, 1, local[kLeftElbow], local[kLeftWrist], local[kLeftHand]);
  rotate_arm(pose.right_arm, -1, local[kRightElbow], local[kRightWrist], local[kRightHand]);
  rotate_leg(pose.left_leg, 1, local[kLeftKnee], local[kLeftAnkle], local[kLeftFoot]);
  rotate_leg(pose.right_leg, -1, local[kRightKnee], local[kRightAnkle], local[kRightFoot]);
  return local;
}

/// Moves the person so that the feet are where place() promises.
void stand_on_floor(const Pose& pose, JointPositions& joints) {
  const double floor = std::min(
      {joints[kLeftAnkle].y, joints[kLeftFoot].y, joints[kRightAnkle].y, joints[kRightFoot].y});
  const Vec3 stance = 0.5 * (joints[kLeftAnkle] + joints[kRightAnkle]);
  const Vec3 forwards = about_y(pose.yaw) * Vec3{0, 0, pose.progress};
  const Vec3 shift{forwards.x - stance.x, pose.hop - floor, forwards.z - stance.z};
  for (auto& joint : joints) joint = joint + shift;
}

}  // namespace

Body::Body(const Proportions& proportions) {
  for (const Bone& bone : kBones)
    bones_[bone.joint] = proportions.stature_m * (proportions.*bone.factor) * bone.share;
}

JointPositions Body::place(const Pose& pose) const {
  BoneRotations rotations = bone_rotations(pose);
  JointPositions joints;
  rotations[kSpineBase] = about_y(pose.yaw);
  for (const Bone& bone : kBones) {
    rotations[bone.joint] = rotations[bone.parent] * rotations[bone.joint];
    joints[bone.joint] = joints[bone.parent] + rotations[bone.joint] * bones_[bone.joint];
  }
  stand_on_floor(pose, joints);
  return joints;
}

}  // namespace kinegraph::synthetic
