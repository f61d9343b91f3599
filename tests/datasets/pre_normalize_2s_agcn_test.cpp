#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/paths.h"
#include "tests/support/thrown_message.h"
#include "tests/support/torso.h"

namespace kinegraph {
namespace {

TEST(PreNormalize2sAgcn, FillsTheEndWithTheClipFromItsStart) {
  Doubles values = upright_torso();
  for (const double value : upright_torso()) values.push_back(value + 1);
  values.resize(5 * 12);
  const Sample clip = on_torso(torso_step("pre_normalize_2s_agcn"), toy_clip(1, 5, 4, 3, values));
  const Doubles& x = clip.keypoints.values;
  for (size_t t = 2; t < 5; ++t)
    expect_close(Doubles(x.begin() + static_cast<int64_t>(12 * t),
                         x.begin() + static_cast<int64_t>(12 * t + 12)),
                 Doubles(x.begin() + static_cast<int64_t>(12 * (t % 2)),
                         x.begin() + static_cast<int64_t>(12 * (t % 2) + 12)));
}

TEST(PreNormalize2sAgcn, CentresEveryFrameOnItsOwn) {
  Doubles values = upright_torso();
  for (const double value : upright_torso()) values.push_back(value + 7);
  const Sample clip = on_torso(torso_step("pre_normalize_2s_agcn"), toy_clip(1, 2, 4, 3, values));
  const Doubles turned{0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0};
  Doubles both = turned;
  both.insert(both.end(), turned.begin(), turned.end());
  expect_close(clip.keypoints.values, both);
}

TEST(PreNormalize2sAgcn, RefusesOtherChannels) {
  EXPECT_EQ(
      thrown_message<DataError>([] {
        on_torso(torso_step("pre_normalize_2s_agcn"), toy_clip(1, 1, 4, 2, Doubles(8, 1)));
      }),
      "clip toy: pre_normalize_2s_agcn: keypoints 1x1x4x2 (M,T,V,C); expected one clip with 3 "
      "channels (x, y, z)");
}

/// The number of index j in a sequence of [-1, 1) that FNV-1a of "skel" begins.
double hashed_value(uint32_t j) {
  uint32_t x = 2166136261u;
  for (const char c : {'s', 'k', 'e', 'l'}) x = (x ^ static_cast<uint8_t>(c)) * 16777619u;
  x += j;
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  x ^= x >> 16;
  return static_cast<float>(x / 4294967296.0 * 2 - 1);
}

/// (2, 8, 25, 3) of such numbers, stored as (C, T, V, M), three metres away; person 0 leaves for
/// frames 5 to 7, person 1 is not there in frames 0 and 4.
Sample two_bodies() {
  Sample clip = toy_clip(2, 8, 25, 3, Doubles(2 * 8 * 25 * 3));
  for (uint32_t c = 0; c < 3; ++c)
    for (uint32_t t = 0; t < 8; ++t)
      for (uint32_t v = 0; v < 25; ++v)
        for (uint32_t m = 0; m < 2; ++m) {
          const bool is_absent = m == 0 ? t >= 5 : t == 0 || t == 4;
          const double value = hashed_value(((c * 8 + t) * 25 + v) * 2 + m);
          clip.keypoints.joint(m, t, v)[c] =
              is_absent ? 0 : static_cast<float>(value + (c == 2 ? 3 : 0));
        }
  return clip;
}

// The figures are those of the published code for this clip.
TEST(PreNormalize2sAgcn, GivesThePublishedFigures) {
  Sample clip = two_bodies();
  Rng rng(1, 0, 0);
  make_pipeline("[pre_normalize_2s_agcn]",
                Skeleton::load((source_dir() / "datasets/skeletons/ntu25.yaml").string()))
      .apply(clip, rng);
  const KeypointArray& x = clip.keypoints;
  double sum = 0, magnitudes = 0;
  for (const double value : x.values) {
    sum += value;
    magnitudes += std::abs(value);
  }
  EXPECT_NEAR(sum, 132.39432076, 1e-4);
  EXPECT_NEAR(magnitudes, 757.72174912, 1e-4);
  const auto joint = [&](int64_t m, int64_t t, int64_t v) {
    return Doubles(x.joint(m, t, v), x.joint(m, t, v) + 3);
  };
  expect_close(joint(0, 0, 0), {-2.087525, 0.859302, -0.244396}, 1e-6);
  expect_close(joint(0, 3, 1), {0, 0, 0});
  EXPECT_NEAR(joint(0, 0, 4)[0] - joint(0, 0, 8)[0], -1.180035, 1e-6);
  for (int64_t v = 0; v < 25; ++v) {
    expect_close(joint(0, 5, v), joint(0, 0, v));
    expect_close(joint(0, 7, v), joint(0, 2, v));
  }
  expect_close(joint(1, 0, 0), {-2.167475, 0.914169, -0.139716}, 1e-6);
  expect_close(joint(1, 0, 1), {-0.971805, 1.957878, 0.555155}, 1e-6);
  expect_close(joint(1, 6, 1), {0.101939, 1.074347, 0.058952}, 1e-6);
}

}  // namespace
}  // namespace kinegraph
