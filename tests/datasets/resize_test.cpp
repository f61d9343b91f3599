#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Sample in_image(int64_t width = 200, int64_t height = 100) {
  Sample clip = toy_clip(1, 1, 1, 2, {100, 50});
  clip.image_width = width;
  clip.image_height = height;
  return clip;
}

Integers image_after(const std::string& options, const Sample& clip) {
  const Sample resized = transformed("{type: resize, " + options + "}", clip);
  return {resized.image_width, resized.image_height};
}

TEST(Resize, ToASizeChangesTheRatioIfAsked) {
  const Sample clip = transformed("{type: resize, size: [64, 64], keep_ratio: false}", in_image());
  EXPECT_EQ(clip.keypoints.values, (Doubles{32, 32}));
  EXPECT_EQ(image_after("size: [64, 64], keep_ratio: false", in_image()), (Integers{64, 64}));
}

TEST(Resize, ToASizeKeepsTheRatioOtherwise) {
  EXPECT_EQ(image_after("size: [340, 256]", in_image()), (Integers{340, 170}));
  EXPECT_EQ(image_after("size: [340, 256]", in_image(100, 100)), (Integers{256, 256}));
}

TEST(Resize, ToTheShorterSide) {
  EXPECT_EQ(image_after("short_side: 64", in_image()), (Integers{128, 64}));
  EXPECT_EQ(image_after("short_side: 64", in_image(100, 300)), (Integers{64, 192}));
}

TEST(Resize, ByAFactorRoundsHalvesUpAndKeypointsFollow) {
  const Sample clip = transformed("{type: resize, factor: 0.5}", in_image(201, 100));
  EXPECT_EQ(clip.image_width, 101);
  EXPECT_EQ(clip.keypoints.values, (Doubles{100 * (101.0 / 201), 25}));
}

TEST(Resize, KeepsTheCropOfTheOriginalImage) {
  EXPECT_EQ(transformed("{type: resize, factor: 3}", in_image()).crop,
            (std::array<double, 4>{0, 0, 1, 1}));
}

TEST(Resize, WantsExactlyOneSize) {
  const std::string expected =
      "resize: give one of 'size' [width, height], 'short_side' and 'factor'";
  for (const std::string options : {"", "short_side: 3, factor: 2", "size: [3]"})
    EXPECT_EQ(
        thrown_message<ConfigError>([&] { make_pipeline("[{type: resize, " + options + "}]"); }),
        expected);
}

}  // namespace
}  // namespace kinegraph
