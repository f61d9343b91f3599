#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// One view without chance.
std::string view(int angle_x, int angle_y, double scale) {
  return fmt::format(
      "{{type: random_view, angle_x: [{0}, {0}], angle_y: [{1}, {1}], "
      "scale: [{2}, {2}]}}",
      angle_x, angle_y, scale);
}

Sample point(double x, double y, double z) { return toy_clip(1, 1, 1, 3, {x, y, z}); }

void expect_near(const Doubles& found, const Doubles& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-15) << "at " << i;
}

TEST(RandomView, WithoutAngleAndWithScaleOneChangesNothing) {
  const Sample clip = toy_clip(1, 2, 1, 3, {1, 2, 3, -4, 5, -6});
  EXPECT_EQ(values_after(view(0, 0, 1), clip), clip.keypoints.values);
}

TEST(RandomView, AboutXTurnsYToZ) {
  expect_near(values_after(view(90, 0, 1), point(1, 0, 0)), {1, 0, 0});
  expect_near(values_after(view(90, 0, 1), point(0, 1, 0)), {0, 0, 1});
  expect_near(values_after(view(90, 0, 1), point(0, 0, 1)), {0, -1, 0});
}

TEST(RandomView, AboutYTurnsZToX) {
  expect_near(values_after(view(0, 90, 1), point(1, 0, 0)), {0, 0, -1});
  expect_near(values_after(view(0, 90, 1), point(0, 1, 0)), {0, 1, 0});
  expect_near(values_after(view(0, 90, 1), point(0, 0, 1)), {1, 0, 0});
}

TEST(RandomView, TurnsAboutYBeforeX) {
  expect_near(values_after(view(90, 90, 1), point(1, 0, 0)), {0, 1, 0});
}

TEST(RandomView, CountsAnglesInDegrees) {
  const double c = std::sqrt(0.75);
  expect_near(values_after(view(30, 0, 1), point(0, 1, 0)), {0, c, 0.5});
  expect_near(values_after(view(0, -60, 1), point(0, 0, 1)), {-c, 0, 0.5});
}

TEST(RandomView, MultipliesByTheScale) {
  expect_near(values_after(view(0, 0, 1.5), point(2, 4, -6)), {3, 6, -9});
}

TEST(RandomView, TurnsAllPersonsAndFramesAlike) {
  const Sample clip = toy_clip(2, 2, 1, 3, {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3});
  const Doubles turned = values_after("random_view", clip);
  for (size_t i = 3; i < turned.size(); ++i) EXPECT_EQ(turned[i], turned[i % 3]);
}

TEST(RandomView, AnAbsentPersonStaysZero) {
  const Doubles turned = values_after("random_view", toy_clip(2, 1, 1, 3, {1, 2, 3, 0, 0, 0}));
  for (size_t i = 3; i < 6; ++i) EXPECT_EQ(turned[i], 0);
}

TEST(RandomView, DrawsTheSameForTheSameSeedAndIndexOnly) {
  const Sample clip = point(1, 2, 3);
  const auto draw = [&](uint64_t seed, uint64_t index) {
    return transformed("random_view", clip, seed, index).keypoints.values;
  };
  EXPECT_EQ(draw(1, 0), draw(1, 0));
  EXPECT_NE(draw(1, 0), draw(1, 1));
  EXPECT_NE(draw(1, 0), draw(2, 0));
}

TEST(RandomView, DrawsEveryWholeDegreeOfTheRangeAndNoOther) {
  std::set<int64_t> seen;
  for (uint64_t index = 0; index < 500; ++index) {
    const auto turned =
        transformed("{type: random_view, angle_x: [-3, 4], angle_y: [0, 0], scale: [1, 1]}",
                    point(0, 1, 0), 1, index)
            .keypoints.values;
    const double angle = std::atan2(turned[2], turned[1]) * 180 / M_PI;
    EXPECT_NEAR(angle, std::round(angle), 1e-12);
    seen.insert(std::llround(angle));
  }
  EXPECT_EQ(seen, (std::set<int64_t>{-3, -2, -1, 0, 1, 2, 3, 4}));
}

TEST(RandomView, DrawsScalesOverTheWholeRange) {
  double least = 2, most = 0, sum = 0;
  for (uint64_t index = 0; index < 1000; ++index) {
    const double scale = transformed("{type: random_view, angle_x: [0, 0], angle_y: [0, 0]}",
                                     point(1, 0, 0), 1, index)
                             .keypoints.values[0];
    least = std::min(least, scale);
    most = std::max(most, scale);
    sum += scale;
  }
  EXPECT_GE(least, 0.5);
  EXPECT_LT(least, 0.51);
  EXPECT_GT(most, 1.49);
  EXPECT_LT(most, 1.5);
  EXPECT_NEAR(sum / 1000, 1, 0.03);
}

TEST(RandomView, RefusesClipsWithoutDepth) {
  EXPECT_EQ(thrown_message<DataError>([] {
              transformed("random_view", toy_clip(1, 1, 1, 2, {1, 2}));
            }),
            "clip toy: random_view: keypoints 1x1x1x2 (M,T,V,C); expected 3 channels (x, y, z)\n"
            "  Remove the step for 2D data.");
}

TEST(RandomView, RefusesRangesThatAreNone) {
  for (const std::string option :
       {"angle_x: [1]", "angle_x: [2, 1]", "angle_y: [1, 2, 3]", "scale: [1.5, 0.5]", "scale: []"})
    EXPECT_EQ(thrown_message<ConfigError>(
                  [&] { make_pipeline("[{type: random_view, " + option + "}]"); }),
              "random_view: angle_x, angle_y and scale are [lowest, highest]")
        << option;
}

TEST(RandomView, ReportsFaultyOptionsInFull) {
  EXPECT_EQ(thrown_message<ConfigError>([] {
              pipeline_steps("[{type: random_view, angle_x: [0.5, 1], angle_z: [0, 1]}]");
            }),
            "c.yaml:1:32: expected an integer, found '0.5'\n"
            "c.yaml:1:41: unknown key 'angle_z' in transform 'random_view'; did you mean "
            "'angle_x'?\n  known keys: angle_x, angle_y, scale");
}

}  // namespace
}  // namespace kinegraph
