#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(RandomScale, MultipliesEachChannelByOneFactorWithinTheRange) {
  const Sample clip = toy_clip(1, 2, 1, 2, {1, 1, 2, 2});
  const Doubles values = values_after("{type: random_scale, scale: [0.2]}", clip);
  for (size_t c = 0; c < 2; ++c) {
    EXPECT_GE(values[c], 0.8);
    EXPECT_LE(values[c], 1.2);
    EXPECT_EQ(values[2 + c], 2 * values[c]);
  }
  EXPECT_NE(values[0], values[1]);
}

TEST(RandomScale, TakesOneAmplitudeForEachChannel) {
  const Doubles values =
      values_after("{type: random_scale, scale: [0, 0.5]}", toy_clip(1, 1, 1, 2, {1, 1}));
  EXPECT_EQ(values[0], 1);
  EXPECT_NE(values[1], 1);
}

TEST(RandomScale, RefusesAnotherNumberOfAmplitudes) {
  EXPECT_EQ(thrown_message<DataError>([] {
              transformed("{type: random_scale, scale: [0, 0.5]}", toy_clip(1, 1, 1, 3, {1, 1, 1}));
            }),
            "clip toy: random_scale: keypoints 1x1x1x3 (M,T,V,C); expected 2 channels\n  Give one "
            "'scale' for all channels, or one for each.");
  EXPECT_EQ(thrown_message<ConfigError>([] { make_pipeline("[{type: random_scale, scale: []}]"); }),
            "random_scale: 'scale' is one number, or one for each channel");
}

}  // namespace
}  // namespace kinegraph
