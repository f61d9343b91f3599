#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// Frame t has the value t + 1: zero would mean that nobody is there.
Sample rising_clip(int64_t frames) {
  Sample clip = counting_clip(frames);
  for (auto& value : clip.keypoints.values) value += 1;
  return clip;
}

TEST(CropResize, ShrinksByInterpolation) {
  EXPECT_EQ(values_after("{type: crop_resize, p_interval: [1], length: 2}", rising_clip(4)),
            (Doubles{1.5, 3.5}));
}

TEST(CropResize, StretchesByInterpolation) {
  EXPECT_EQ(values_after("{type: crop_resize, p_interval: [1], length: 4}", rising_clip(2)),
            (Doubles{1, 1.25, 1.75, 2}));
}

TEST(CropResize, OneShareCutsTheMiddleOut) {
  EXPECT_EQ(values_after("{type: crop_resize, p_interval: [0.5], length: 2}", rising_clip(4)),
            (Doubles{2, 3}));
}

TEST(CropResize, ADrawnStretchHasTheLeastLength) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Doubles values =
        transformed("{type: crop_resize, p_interval: [0.1, 0.2], length: 6, min_length: 6}",
                    rising_clip(20), seed)
            .keypoints.values;
    for (size_t i = 1; i < 6; ++i) EXPECT_DOUBLE_EQ(values[i], values[i - 1] + 1);
  }
}

TEST(CropResize, CountsOnlyAsManyFramesAsHaveAnybody) {
  Sample clip = rising_clip(6);
  std::fill(clip.keypoints.values.begin() + 4, clip.keypoints.values.end(), 0.0);
  EXPECT_EQ(values_after("{type: crop_resize, p_interval: [1], length: 2}", clip),
            (Doubles{1.5, 3.5}));
}

TEST(CropResize, InterpolatesScoresAndNamesTheNearestFrames) {
  Sample clip = rising_clip(2);
  clip.scores = {0, 1};
  const Sample resized = transformed("{type: crop_resize, p_interval: [1], length: 4}", clip);
  EXPECT_EQ(resized.scores, (Doubles{0, 0.25, 0.75, 1}));
  EXPECT_EQ(resized.frame_indices, (Integers{0, 0, 1, 1}));
}

TEST(CropResize, RefusesAClipOfNobody) {
  EXPECT_EQ(thrown_message<DataError>([] {
              transformed("crop_resize", toy_clip(1, 2, 1, 1, {0, 0}));
            }),
            "clip toy: crop_resize: nobody in 2 frames; expected one clip with a person in some "
            "frame\n  Leave the clip out of the split.");
}

TEST(CropResize, RefusesAFaultyInterval) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: crop_resize, p_interval: [0.9, 0.5]}]"); }),
            "crop_resize: 'p_interval' is [lowest, highest] or [share], above 0");
}

}  // namespace
}  // namespace kinegraph
