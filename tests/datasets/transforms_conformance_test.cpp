// What holds for every registered transform.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "framework/base/error.h"
#include "tests/support/paths.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// Options that a transform cannot be without.
const std::map<std::string, std::string> kRequired{{"center_on_joint", "joint: spine_mid"},
                                                   {"resize", "short_side: 64"}};

bool is_for_images(const std::string& name) {
  static const std::set<std::string> kNames{"pre_normalize_2d",    "pose_compact", "resize",
                                            "random_resized_crop", "center_crop",  "flip"};
  return kNames.count(name) > 0;
}

class EveryTransform : public testing::TestWithParam<std::string> {
 protected:
  std::string step(const std::string& more = "") const {
    std::string options = "type: " + GetParam();
    const auto required = kRequired.find(GetParam());
    if (required != kRequired.end()) options += ", " + required->second;
    return "{" + options + more + "}";
  }

  static Skeleton skeleton() {
    return Skeleton::load((source_dir() / "datasets/skeletons/ntu25.yaml").string());
  }

  /// Two persons in 70 frames, x, y, z in metres or x, y in pixels with scores.
  Sample clip() const {
    const int64_t channels = is_for_images(GetParam()) ? 2 : 3;
    Rng rng(3, 0, 0);
    Doubles values;
    for (int64_t i = 0; i < 2 * 70 * 25 * channels; ++i)
      values.push_back(channels == 2 ? rng.uniform(100, 900) : rng.uniform(-1, 1));
    Sample sample = toy_clip(2, 70, 25, channels, values);
    sample.image_width = 1000;
    sample.image_height = 1000;
    if (channels == 2 || GetParam() == "score_threshold" || GetParam() == "decompress_pose")
      for (int64_t i = 0; i < 2 * 70 * 25; ++i) sample.scores.push_back(rng.uniform());
    if (GetParam() == "decompress_pose") sample.frame_persons.assign(70, 2);
    return sample;
  }

  Sample apply(uint64_t seed) const {
    Sample sample = clip();
    Rng rng(seed, 0, 0);
    make_pipeline("[" + step() + "]", skeleton()).apply(sample, rng);
    return sample;
  }
};

TEST_P(EveryTransform, KeepsArraysAndShapesInStep) {
  const Sample sample = apply(1);
  const KeypointArray& x = sample.keypoints;
  EXPECT_EQ(static_cast<int64_t>(x.values.size()), x.persons * x.frames * x.joints * x.channels);
  EXPECT_EQ(x.joints, 25);
  EXPECT_GE(x.persons, 1);
  EXPECT_GE(x.frames, 1);
  EXPECT_EQ(x.frames % sample.num_clips, 0);
  if (!sample.scores.empty()) {
    EXPECT_EQ(static_cast<int64_t>(sample.scores.size()), x.persons * x.frames * x.joints);
  }
  if (!sample.frame_indices.empty()) {
    EXPECT_EQ(static_cast<int64_t>(sample.frame_indices.size()), x.frames);
  }
  for (const double value : x.values) ASSERT_TRUE(std::isfinite(value));
}

TEST_P(EveryTransform, GivesTheSameForTheSameDraws) {
  const Sample once = apply(5), again = apply(5);
  EXPECT_EQ(once.keypoints.shape_text(), again.keypoints.shape_text());
  EXPECT_EQ(once.keypoints.values, again.keypoints.values);
  EXPECT_EQ(once.scores, again.scores);
  EXPECT_EQ(once.frame_indices, again.frame_indices);
}

TEST_P(EveryTransform, KeepsIdAndLabels) {
  Sample sample = clip();
  sample.labels = {4, 2};
  Rng rng(1, 0, 0);
  make_pipeline("[" + step() + "]", skeleton()).apply(sample, rng);
  EXPECT_EQ(sample.id, "toy");
  EXPECT_EQ(sample.labels, (Integers{4, 2}));
}

TEST_P(EveryTransform, RefusesAnUnknownOption) {
  const std::string message =
      thrown_message<ConfigError>([&] { pipeline_steps("[" + step(", no_such_option: 1") + "]"); });
  EXPECT_NE(message.find("unknown key 'no_such_option' in transform '" + GetParam() + "'"),
            message.npos)
      << message;
}

INSTANTIATE_TEST_SUITE_P(Registered, EveryTransform,
                         testing::ValuesIn(Registry<Transform>::instance().names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kinegraph
