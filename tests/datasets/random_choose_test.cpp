#include <gtest/gtest.h>

#include <set>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(RandomChoose, TakesAStretchOfALongerClip) {
  std::set<int64_t> starts;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Doubles values =
        transformed("{type: random_choose, length: 3}", counting_clip(6), seed).keypoints.values;
    EXPECT_EQ(values, (Doubles{values[0], values[0] + 1, values[0] + 2}));
    starts.insert(static_cast<int64_t>(values[0]));
  }
  EXPECT_EQ(starts, (std::set<int64_t>{0, 1, 2, 3}));
}

TEST(RandomChoose, LaysAShorterClipAmongZeros) {
  std::set<Doubles> results;
  for (uint64_t seed = 0; seed < 100; ++seed)
    results.insert(
        transformed("{type: random_choose, length: 4}", toy_clip(1, 2, 1, 1, {5, 6}), seed)
            .keypoints.values);
  EXPECT_EQ(results, (std::set<Doubles>{{5, 6, 0, 0}, {0, 5, 6, 0}, {0, 0, 5, 6}}));
}

TEST(RandomChoose, LeavesAClipOfThatLengthAsItIs) {
  EXPECT_EQ(values_after("{type: random_choose, length: 3}", counting_clip(3)), (Doubles{0, 1, 2}));
}

TEST(RandomChoose, RefusesTestClips) {
  Sample clip = counting_clip(4);
  clip.num_clips = 2;
  EXPECT_EQ(
      thrown_message<DataError>([&] { transformed("random_choose", clip); }),
      "clip toy: random_choose: 2 test clips; expected one clip\n  It is a step of training.");
}

}  // namespace
}  // namespace kinegraph
