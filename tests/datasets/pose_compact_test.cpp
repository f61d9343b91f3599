#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Sample in_image(const Doubles& values, int64_t width = 200, int64_t height = 100) {
  Sample clip = toy_clip(1, 1, static_cast<int64_t>(values.size()) / 2, 2, values);
  clip.image_width = width;
  clip.image_height = height;
  return clip;
}

Integers image_of(const Sample& clip) { return {clip.image_width, clip.image_height}; }

TEST(PoseCompact, CutsTheImageToTheWidenedBox) {
  // The box is 40..80 x 20..60; a padding of 0.5 adds 10 on every side.
  const Sample clip =
      transformed("{type: pose_compact, padding: 0.5}", in_image({40, 20, 80, 60, 0, 0}));
  EXPECT_EQ(clip.keypoints.values, (Doubles{10, 10, 50, 50, 0, 0}));
  EXPECT_EQ(image_of(clip), (Integers{60, 60}));
  EXPECT_EQ(clip.crop, (std::array<double, 4>{0.15, 0.1, 0.3, 0.6}));
}

TEST(PoseCompact, RaisesTheShorterSideToTheRatio) {
  const Sample clip =
      transformed("{type: pose_compact, padding: 0, hw_ratio: [1]}", in_image({40, 40, 80, 60}));
  EXPECT_EQ(image_of(clip), (Integers{40, 40}));
  EXPECT_EQ(clip.keypoints.values, (Doubles{0, 10, 40, 30}));
}

TEST(PoseCompact, MayBeKeptWithinTheImage) {
  const Sample clip = transformed("{type: pose_compact, padding: 1, allow_imgpad: false}",
                                  in_image({10, 20, 190, 60}));
  EXPECT_EQ(image_of(clip), (Integers{200, 80}));
  EXPECT_EQ(clip.keypoints.values, (Doubles{10, 20, 190, 60}));
}

TEST(PoseCompact, MayLeaveTheImage) {
  const Sample clip = transformed("{type: pose_compact, padding: 1}", in_image({10, 20, 190, 60}));
  EXPECT_EQ(image_of(clip), (Integers{360, 80}));
  EXPECT_EQ(clip.keypoints.values, (Doubles{90, 20, 270, 60}));
}

TEST(PoseCompact, LeavesASmallBoxAsItIsButClearsNaN) {
  const Sample clip = transformed("pose_compact", in_image({40, 20, std::nan(""), 29, 49, 20}));
  EXPECT_EQ(clip.keypoints.values, (Doubles{40, 20, 0, 29, 49, 20}));
  EXPECT_EQ(image_of(clip), (Integers{200, 100}));
}

TEST(PoseCompact, RefusesAnUnknownImage) {
  EXPECT_EQ(thrown_message<DataError>([] {
              transformed("pose_compact", toy_clip(1, 1, 1, 2, {1, 2}));
            }),
            "clip toy: pose_compact: keypoints 1x1x1x2 (M,T,V,C) in an image of 0x0; expected x, y "
            "in pixels of an image of known size\n  Import image sizes, or leave the step out.");
}

}  // namespace
}  // namespace kinegraph
