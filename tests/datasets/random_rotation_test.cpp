#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(RandomRotation, KeepsLengthsAndTurnsAllFramesAlike) {
  const Sample clip = toy_clip(2, 1, 1, 3, {1, -2, 3, 2, -4, 6});
  const Doubles values = values_after("{type: random_rotation, theta: 1}", clip);
  EXPECT_NE(values, clip.keypoints.values);
  EXPECT_NEAR(values[0] * values[0] + values[1] * values[1] + values[2] * values[2], 14, 1e-12);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(values[3 + c], 2 * values[c], 1e-12);
}

TEST(RandomRotation, InThePlaneTheAngleIsUniformUpToTheta) {
  double least = 1, most = -1;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Doubles values =
        transformed("{type: random_rotation, theta: 0.5}", toy_clip(1, 1, 1, 2, {1, 0}), seed)
            .keypoints.values;
    const double angle = std::atan2(values[1], values[0]);
    least = std::min(least, angle);
    most = std::max(most, angle);
  }
  EXPECT_NEAR(least, -0.5, 0.02);
  EXPECT_NEAR(most, 0.5, 0.02);
}

TEST(RandomRotation, ThePlaneOfPysklReachesOneRadian) {
  double most = -1;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Doubles values = transformed("{type: random_rotation, theta: 0.5, compat: pyskl}",
                                       toy_clip(1, 1, 1, 2, {1, 0}), seed)
                               .keypoints.values;
    most = std::max(most, std::atan2(values[1], values[0]));
  }
  EXPECT_NEAR(most, 1, 0.02);
}

TEST(RandomRotation, WithoutAngleChangesNothing) {
  const Sample clip = toy_clip(1, 1, 1, 3, {1, -2, 3});
  EXPECT_EQ(values_after("{type: random_rotation, theta: 0}", clip), clip.keypoints.values);
}

TEST(RandomRotation, AClipOfZerosDrawsNothing) {
  Rng rng(1, 0, 0), untouched(1, 0, 0);
  Sample clip = toy_clip(1, 1, 1, 3, {0, 0, 0});
  make_pipeline("[random_rotation]").apply(clip, rng);
  EXPECT_EQ(rng.next(), untouched.next());
}

TEST(RandomRotation, RefusesAScoreAsCoordinate) {
  Sample clip = toy_clip(1, 1, 1, 3, {1, 2, 0.5});
  clip.has_score_channel = true;
  EXPECT_EQ(
      thrown_message<DataError>([&] { transformed("random_rotation", clip); }),
      "clip toy: random_rotation: keypoints 1x1x1x3 (M,T,V,C); expected 2 channels (x, y) or 3 "
      "(x, y, z)\n  Put it before the step that appends scores.");
}

}  // namespace
}  // namespace kinegraph
