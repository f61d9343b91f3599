#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Integers frames_after(const std::string& options, int64_t frames, uint64_t seed = 1) {
  return transformed("{type: sample_frames, " + options + "}", counting_clip(frames), seed)
      .frame_indices;
}

TEST(SampleFrames, TestClipsBeginInTheMiddleOfEqualParts) {
  // 40 - 6 + 1 = 35 places, parts of 35 / 3.
  EXPECT_EQ(frames_after("clip_length: 3, frame_interval: 2, num_clips: 3, mode: test", 40),
            (Integers{5, 7, 9, 17, 19, 21, 29, 31, 33}));
}

TEST(SampleFrames, TwiceAsManyTestClipsBeginEachPartToo) {
  const std::string options = "clip_length: 1, num_clips: 2, mode: test, twice_sample: true";
  EXPECT_EQ(frames_after(options, 10), (Integers{2, 7, 0, 5}));
  EXPECT_EQ(transformed("{type: sample_frames, " + options + "}", counting_clip(10)).num_clips, 4);
}

TEST(SampleFrames, Mmaction2SpreadsTestClipsFromTheFirstFrameToTheLast) {
  const std::string step = "{type: sample_frames, mode: test, compat: mmaction2, clip_length: 2, ";
  EXPECT_EQ(values_after(step + "num_clips: 3}", counting_clip(8)), (Doubles{0, 1, 3, 4, 6, 7}));
  EXPECT_EQ(values_after(step + "num_clips: 1}", counting_clip(8)), (Doubles{3, 4}));
}

TEST(SampleFrames, FramesBeyondTheEndWrapAround) {
  EXPECT_EQ(frames_after("clip_length: 5, mode: test", 3), (Integers{0, 1, 2, 0, 1}));
}

TEST(SampleFrames, FramesBeyondTheEndCanRepeatTheLast) {
  EXPECT_EQ(
      frames_after("clip_length: 4, frame_interval: 2, mode: test, out_of_bound: repeat_last", 4),
      (Integers{0, 2, 2, 2}));
}

TEST(SampleFrames, TrainingClipsBeginWithinTheirPart) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Integers frames = frames_after("clip_length: 2, num_clips: 3", 31, seed);
    for (int64_t clip = 0; clip < 3; ++clip) {
      const int64_t first = frames[static_cast<size_t>(2 * clip)];
      EXPECT_GE(first, 10 * clip);
      EXPECT_LT(first, 10 * (clip + 1));
      EXPECT_EQ(frames[static_cast<size_t>(2 * clip + 1)], first + 1);
    }
  }
}

TEST(SampleFrames, MoreTrainingClipsThanPlacesAreSpread) {
  // 4 - 3 + 1 = 2 places for 4 clips: 0, 0.5, 1, 1.5, halves to even.
  EXPECT_EQ(frames_after("clip_length: 3, num_clips: 4", 4),
            (Integers{0, 1, 2, 0, 1, 2, 1, 2, 3, 2, 3, 0}));
}

TEST(SampleFrames, KeepTailFramesUsesTheWholeClip) {
  int64_t last = 0;
  for (uint64_t seed = 0; seed < 200; ++seed)
    last = std::max(
        last,
        frames_after("clip_length: 1, num_clips: 3, keep_tail_frames: true", 11, seed).back());
  EXPECT_EQ(last, 10);  // parts of 3 frames would end with frame 8
}

TEST(SampleFrames, JitterStaysWithinTheInterval) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Integers frames = frames_after(
        "clip_length: 5, frame_interval: 4, mode: test, temporal_jitter: true", 20, seed);
    for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(frames[static_cast<size_t>(i)] / 4, i);
  }
}

TEST(SampleFrames, RefusesASampledClip) {
  Sample clip = counting_clip(4);
  clip.num_clips = 2;
  EXPECT_EQ(
      thrown_message<DataError>([&] { transformed("sample_frames", clip); }),
      "clip toy: sample_frames: 4 frames, 2 test clips; expected a whole clip of at least one "
      "frame\n  Choose frames in one step of the pipeline.");
}

}  // namespace
}  // namespace kinegraph
