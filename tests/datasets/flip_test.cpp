#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/torso.h"

namespace kinegraph {
namespace {

/// Base, mid, right, left in an image 100 wide; the base is missing.
Sample seen_torso() {
  Sample clip = toy_clip(1, 1, 4, 2, {0, 0, 50, 10, 70, 20, 20, 30});
  clip.scores = {0, 0.1, 0.2, 0.3};
  clip.image_width = 100;
  clip.image_height = 100;
  return clip;
}

TEST(Flip, MirrorsXAndSwapsLeftAndRight) {
  const Sample clip = on_torso("{type: flip, probability: 1}", seen_torso());
  EXPECT_EQ(clip.keypoints.values, (Doubles{0, 0, 50, 10, 80, 30, 30, 20}));
  EXPECT_EQ(clip.scores, (Doubles{0, 0.1, 0.3, 0.2}));
}

TEST(Flip, CanLeaveJointsInPlace) {
  EXPECT_EQ(
      on_torso("{type: flip, probability: 1, swap_joints: false}", seen_torso()).keypoints.values,
      (Doubles{0, 0, 50, 10, 30, 20, 80, 30}));
}

TEST(Flip, MirrorsAboutTheOriginWithoutAnImage) {
  EXPECT_EQ(
      on_torso("{type: flip, probability: 1, about: origin}", toy_clip(1, 1, 4, 3, upright_torso()))
          .keypoints.values,
      (Doubles{-1, 1, 1, -1, 2, 1, 0, 2, 1, -2, 2, 1}));
}

TEST(Flip, HappensWithItsProbability) {
  int flipped = 0;
  for (uint64_t seed = 0; seed < 400; ++seed)
    flipped += on_torso("{type: flip, probability: 0.25}", seen_torso(), seed).keypoints.values !=
               seen_torso().keypoints.values;
  EXPECT_NEAR(flipped, 100, 30);
}

TEST(Flip, MapsLabels) {
  Sample clip = seen_torso();
  clip.labels = {4, 5, 6};
  EXPECT_EQ(on_torso("{type: flip, probability: 1, label_map: [[4, 5], [5, 4]]}", clip).labels,
            (Integers{5, 4, 6}));
}

TEST(Flip, RefusesASkeletonWithoutPairs) {
  EXPECT_EQ(thrown_message<ConfigError>([] { make_pipeline("[flip]"); }),
            "flip: skeleton 'leg' has no left_right pairs; add them, or set swap_joints: false");
}

TEST(Flip, RefusesAnUnknownImage) {
  EXPECT_EQ(
      thrown_message<DataError>([] { on_torso("flip", toy_clip(1, 1, 4, 2, Doubles(8, 1))); }),
      "clip toy: flip: keypoints 1x1x4x2 (M,T,V,C) in an image of 0x0; expected x, y in pixels "
      "of an image of known size\n  Import image sizes, or leave the step out.");
}

}  // namespace
}  // namespace kinegraph
