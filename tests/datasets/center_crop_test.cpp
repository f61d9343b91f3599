#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

Sample in_image() {
  Sample clip = toy_clip(1, 1, 2, 2, {100, 50, 0, 0});
  clip.image_width = 201;
  clip.image_height = 100;
  return clip;
}

TEST(CenterCrop, MovesTheOriginAndSetsTheSize) {
  const Sample clip = transformed("{type: center_crop, width: 100, height: 50}", in_image());
  EXPECT_EQ(clip.keypoints.values, (Doubles{50, 25, 0, 0}));
  EXPECT_EQ(clip.image_width, 100);
  EXPECT_EQ(clip.image_height, 50);
  EXPECT_DOUBLE_EQ(clip.crop[0], 50 / 201.0);
}

TEST(CenterCrop, CompatMovesMissingJointsAlong) {
  EXPECT_EQ(values_after("{type: center_crop, width: 100, height: 50, compat: pyskl}", in_image()),
            (Doubles{50, 25, -50, -25}));
}

TEST(CenterCrop, RefusesASmallerImage) {
  EXPECT_EQ(
      thrown_message<DataError>([] { transformed("{type: center_crop, width: 300}", in_image()); }),
      "clip toy: center_crop: an image of 201x100; expected at least 300x64 pixels\n  Lower "
      "'width' and 'height', or resize before.");
}

}  // namespace
}  // namespace kinegraph
