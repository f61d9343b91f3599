#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Sample in_image() {
  Sample clip = toy_clip(1, 1, 2, 2, {100, 50, 0, 0});
  clip.image_width = 200;
  clip.image_height = 100;
  return clip;
}

TEST(RandomResizedCrop, HasTheAreaAndTheRatioOfTheOptions) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Sample clip =
        transformed("{type: random_resized_crop, area: [0.25, 0.36], aspect_ratio: [0.5, 2]}",
                    in_image(), seed);
    const auto width = static_cast<double>(clip.image_width);
    const auto height = static_cast<double>(clip.image_height);
    EXPECT_GE(width * height, 0.24 * 20000);
    EXPECT_LE(width * height, 0.37 * 20000);
    EXPECT_GE(width / height, 0.48);
    EXPECT_LE(width / height, 2.08);
    EXPECT_GE(clip.crop[0], 0);
    EXPECT_LE(clip.crop[0] + clip.crop[2], 1);
    EXPECT_EQ(clip.keypoints.values[0], 100 - std::round(clip.crop[0] * 200));
    EXPECT_EQ(clip.keypoints.values[2], 0);
  }
}

TEST(RandomResizedCrop, FallsBackToTheMiddleSquare) {
  const Sample clip =
      transformed("{type: random_resized_crop, area: [1, 1], aspect_ratio: [1, 1]}", in_image());
  EXPECT_EQ(clip.image_width, 100);
  EXPECT_EQ(clip.image_height, 100);
  EXPECT_EQ(clip.keypoints.values, (Doubles{50, 50, 0, 0}));
}

TEST(RandomResizedCrop, CompatMovesMissingJointsAlong) {
  EXPECT_EQ(values_after("{type: random_resized_crop, area: [1, 1], aspect_ratio: [1, 1], compat: "
                         "mmaction2}",
                         in_image()),
            (Doubles{50, 50, -50, 0}));
}

TEST(RandomResizedCrop, RefusesFaultyRanges) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: random_resized_crop, area: [0.5]}]"); }),
            "random_resized_crop: area and aspect_ratio are [lowest, highest]");
}

}  // namespace
}  // namespace kinegraph
