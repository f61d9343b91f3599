#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// One joint at (1, 0) and one at (1, `width`), in `frames` frames.
Sample stick(int64_t frames, double width) {
  Doubles values;
  for (int64_t t = 0; t < frames; ++t) values.insert(values.end(), {1, 0, 1, width});
  return toy_clip(1, frames, 2, 2, values);
}

/// Root mean square of the distance by which joints moved.
double mean_shift(const Doubles& before, const Doubles& after) {
  double sum = 0;
  for (size_t i = 0; i < before.size(); ++i) sum += (after[i] - before[i]) * (after[i] - before[i]);
  return std::sqrt(sum / static_cast<double>(before.size() / 2));
}

TEST(RandomGaussianNoise, IsProportionalToSigmaAndToTheSizeOfTheBody) {
  const Sample clip = stick(4000, 3);
  const Doubles noisy = values_after("{type: random_gaussian_noise, sigma: 0.1}", clip);
  EXPECT_NEAR(mean_shift(clip.keypoints.values, noisy), 0.3, 0.01);
}

TEST(RandomGaussianNoise, OfTheVideoTakesTheSizeOverAllFrames) {
  Sample clip = stick(4000, 3);
  clip.keypoints.values[3] = 30;
  const Doubles noisy =
      values_after("{type: random_gaussian_noise, sigma: 0.1, base: video}", clip);
  EXPECT_NEAR(mean_shift(clip.keypoints.values, noisy), 3, 0.1);
}

TEST(RandomGaussianNoise, SharedNoiseIsTheSameInAllFrames) {
  const Sample clip = stick(3, 2);
  const Doubles noisy =
      values_after("{type: random_gaussian_noise, base: video, shared: true}", clip);
  EXPECT_NE(noisy, clip.keypoints.values);
  for (size_t i = 4; i < 12; ++i) EXPECT_EQ(noisy[i], noisy[i % 4]);
}

TEST(RandomGaussianNoise, LeavesAbsentPersonsAlone) {
  const Sample clip = toy_clip(1, 2, 1, 2, {0, 0, 0, 0});
  EXPECT_EQ(values_after("random_gaussian_noise", clip), clip.keypoints.values);
}

TEST(RandomGaussianNoise, RefusesSharedNoiseByFrame) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { make_pipeline("[{type: random_gaussian_noise, shared: true}]"); }),
            "random_gaussian_noise: 'shared' needs base: video");
}

}  // namespace
}  // namespace kinegraph
