#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// Three frames of hip, knee, foot with one coordinate.
Sample walking_leg() { return toy_clip(1, 3, 3, 1, {1, 3, 7, 2, 5, 11, 4, 4, 4}); }

TEST(Stream, JointChangesNothing) {
  EXPECT_EQ(values_after("stream", walking_leg()), walking_leg().keypoints.values);
}

TEST(Stream, ABoneIsTheJointMinusItsParentAndZeroAtTheRoot) {
  EXPECT_EQ(values_after("{type: stream, kind: bone}", walking_leg()),
            (Doubles{0, 2, 4, 0, 3, 6, 0, 0, 0}));
}

TEST(Stream, TheRootMayBeAnyJoint) {
  const Skeleton skeleton = Skeleton::parse(
      "name: arms\njoints: [left, neck, right]\nbones: [[left, neck], [right, neck]]\n"
      "center: neck\n",
      "arms.yaml");
  Rng rng(1, 0, 0);
  Sample clip = toy_clip(1, 1, 3, 1, {1, 5, 7});
  make_pipeline("[{type: stream, kind: bone}]", skeleton).apply(clip, rng);
  EXPECT_EQ(clip.keypoints.values, (Doubles{-4, 0, 2}));
}

TEST(Stream, MotionIsTheNextFrameMinusThisOneAndZeroInTheLast) {
  EXPECT_EQ(values_after("{type: stream, kind: joint_motion}", walking_leg()),
            (Doubles{1, 2, 4, 2, -1, -7, 0, 0, 0}));
}

TEST(Stream, BoneMotionIsTheMotionOfTheBones) {
  EXPECT_EQ(values_after("{type: stream, kind: bone_motion}", walking_leg()),
            (Doubles{0, 1, 2, 0, -3, -6, 0, 0, 0}));
}

TEST(Stream, TreatsEachChannelForItself) {
  const Sample clip = toy_clip(1, 1, 3, 2, {1, 10, 2, 30, 5, 60});
  EXPECT_EQ(values_after("{type: stream, kind: bone}", clip), (Doubles{0, 0, 1, 20, 3, 30}));
}

TEST(Stream, TreatsEachPersonForItself) {
  const Sample clip = toy_clip(2, 2, 3, 1, {1, 2, 3, 2, 4, 6, 10, 10, 10, 0, 20, 50});
  EXPECT_EQ(values_after("{type: stream, kind: joint_motion}", clip),
            (Doubles{1, 2, 3, 0, 0, 0, -10, 10, 40, 0, 0, 0}));
  EXPECT_EQ(values_after("{type: stream, kind: bone}", clip),
            (Doubles{0, 1, 1, 0, 2, 2, 0, 0, 0, 0, 20, 30}));
}

TEST(Stream, AnAbsentPersonStaysZero) {
  const Sample clip = toy_clip(2, 2, 3, 1, {1, 2, 3, 4, 6, 8, 0, 0, 0, 0, 0, 0});
  for (const std::string kind : {"bone", "joint_motion", "bone_motion"}) {
    const Doubles values = values_after("{type: stream, kind: " + kind + "}", clip);
    EXPECT_EQ(Doubles(values.begin() + 6, values.end()), Doubles(6, 0)) << kind;
  }
}

TEST(Stream, MotionOfAOneFrameClipIsZero) {
  const Sample clip = toy_clip(1, 1, 3, 1, {1, 2, 3});
  EXPECT_EQ(values_after("{type: stream, kind: joint_motion}", clip), (Doubles{0, 0, 0}));
}

TEST(Stream, MotionEndsWithEachTestClip) {
  Sample clip = toy_clip(1, 4, 3, 1, {1, 2, 3, 2, 4, 6, 100, 100, 100, 103, 102, 101});
  clip.num_clips = 2;
  EXPECT_EQ(values_after("{type: stream, kind: joint_motion}", clip),
            (Doubles{1, 2, 3, 0, 0, 0, 3, 2, 1, 0, 0, 0}));
}

TEST(Stream, MotionIsZeroInTestClipsOfOneFrame) {
  Sample clip = walking_leg();
  clip.num_clips = 3;
  EXPECT_EQ(values_after("{type: stream, kind: joint_motion}", clip), Doubles(9, 0));
}

TEST(Stream, WithAnOutputKeepsTheKeypointsAndAddsAnInput) {
  Sample made = transformed("{type: stream, kind: bone, output: bones}", walking_leg());
  EXPECT_EQ(made.keypoints.values, walking_leg().keypoints.values);
  ASSERT_EQ(made.extra_inputs.size(), 1U);
  EXPECT_EQ(made.extra_inputs[0].first, "bones");
  EXPECT_EQ(made.extra_input("bones").values, (Doubles{0, 2, 4, 0, 3, 6, 0, 0, 0}));
}

