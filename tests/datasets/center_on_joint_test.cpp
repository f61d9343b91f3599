#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(CenterOnJoint, SubtractsTheJointOfFrameZeroFromEveryJointOfEveryFrame) {
  const Sample clip = toy_clip(1, 2, 3, 2, {1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31});
  EXPECT_EQ(values_after("{type: center_on_joint, joint: knee}", clip),
            (Doubles{-2, -3, 0, 0, 4, 6, 10, 12, 16, 18, 26, 26}));
}

TEST(CenterOnJoint, TakesTheOriginFromTheFrameOfTheOption) {
  const Sample clip = toy_clip(1, 2, 3, 1, {1, 2, 3, 10, 20, 40});
  EXPECT_EQ(values_after("{type: center_on_joint, joint: foot, frame: 1}", clip),
            (Doubles{-39, -38, -37, -30, -20, 0}));
}

TEST(CenterOnJoint, TakesTheOriginFromTheFirstPerson) {
  const Sample clip = toy_clip(2, 1, 3, 1, {1, 2, 3, 100, 200, 300});
  EXPECT_EQ(values_after("{type: center_on_joint, joint: hip}", clip),
            (Doubles{0, 1, 2, 99, 199, 299}));
}

TEST(CenterOnJoint, LeavesAPersonWhoIsNotThereAtZero) {
  const Sample clip = toy_clip(3, 2, 3, 1, {1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7});
  EXPECT_EQ(values_after("{type: center_on_joint, joint: hip}", clip),
            (Doubles{0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, 6}));
}

TEST(CenterOnJoint, KeepsMissingJointsAndFramesAtZeroWhereAsked) {
  const Sample clip = toy_clip(2, 2, 3, 1,
                               {0, 0, 0, 4, 0, 6,  // the first person comes in the second frame
                                1, 2, 3, 0, 0, 0});
  EXPECT_EQ(values_after("{type: center_on_joint, joint: hip, keep_missing: true}", clip),
            (Doubles{0, 0, 0, 0, 0, 2, -3, -2, -1, 0, 0, 0}));
}

TEST(CenterOnJoint, LeavesAClipWithoutItsFirstPersonWhereItIsIfMissingJointsStay) {
  const Sample clip = toy_clip(2, 1, 3, 1, {0, 0, 0, 1, 2, 3});
  EXPECT_EQ(values_after("{type: center_on_joint, joint: hip, keep_missing: true}", clip),
            (Doubles{0, 0, 0, 1, 2, 3}));
}

TEST(CenterOnJoint, KeepsScoresAndFrameIndices) {
  Sample clip = toy_clip(1, 1, 3, 1, {1, 2, 3});
  clip.scores = {0.5, 0.25, 1};
  clip.frame_indices = {7};
  const Sample centred = transformed("{type: center_on_joint, joint: hip}", clip);
  EXPECT_EQ(centred.scores, clip.scores);
  EXPECT_EQ(centred.frame_indices, clip.frame_indices);
}

TEST(CenterOnJoint, RefusesAClipWithoutTheFrame) {
  const Sample clip = toy_clip(1, 2, 3, 1, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(thrown_message<DataError>(
                [&] { transformed("{type: center_on_joint, joint: hip, frame: 2}", clip); }),
            "clip toy: center_on_joint: no frame 2 in 1x2x3x1 (M,T,V,C); expected a clip that has "
            "it\n  Correct the step's 'frame'.");
}

TEST(CenterOnJoint, RefusesAClipWithoutPersons) {
  const Sample clip = toy_clip(0, 2, 3, 1, {});
  EXPECT_EQ(
      thrown_message<DataError>([&] { transformed("{type: center_on_joint, joint: hip}", clip); }),
      "clip toy: center_on_joint: no frame 0 in 0x2x3x1 (M,T,V,C); expected a clip that has "
      "it\n  Correct the step's 'frame'.");
}

TEST(CenterOnJoint, RefusesAJointThatTheSkeletonHasNot) {
  EXPECT_EQ(
      thrown_message<ConfigError>([] { make_pipeline("[{type: center_on_joint, joint: kne}]"); }),
      "skeleton 'leg': no joint 'kne'; did you mean 'knee'?; expected one of: hip, knee, "
      "foot");
}

TEST(CenterOnJoint, ReportsFaultyOptionsInFull) {
  EXPECT_EQ(thrown_message<ConfigError>([] { pipeline_steps("[{type: center_on_joint}]"); }),
            "c.yaml:1:2: missing key 'joint' in transform 'center_on_joint'");
  EXPECT_EQ(thrown_message<ConfigError>([] {
              pipeline_steps("[{type: center_on_joint, joint: hip, frame: -1, joints: 2}]");
            }),
            "c.yaml:1:45: 'frame' is -1; expected >= 0\n"
            "c.yaml:1:49: unknown key 'joints' in transform 'center_on_joint'; did you mean "
            "'joint'?\n  known keys: joint, frame, keep_missing");
}

}  // namespace
}  // namespace kinegraph
