#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(JointDropout, DropsAJointForTheWholeClip) {
  Sample clip = toy_clip(1, 2, 400, 1, Doubles(800, 1));
  clip.scores = Doubles(800, 0.5);
  const Sample dropped = transformed("{type: joint_dropout, probability: 0.25}", clip);
  const Doubles& values = dropped.keypoints.values;
  int64_t gone = 0;
  for (size_t v = 0; v < 400; ++v) {
    EXPECT_EQ(values[v], values[400 + v]);
    EXPECT_EQ(dropped.scores[v], values[v] / 2);
    gone += values[v] == 0;
  }
  EXPECT_NEAR(static_cast<double>(gone), 100, 30);
}

TEST(JointDropout, DropsJointsOfSingleFrames) {
  const Doubles values = values_after("{type: joint_dropout, probability: 0.5, per: frame}",
                                      toy_clip(1, 400, 1, 1, Doubles(400, 1)));
  EXPECT_NEAR(static_cast<double>(std::count(values.begin(), values.end(), 0.0)), 200, 40);
}

TEST(JointDropout, KeepsOrDropsEverythingAtTheEndsOfTheRange) {
  const Sample clip = toy_clip(1, 2, 1, 2, {1, 2, 3, 4});
  EXPECT_EQ(values_after("{type: joint_dropout, probability: 0}", clip), clip.keypoints.values);
  EXPECT_EQ(values_after("{type: joint_dropout, probability: 1}", clip), Doubles(4, 0));
}

TEST(JointDropout, RefusesAProbabilityAboveOne) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { pipeline_steps("[{type: joint_dropout, probability: 1.5}]"); }),
            "c.yaml:1:37: 'probability' is 1.5; expected 0..1");
}

}  // namespace
}  // namespace kinegraph
