// The people of the made-up data set have bodies: rigid bones, feet on the floor, left and right.
#include <gtest/gtest.h>

#include "datasets/synthetic/depth_camera.h"
#include "tests/support/tiny_experiment.h"

namespace kinegraph::synthetic {
namespace {

double bone_length(const JointPositions& joints, const Skeleton& skeleton, size_t joint) {
  const int64_t parent = skeleton.parents[joint];
  return parent < 0 ? 0 : norm(joints[joint] - joints[static_cast<size_t>(parent)]);
}

Subject subject_number(uint64_t index) {
  Rng rng(1, 0, index);
  return draw_subject(rng);
}

std::vector<Track> performed(const Action& action, uint64_t index) {
  Rng rng(1, 1, index);
  return perform(action, subject_number(index % 5), rng);
}

TEST(SyntheticMotion, BonesOfASubjectKeepTheirLengthInEveryAction) {
  const Skeleton skeleton = shipped_skeleton("ntu25");
  for (uint64_t index = 0; index < 5; ++index) {
    const JointPositions upright = Body(subject_number(index).proportions).place({});
    for (const auto& action : all_actions()) {
      const Track track = performed(action, index).front();
      for (const auto& joints : track)
        for (size_t joint = 0; joint < kJointCount; ++joint)
          ASSERT_NEAR(bone_length(joints, skeleton, joint), bone_length(upright, skeleton, joint),
                      1e-12)
              << action.name << ", " << skeleton.joints[joint];
    }
  }
}

TEST(SyntheticMotion, SubjectsDifferInSizeTempoAndStyle) {
  const Subject a = subject_number(0), b = subject_number(1);
  EXPECT_NE(a.proportions.stature_m, b.proportions.stature_m);
  EXPECT_NE(a.proportions.arms / a.proportions.legs, b.proportions.arms / b.proportions.legs);
  EXPECT_NE(a.cadence, b.cadence);
  EXPECT_NE(a.vigour, b.vigour);
}

TEST(SyntheticMotion, AnUprightBodyHasTheJointsOfTheLayoutInTheirPlaces) {
  const Skeleton skeleton = shipped_skeleton("ntu25");
  const JointPositions joints = Body({}).place({});
  const auto at = [&](const std::string& name) {
    return joints[static_cast<size_t>(skeleton.joint_index(name))];
  };
  for (const auto& [left, right] : skeleton.left_right) {
    const Vec3 a = joints[static_cast<size_t>(left)], b = joints[static_cast<size_t>(right)];
    EXPECT_GT(a.x, 0.05);
    EXPECT_NEAR(norm(a - Vec3{-b.x, b.y, b.z}), 0, 1e-12);
  }
  const std::vector<std::string> downwards{
      "head",       "neck",      "spine_shoulder", "left_shoulder", "left_elbow", "spine_base",
      "left_wrist", "left_hand", "left_hand_tip",  "left_knee",     "left_ankle", "left_foot"};
  for (size_t i = 1; i < downwards.size(); ++i)
    EXPECT_GT(at(downwards[i - 1]).y, at(downwards[i]).y) << downwards[i];
  EXPECT_LT(at("spine_mid").y, at("spine_shoulder").y);
  EXPECT_LT(at("left_thumb").y, at("left_wrist").y);
  EXPECT_NEAR(at("head").y, 1.6, 0.1);
}

TEST(SyntheticMotion, AnglesTurnTheWayTheySay) {
  Pose pose;
  pose.right_arm.swing = pose.left_arm.raise = 90 * kDegree;
  pose.left_arm.elbow = pose.left_arm.twist = 90 * kDegree;
  const JointPositions joints = Body({}).place(pose);
  const Vec3 forwards = joints[kRightElbow] - joints[kRightShoulder];
  EXPECT_NEAR(forwards.z, norm(forwards), 1e-12);
  const Vec3 outwards = joints[kLeftElbow] - joints[kLeftShoulder];
  EXPECT_NEAR(outwards.x, norm(outwards), 1e-12);
  const Vec3 up = joints[kLeftWrist] - joints[kLeftElbow];
  EXPECT_NEAR(up.y, norm(up), 1e-12);
}

TEST(SyntheticMotion, PositiveYawFacesLeft) {
  Pose pose;
  pose.yaw = 90 * kDegree;
  const JointPositions joints = Body({}).place(pose);
  EXPECT_GT(joints[kLeftFoot].x, joints[kLeftAnkle].x + 0.1);
}

TEST(SyntheticMotion, NobodySinksIntoTheFloor) {
  for (const auto& action : all_actions()) {
    const Track track = performed(action, 1).front();
    for (const auto& joints : track) {
      double lowest = 1;
      for (const Vec3& joint : joints) lowest = std::min(lowest, joint.y);
      ASSERT_GE(lowest, -0.15) << action.name;
      ASSERT_LE(lowest, 0.1) << action.name;
    }
  }
}

/// Height of the pelvis, at the end less at the beginning.
double rise(const Track& track) { return track.back()[kSpineBase].y - track.front()[kSpineBase].y; }

const Action& action_named(const std::string& name) {
  for (const auto& action : all_actions())
    if (action.name == name) return action;
  throw std::out_of_range(name);
}

TEST(SyntheticMotion, SittingDownLowersAndStandingUpRaises) {
  for (uint64_t index = 0; index < 10; ++index) {
    EXPECT_LT(rise(performed(action_named("sit down"), index).front()), -0.2);
    EXPECT_GT(rise(performed(action_named("stand up"), index).front()), 0.2);
  }
}

/// Path of a joint relative to its shoulder, in metres.
double path_length(const Track& track, Joint joint, Joint shoulder) {
  double length = 0;
  for (size_t t = 1; t < track.size(); ++t)
    length +=
        norm(track[t][joint] - track[t][shoulder] - track[t - 1][joint] + track[t - 1][shoulder]);
  return length;
}

TEST(SyntheticMotion, TheNamedHandWaves) {
  for (uint64_t index = 0; index < 10; ++index)
    for (const bool is_left : {true, false}) {
      const Track track =
          performed(action_named(is_left ? "wave left hand" : "wave right hand"), index).front();
      const double left = path_length(track, kLeftHand, kLeftShoulder);
      const double right = path_length(track, kRightHand, kRightShoulder);
      EXPECT_GT(is_left ? left : right, 3 * (is_left ? right : left));
    }
}

TEST(SyntheticMotion, PersonsDoNotStandInEachOther) {
  int64_t pairs = 0;
  for (uint64_t index = 0; index < 40; ++index) {
    const auto tracks = performed(action_named("walk"), index);
    if (tracks.size() < 2) continue;
    ++pairs;
    ASSERT_EQ(tracks.size(), 2u);
    ASSERT_EQ(tracks[0].size(), tracks[1].size());
    EXPECT_GT(norm(tracks[0][0][kSpineBase] - tracks[1][0][kSpineBase]), 0.4);
  }
  EXPECT_GT(pairs, 3);
}

TEST(DepthCamera, SeesTheMiddleOfTheRoomAhead) {
  for (int64_t setup = 0; setup < DepthCamera::kSetups; ++setup)
    for (int64_t view = 0; view < DepthCamera::kViews; ++view) {
      const Vec3 seen = DepthCamera(setup, view).project({0, 0.9, 0});
      EXPECT_NEAR(seen.x, 0, 1e-12);
      EXPECT_NEAR(seen.y, 0, 1e-12);
      EXPECT_GT(seen.z, 2.5);
    }
}

TEST(DepthCamera, MiddleViewMirrorsNothing) {
  const DepthCamera camera(0, 1);
  EXPECT_GT(camera.project({0, 1.9, 0}).y, 0.5);
  // A left hand of somebody who faces the camera is on the camera's right.
  EXPECT_LT(camera.project({0.5, 0.9, 0}).x, -0.4);
  EXPECT_LT(camera.project({0, 0.9, 0.5}).z, camera.project({0, 0.9, 0}).z);
}

TEST(DepthCamera, ViewsAreFortyFiveDegreesApart) {
  const Vec3 step{1, 0, 0};
  for (int64_t view = 0; view < 2; ++view) {
    const auto seen = [&](int64_t which) {
      const DepthCamera camera(0, which);
      const Vec3 moved = camera.project(step) - camera.project({});
      return std::atan2(norm({0, moved.y, moved.z}) * (moved.z < 0 ? -1 : 1), moved.x);
    };
    EXPECT_NEAR(std::abs(std::remainder(seen(view + 1) - seen(view), kTurn)), 45 * kDegree, 1e-9);
  }
}

TEST(DepthCamera, WithoutFaultsGivesTheProjection) {
  const Track track = performed(action_named("jog"), 0).front();
  const DepthCamera camera(1, 0);
  Rng rng(1, 2, 0);
  const Sighting sighting = camera.watch(track, {0, 0}, rng);
  ASSERT_EQ(sighting.joints.size(), track.size() * kJointCount);
  for (size_t i = 0; i < sighting.joints.size(); ++i)
    ASSERT_EQ(norm(sighting.joints[i] - camera.project(track[i / kJointCount][i % kJointCount])),
              0);
  EXPECT_EQ(sighting.scores, std::vector<double>(sighting.joints.size(), 1.0));
}

TEST(DepthCamera, NoiseIsOfCentimetres) {
  const Track track = performed(action_named("jog"), 0).front();
  const DepthCamera camera(1, 1);
  Rng rng(1, 2, 0);
  const Sighting sighting = camera.watch(track, {1, 0}, rng);
  double squares = 0;
  for (size_t i = 0; i < sighting.joints.size(); ++i) {
    const Vec3 truth = camera.project(track[i / kJointCount][i % kJointCount]);
    squares += dot(sighting.joints[i] - truth, sighting.joints[i] - truth) / 3;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(sighting.joints.size()));
  EXPECT_GT(deviation, 0.008);
  EXPECT_LT(deviation, 0.03);
}

TEST(DepthCamera, ALostHandKeepsItsPlaceRelativeToTheElbow) {
  const Track track = performed(action_named("walk"), 3).front();
  Rng rng(1, 2, 0);
  const Sighting seen = DepthCamera(0, 1).watch(track, {1, 1000}, rng);
  int64_t lost = 0;
  for (size_t at = kJointCount; at < seen.joints.size(); at += kJointCount) {
    if (seen.scores[at + kLeftHand] == 1) continue;
    ++lost;
    const Vec3 now = seen.joints[at + kLeftHand] - seen.joints[at + kLeftElbow];
    const size_t before = at - kJointCount;
    const Vec3 last = seen.joints[before + kLeftHand] - seen.joints[before + kLeftElbow];
    EXPECT_NEAR(norm(now - last), 0, 1e-12);
  }
  EXPECT_GT(lost, 10);
}

}  // namespace
}  // namespace kinegraph::synthetic
