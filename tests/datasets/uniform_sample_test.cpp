#include <gtest/gtest.h>

#include <set>

#include "framework/base/error.h"
#include "framework/base/numpy_random.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Integers frames_after(const std::string& options, int64_t frames, uint64_t seed = 1) {
  return transformed("{type: uniform_sample, " + options + "}", counting_clip(frames), seed)
      .frame_indices;
}

// The frames of the next three tests are those of the published code for seed 255.

TEST(UniformSample, GivesTheTestClipsOfPyskl) {
  const std::string options = "clip_length: 8, num_clips: 2, mode: test, compat: pyskl";
  EXPECT_EQ(frames_after(options, 5), (Integers{0, 1, 2, 3, 4, 0, 1, 2, 2, 3, 4, 0, 1, 2, 3, 4}));
  EXPECT_EQ(frames_after(options, 12),
            (Integers{0, 1, 3, 5, 7, 8, 9, 10, 1, 2, 4, 6, 7, 9, 10, 11}));
  EXPECT_EQ(frames_after(options, 20),
            (Integers{1, 3, 5, 8, 11, 12, 16, 18, 1, 2, 5, 9, 11, 13, 15, 17}));
}

TEST(UniformSample, GivesTheTestClipsOfMmaction2) {
  const std::string options = "clip_length: 8, num_clips: 2, mode: test, compat: mmaction2";
  EXPECT_EQ(frames_after(options, 12),
            (Integers{0, 1, 3, 4, 6, 7, 9, 10, 0, 1, 2, 4, 5, 7, 9, 11}));
  EXPECT_EQ(frames_after(options, 20),
            (Integers{1, 3, 6, 8, 10, 13, 16, 17, 1, 3, 5, 7, 11, 12, 15, 19}));
}

TEST(UniformSample, DrawsTrainingClipsInTheOrderOfThePublishedCode) {
  const auto drawn = [](const std::string& compat, int64_t frames) {
    Sample clip = counting_clip(frames);
    NumpyRandom random(0);
    make_pipeline("[{type: uniform_sample, clip_length: 8, compat: " + compat + "}]")
        .apply(clip, random);
    return clip.frame_indices;
  };
  EXPECT_EQ(drawn("pyskl", 5), (Integers{0, 1, 2, 3, 4, 0, 1, 2}));
  EXPECT_EQ(drawn("mmaction2", 5), (Integers{4, 0, 1, 2, 3, 4, 0, 1}));
  EXPECT_EQ(drawn("pyskl", 12), (Integers{0, 2, 4, 5, 7, 8, 9, 11}));
  EXPECT_EQ(drawn("pyskl", 20), (Integers{1, 2, 6, 8, 11, 13, 15, 17}));
  EXPECT_EQ(drawn("mmaction2", 20), (Integers{0, 3, 5, 8, 11, 13, 15, 17}));
}

TEST(UniformSample, TakesOneFrameFromEachPart) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Integers frames = frames_after("clip_length: 10", 45, seed);
    ASSERT_EQ(frames.size(), 10u);
    for (int64_t k = 0; k < 10; ++k) {
      EXPECT_GE(frames[static_cast<size_t>(k)], k * 45 / 10);
      EXPECT_LT(frames[static_cast<size_t>(k)], (k + 1) * 45 / 10);
    }
  }
}

TEST(UniformSample, SkipsTheSurplusOfAClipBelowTwiceTheLength) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Integers frames = frames_after("clip_length: 10", 13, seed);
    ASSERT_EQ(frames.size(), 10u);
    for (size_t k = 1; k < 10; ++k) EXPECT_GT(frames[k], frames[k - 1]);
    EXPECT_LT(frames.back(), 13);
  }
}

TEST(UniformSample, AWindowLiesWithinTheClip) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Integers frames = frames_after("clip_length: 10, p_interval: [0.3, 0.3]", 50, seed);
    EXPECT_LT(frames.back() - frames.front(), 15);
    EXPECT_GE(frames.front(), 0);
    EXPECT_LT(frames.back(), 50);
  }
}

TEST(UniformSample, AShortWindowWrapsWithinItself) {
  const Integers frames = frames_after("clip_length: 20, p_interval: [0.5, 0.5]", 10);
  EXPECT_EQ(std::set<int64_t>(frames.begin(), frames.end()).size(), 5u);
}

TEST(UniformSample, TestClipsDependOnTheNumberOfFramesAlone) {
  const std::string options = "clip_length: 10, num_clips: 3, mode: test";
  EXPECT_EQ(frames_after(options, 45, 1), frames_after(options, 45, 2));
  EXPECT_NE(frames_after(options, 45), frames_after(options + ", seed: 1", 45));
}

TEST(UniformSample, TrainingClipsDependOnTheDraws) {
  EXPECT_NE(frames_after("clip_length: 10", 45, 1), frames_after("clip_length: 10", 45, 2));
}

TEST(UniformSample, GathersTheFramesAndSetsTheNumberOfClips) {
  const Sample clip =
      transformed("{type: uniform_sample, clip_length: 4, num_clips: 3}", counting_clip(30));
  EXPECT_EQ(clip.num_clips, 3);
  EXPECT_EQ(clip.keypoints.values, Doubles(clip.frame_indices.begin(), clip.frame_indices.end()));
}

TEST(UniformSample, RefusesASampledClip) {
  Sample clip = counting_clip(4);
  clip.num_clips = 2;
  EXPECT_EQ(thrown_message<DataError>([&] { transformed("uniform_sample", clip); }),
            "clip toy: uniform_sample: 4 frames, 2 test clips; expected a whole clip of at least "
            "one frame\n  Choose frames in one step of the pipeline.");
}

TEST(UniformSample, AnEmptyWindowIsAnErrorOfPysklAlone) {
  const std::string options = "clip_length: 8, p_interval: [0.5, 0.5]";
  EXPECT_EQ(frames_after(options, 1), Integers(8, 0));
  EXPECT_EQ(
      thrown_message<DataError>([&] { frames_after(options + ", compat: pyskl", 1); }),
      "clip toy: uniform_sample: a window of 0 of 1 frames; expected a window of at least one "
      "frame\n  Use compat: none, or raise 'p_interval'.");
}

TEST(UniformSample, RefusesFaultyIntervals) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: uniform_sample, p_interval: [1, 0.5]}]"); }),
            "uniform_sample: 'p_interval' is [lowest, highest], highest above 0");
  EXPECT_EQ(thrown_message<ConfigError>([] {
              make_pipeline("[{type: uniform_sample, p_interval: [0.5, 1], compat: mmaction2}]");
            }),
            "uniform_sample: MMAction2 has no p_interval; use another 'compat'");
}

}  // namespace
}  // namespace kinegraph