TEST(Stream, TwoOutputsStandSideBySide) {
  Rng rng(1, 0, 0);
  Sample clip = walking_leg();
  make_pipeline(
      "[{type: stream, kind: bone, output: bones},"
      " {type: stream, kind: joint_motion, output: motion}]")
      .apply(clip, rng);
  EXPECT_EQ(clip.extra_input("bones").values, (Doubles{0, 2, 4, 0, 3, 6, 0, 0, 0}));
  EXPECT_EQ(clip.extra_input("motion").values, (Doubles{1, 2, 4, 2, -1, -7, 0, 0, 0}));
}

TEST(Stream, RefusesKeypointsOfAnotherSkeleton) {
  EXPECT_EQ(thrown_message<DataError>([] { transformed("stream", counting_clip(2)); }),
            "clip toy: stream: keypoints 1x2x1x1 (M,T,V,C); expected the 3 joints of leg");
}

TEST(Stream, RefusesAnOutputOfTheNameOfItsSource) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: stream, kind: bone, output: keypoints}]"); }),
            "stream: the output 'keypoints' is what the stream is made from; leave 'output' out to "
            "replace it, or choose another name");
}

TEST(Stream, SeveralKindsAreMergedAlongTheChannels) {
  const Sample merged =
      transformed("{type: stream, kinds: [joint_motion, joint, bone]}", walking_leg());
  EXPECT_EQ(merged.keypoints.shape_text(), "1x3x3x3 (M,T,V,C)");
  EXPECT_EQ(merged.keypoints.values, (Doubles{1, 1,  0,  2, 3, 2, 4, 7, 4, 2, 2, 0, -1, 5,
                                              3, -7, 11, 6, 0, 4, 0, 0, 4, 0, 0, 4, 0}));
}

TEST(Stream, SeveralKindsCanBeAFurtherInput) {
  Sample clip = transformed("{type: stream, kinds: [joint, bone], output: both}", walking_leg());
  EXPECT_EQ(clip.keypoints.values, walking_leg().keypoints.values);
  EXPECT_EQ(clip.extra_input("both").channels, 2);
}

/// Hip, knee, foot at x, y with their scores.
Sample scored_leg() {
  Sample clip = toy_clip(1, 2, 3, 2, {1, 2, 4, 6, 5, 9, 1, 3, 4, 7, 5, 8});
  clip.scores = {0.5, 1, 0.25, 1, 0, 0.75};
  return clip;
}

TEST(Stream, TheScoreOfABoneIsTheMeanOfBothJoints) {
  EXPECT_EQ(values_after("{type: stream, kind: bone}", scored_leg()),
            (Doubles{0, 0, 0.5, 3, 4, 0.75, 1, 3, 0.625, 0, 0, 1, 3, 4, 0.5, 1, 1, 0.375}));
}

TEST(Stream, TheScoreOfAMotionIsTheMeanOfBothFrames) {
  EXPECT_EQ(values_after("{type: stream, kind: joint_motion}", scored_leg()),
            (Doubles{0, 1, 0.75, 0, 1, 0.5, 0, -1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Stream, ScoresCanBeDifferencesToo) {
  EXPECT_EQ(values_after("{type: stream, kind: bone, score_channel: difference}", scored_leg()),
            (Doubles{0, 0, 0, 3, 4, 0.5, 1, 3, -0.75, 0, 0, 0, 3, 4, -1, 1, 1, 0.75}));
}

TEST(Stream, CompatRoundsToThePrecisionOfTheData) {
  Sample clip = toy_clip(1, 1, 3, 1, {0.0999755859375, 1000, 1000});
  clip.precision = Precision::float16;
  EXPECT_EQ(values_after("{type: stream, kind: bone}", clip)[1], 1000 - 0.0999755859375);
  EXPECT_EQ(values_after("{type: stream, kind: bone, compat: pyskl}", clip)[1], 1000);
  clip.precision = Precision::float64;
  EXPECT_EQ(values_after("{type: stream, kind: bone, compat: pyskl}", clip)[1],
            static_cast<double>(static_cast<float>(1000 - 0.0999755859375)));
}

TEST(Stream, RefusesKindAndKindsTogether) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: stream, kind: bone, kinds: [joint]}]"); }),
            "stream: give 'kind' or 'kinds', not both");
}

TEST(Stream, ReportsFaultyOptionsInFull) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { pipeline_steps("[{type: stream, kind: bones, outputs: x}]"); }),
            "c.yaml:1:23: 'kind' is 'bones'; did you mean 'bone'?\n"
            "  expected one of: joint, bone, joint_motion, bone_motion\n"
            "c.yaml:1:30: unknown key 'outputs' in transform 'stream'; did you mean 'output'?\n"
            "  known keys: kind, kinds, score_channel, output, compat");
}

}  // namespace
}  // namespace kinegraph
