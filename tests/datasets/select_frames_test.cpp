#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Integers frames_after(const std::string& step, int64_t frames, uint64_t index = 0) {
  return transformed(step, counting_clip(frames), 1, index).frame_indices;
}

Integers drawn(int64_t num_frames, int64_t available, uint64_t index = 0) {
  return frames_after(
      fmt::format("{{type: select_frames, rule: random, num_frames: {}}}", num_frames), available,
      index);
}

/// How often each frame occurs.
std::map<int64_t, int64_t> counts_of(const Integers& frames) {
  std::map<int64_t, int64_t> counts;
  for (const int64_t frame : frames) ++counts[frame];
  return counts;
}

/// numpy.linspace(0, T - 1, 52).astype(int), as in the published feeder.
Integers numpy_linspace(int64_t frames) {
  Integers expected;
  for (int i = 0; i < 51; ++i)
    expected.push_back(
        static_cast<int64_t>(std::trunc(i * (static_cast<double>(frames - 1) / 51))));
  expected.push_back(frames - 1);
  return expected;
}

TEST(SelectFrames, LinspaceFollowsTheFormulaForEveryLengthUpTo256) {
  for (int64_t frames = 1; frames <= 256; ++frames)
    EXPECT_EQ(frames_after("select_frames", frames), numpy_linspace(frames)) << frames << " frames";
}

TEST(SelectFrames, LinspaceTruncatesTheDoubleWhereWholeNumbersWouldGiveOneLess) {
  EXPECT_EQ(27 * 221 / 51, 117);
  EXPECT_EQ(frames_after("select_frames", 222)[27], 116);
}

TEST(SelectFrames, LinspaceRepeatsTheFramesOfAShortClip) {
  EXPECT_EQ(counts_of(frames_after("select_frames", 6)),
            (std::map<int64_t, int64_t>{{0, 11}, {1, 10}, {2, 10}, {3, 10}, {4, 10}, {5, 1}}));
}

TEST(SelectFrames, OfAClipOfTheSameLengthLinspaceTakesEveryFrameOnce) {
  const Integers frames = frames_after("select_frames", 52);
  for (int64_t t = 0; t < 52; ++t) EXPECT_EQ(frames[static_cast<size_t>(t)], t);
}

TEST(SelectFrames, LinspaceToOneFrameTakesTheFirst) {
  EXPECT_EQ(frames_after("{type: select_frames, num_frames: 1}", 9), (Integers{0}));
}

TEST(SelectFrames, AOneFrameClipIsThatFrameAllAlong) {
  EXPECT_EQ(frames_after("select_frames", 1), Integers(52, 0));
  EXPECT_EQ(drawn(52, 1), Integers(52, 0));
}

TEST(SelectFrames, KeypointsAndScoresOfAllPersonsFollowTheFrames) {
  Sample clip = toy_clip(2, 3, 1, 2, {1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60});
  clip.scores = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  const Sample picked =
      transformed("{type: select_frames, rule: listed, frames: [2, 0, 2, 2]}", clip);
  EXPECT_EQ(picked.keypoints.shape_text(), "2x4x1x2 (M,T,V,C)");
  EXPECT_EQ(picked.keypoints.values,
            (Doubles{5, 6, 1, 2, 5, 6, 5, 6, 50, 60, 10, 20, 50, 60, 50, 60}));
  EXPECT_EQ(picked.scores, (Doubles{0.3, 0.1, 0.3, 0.3, 0.6, 0.4, 0.6, 0.6}));
  EXPECT_EQ(picked.frame_indices, (Integers{2, 0, 2, 2}));
}

TEST(SelectFrames, AnAbsentPersonStaysAbsent) {
  EXPECT_EQ(
      values_after("{type: select_frames, num_frames: 3}", toy_clip(2, 2, 1, 1, {7, 8, 0, 0})),
      (Doubles{7, 7, 8, 0, 0, 0}));
}

TEST(SelectFrames, FrameIndicesOfASecondChoiceStillNameSourceFrames) {
  Sample clip = counting_clip(100);
  clip = transformed("{type: select_frames, rule: listed, frames: [10, 40, 90]}", clip);
  clip = transformed("{type: select_frames, rule: listed, frames: [2, 0]}", clip);
  EXPECT_EQ(clip.frame_indices, (Integers{90, 10}));
  EXPECT_EQ(clip.keypoints.values, (Doubles{90, 10}));
}

TEST(SelectFrames, FurtherInputsFollowTheFrames) {
  Rng rng(1, 0, 0);
  Sample clip = toy_clip(1, 3, 3, 1, {0, 0, 0, 1, 2, 3, 5, 7, 9});
  make_pipeline(
      "[{type: stream, kind: joint_motion, output: motion},"
      " {type: select_frames, rule: listed, frames: [1, 0]}]")
      .apply(clip, rng);
  EXPECT_EQ(clip.extra_input("motion").shape_text(), "1x2x3x1 (M,T,V,C)");
  EXPECT_EQ(clip.extra_input("motion").values, (Doubles{4, 5, 6, 1, 2, 3}));
}

