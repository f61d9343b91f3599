#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// Three joints in an image of 200 x 100; the last one is missing.
Sample seen_leg() {
  Sample sample = toy_clip(1, 1, 3, 2, {100, 50, 200, 0, 20, 30});
  sample.scores = {0.9, 0.5, 0};
  sample.image_width = 200;
  sample.image_height = 100;
  return sample;
}

TEST(PreNormalize2d, TheImageBecomesMinusOneToOneAndScoresTheThirdChannel) {
  const Sample clip = transformed("pre_normalize_2d", seen_leg());
  EXPECT_EQ(clip.keypoints.values, (Doubles{0, 0, 0.9, 1, -1, 0.5, 0, 0, 0}));
  EXPECT_TRUE(clip.has_score_channel);
}

TEST(PreNormalize2d, WithoutScoresNothingIsMissing) {
  Sample clip = seen_leg();
  clip.scores.clear();
  EXPECT_EQ(values_after("pre_normalize_2d", clip), (Doubles{0, 0, 1, -1, -0.8, -0.4}));
}

TEST(PreNormalize2d, LeavesAPersonWhoIsNotThereAtZero) {
  Sample clip = toy_clip(2, 1, 1, 2, {75, 25, 0, 0});
  clip.image_width = clip.image_height = 100;
  EXPECT_EQ(values_after("pre_normalize_2d", clip), (Doubles{0.5, -0.5, 0, 0}));
}

TEST(PreNormalize2d, TakesTheSizeOfTheOptionsWhereTheClipHasNone) {
  Sample clip = toy_clip(1, 1, 1, 2, {40, 10});
  EXPECT_EQ(values_after("{type: pre_normalize_2d, image_width: 20, image_height: 40}", clip),
            (Doubles{3, -0.5}));
}

TEST(PreNormalize2d, AutoScalesTheBoxOfTheJointsThatAreThere) {
  Sample clip = seen_leg();
  clip.keypoints.values[2] = 140;
  EXPECT_EQ(values_after("{type: pre_normalize_2d, mode: auto}", clip),
            (Doubles{-1, 1, 0.9, 1, -1, 0.5, 0, 0, 0}));
}

TEST(PreNormalize2d, AutoLeavesASmallBoxAsItIs) {
  Sample clip = seen_leg();
  clip.keypoints.values[2] = 110;
  EXPECT_EQ(values_after("{type: pre_normalize_2d, mode: auto}", clip),
            (Doubles{100, 50, 0.9, 110, 0, 0.5, 0, 0, 0}));
}

TEST(PreNormalize2d, TheThresholdDecidesWhatIsMissing) {
  EXPECT_EQ(values_after("{type: pre_normalize_2d, threshold: 0.5}", seen_leg()),
            (Doubles{0, 0, 0.9, 0, 0, 0.5, 0, 0, 0}));
}

TEST(PreNormalize2d, Mmaction2LeavesScoresApart) {
  const Sample clip = transformed("{type: pre_normalize_2d, compat: mmaction2}", seen_leg());
  EXPECT_EQ(clip.keypoints.values, (Doubles{0, 0, 1, -1, -0.8, -0.4}));
  EXPECT_EQ(clip.scores, (Doubles{0.9, 0.5, 0}));
}

TEST(PreNormalize2d, PysklRoundsToFloat32) {
  Sample clip = seen_leg();
  clip.keypoints.values[0] = 107;
  clip.precision = Precision::float16;
  const Sample normalized = transformed("{type: pre_normalize_2d, compat: pyskl}", clip);
  EXPECT_EQ(normalized.keypoints.values[0], static_cast<double>(0.07F));
  EXPECT_EQ(normalized.precision, Precision::float32);
}

TEST(PreNormalize2d, RefusesOtherChannels) {
  EXPECT_EQ(thrown_message<DataError>([] {
              transformed("pre_normalize_2d", toy_clip(1, 1, 1, 3, {1, 2, 3}));
            }),
            "clip toy: pre_normalize_2d: keypoints 1x1x1x3 (M,T,V,C); expected 2 channels (x, y), "
            "with or without scores\n  Use pre_normalize_3d for 3D data.");
}

TEST(PreNormalize2d, RefusesTheBoxForMmaction2) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: pre_normalize_2d, mode: auto, compat: mmaction2}]"); }),
            "pre_normalize_2d: MMAction2 has no mode 'auto'; use another 'compat'");
}

}  // namespace
}  // namespace kinegraph
