#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(MinMaxNormalize, MapsEachChannelToMinusOneToOne) {
  const Sample clip = toy_clip(1, 2, 2, 2, {0, 10, 1, 30, 2, 20, 4, 50});
  EXPECT_EQ(values_after("min_max_normalize", clip), (Doubles{-1, -1, -0.5, 0, 0, -0.5, 1, 1}));
}

TEST(MinMaxNormalize, MapsToTheRangeOfTheOptions) {
  const Sample clip = toy_clip(1, 1, 3, 1, {2, 4, 10});
  EXPECT_EQ(values_after("{type: min_max_normalize, low: 0, high: 4}", clip), (Doubles{0, 1, 4}));
}

TEST(MinMaxNormalize, TakesTheRangeOverAllPersonsAndFrames) {
  const Sample clip = toy_clip(2, 2, 1, 1, {0, 1, 2, 8});
  EXPECT_EQ(values_after("min_max_normalize", clip), (Doubles{-1, -0.75, -0.5, 1}));
}

TEST(MinMaxNormalize, LeavesOutAPersonWhoIsNotThere) {
  const Sample clip = toy_clip(2, 2, 1, 2, {2, 0, 4, 9, 0, 0, 0, 0});
  EXPECT_EQ(values_after("min_max_normalize", clip), (Doubles{-1, -1, 1, 1, 0, 0, 0, 0}));
}

TEST(MinMaxNormalize, MapsAChannelWithoutExtentToTheMiddle) {
  const Sample clip = toy_clip(1, 1, 2, 2, {3, 7, 5, 7});
  EXPECT_EQ(values_after("min_max_normalize", clip), (Doubles{-1, 0, 1, 0}));
  EXPECT_EQ(values_after("{type: min_max_normalize, low: 1, high: 2}", clip),
            (Doubles{1, 1.5, 2, 1.5}));
}

TEST(MinMaxNormalize, MapsASingleJointOfASingleFrameToTheMiddle) {
  EXPECT_EQ(values_after("min_max_normalize", toy_clip(1, 1, 1, 3, {4, -5, 6})),
            (Doubles{0, 0, 0}));
}

TEST(MinMaxNormalize, LeavesAClipWithoutValuesAlone) {
  EXPECT_EQ(shape_after("min_max_normalize", toy_clip(0, 4, 3, 2, {})), "0x4x3x2 (M,T,V,C)");
}

TEST(MinMaxNormalize, ReportsFaultyOptionsInFull) {
  EXPECT_EQ(thrown_message<ConfigError>(
                [] { pipeline_steps("[{type: min_max_normalize, low: a, hi: 2}]"); }),
            "c.yaml:1:33: expected a number, found 'a'\n"
            "c.yaml:1:36: unknown key 'hi' in transform 'min_max_normalize'\n"
            "  known keys: low, high");
}

}  // namespace
}  // namespace kinegraph