TEST(SelectFrames, RandomFramesAreSortedAndOfTheClip) {
  for (uint64_t index = 0; index < 200; ++index) {
    const Integers frames = drawn(52, 1 + static_cast<int64_t>(index), index);
    EXPECT_EQ(frames.size(), 52U);
    EXPECT_TRUE(std::is_sorted(frames.begin(), frames.end()));
    EXPECT_GE(frames.front(), 0);
    EXPECT_LE(frames.back(), static_cast<int64_t>(index));
  }
}

TEST(SelectFrames, RandomTakesAFrameAtMostAHundredTimes) {
  for (const auto& [frame, count] : counts_of(drawn(299, 3))) EXPECT_GE(count, 99) << frame;
  EXPECT_EQ(counts_of(drawn(300, 3)), (std::map<int64_t, int64_t>{{0, 100}, {1, 100}, {2, 100}}));
}

TEST(SelectFrames, RandomTakesAllFramesEquallyOften) {
  std::map<int64_t, int64_t> counts;
  for (uint64_t index = 0; index < 2000; ++index)
    for (const int64_t frame : drawn(10, 20, index)) ++counts[frame];
  ASSERT_EQ(counts.size(), 20U);
  for (const auto& [frame, count] : counts) EXPECT_NEAR(count, 1000, 160) << "frame " << frame;
}

// Without replacement from 2 x 100 cards, the share of frame 0 in 150 cards varies less than in 150
// independent draws: hypergeometric variance 150/4 * 50/199 = 9.4 instead of 37.5.
TEST(SelectFrames, RandomDrawsWithoutReplacement) {
  double sum = 0, squares = 0;
  constexpr int kTrials = 1000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto zeros =
        static_cast<double>(counts_of(drawn(150, 2, static_cast<uint64_t>(trial)))[0]);
    sum += zeros;
    squares += zeros * zeros;
  }
  const double mean = sum / kTrials;
  EXPECT_NEAR(mean, 75, 0.5);
  EXPECT_NEAR(squares / kTrials - mean * mean, 9.4, 1.5);
}

TEST(SelectFrames, RandomDrawsTheSameForTheSameIndexOnly) {
  EXPECT_EQ(drawn(52, 100, 3), drawn(52, 100, 3));
  EXPECT_NE(drawn(52, 100, 3), drawn(52, 100, 4));
}

TEST(SelectFrames, RefusesMoreFramesThanRandomCanGive) {
  EXPECT_EQ(thrown_message<DataError>([] { drawn(301, 3); }),
            "clip toy: select_frames: 301 of 3 frames; expected at most each frame 100 times\n"
            "  Lower 'num_frames', or use the rule linspace.");
}

TEST(SelectFrames, RefusesAListedFrameThatTheClipHasNot) {
  EXPECT_EQ(thrown_message<DataError>(
                [] { frames_after("{type: select_frames, rule: listed, frames: [0, 3]}", 3); }),
            "clip toy: select_frames: frame 3 of 3; expected frames that the clip has\n"
            "  Correct 'frames'.");
}

TEST(SelectFrames, RefusesAClipWithoutFrames) {
  EXPECT_EQ(thrown_message<DataError>([] { frames_after("select_frames", 0); }),
            "clip toy: no frames; expected at least one\n  Drop the clip.");
}

TEST(SelectFrames, RefusesTestClipsThatAreChosenAlready) {
  Sample clip = counting_clip(4);
  clip.num_clips = 2;
  EXPECT_EQ(thrown_message<DataError>([&] { transformed("select_frames", clip); }),
            "clip toy: select_frames: 2 test clips; expected the whole clip\n"
            "  Choose frames in one step of the pipeline.");
}

TEST(SelectFrames, TheRuleListedNeedsFrames) {
  EXPECT_EQ(
      thrown_message<ConfigError>([] { make_pipeline("[{type: select_frames, rule: listed}]"); }),
      "select_frames: the rule 'listed' needs 'frames'");
}

TEST(SelectFrames, ReportsFaultyOptionsInFull) {
  EXPECT_EQ(thrown_message<ConfigError>([] {
              pipeline_steps("[{type: select_frames, num_frames: 0, rule: rando, frames: [-1]}]");
            }),
            "c.yaml:1:36: 'num_frames' is 0; expected 1..100000\n"
            "c.yaml:1:45: 'rule' is 'rando'; did you mean 'random'?\n"
            "  expected one of: linspace, random, listed\n"
            "c.yaml:1:60: 'frames' is -1; expected >= 0");
}

}  // namespace
}  // namespace kinegraph
