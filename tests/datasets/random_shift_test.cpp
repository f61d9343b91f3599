#include <gtest/gtest.h>

#include <set>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(RandomShift, MovesTheFramesWithAnybodyTogether) {
  std::set<Doubles> results;
  for (uint64_t seed = 0; seed < 100; ++seed)
    results.insert(
        transformed("random_shift", toy_clip(1, 5, 1, 1, {0, 7, 0, 8, 0}), seed).keypoints.values);
  EXPECT_EQ(results, (std::set<Doubles>{{7, 0, 8, 0, 0}, {0, 7, 0, 8, 0}, {0, 0, 7, 0, 8}}));
}

TEST(RandomShift, LooksForAnybodyAmongAllPersons) {
  const Sample clip = toy_clip(2, 2, 1, 1, {1, 0, 0, 2});
  EXPECT_EQ(values_after("random_shift", clip), clip.keypoints.values);
}

TEST(RandomShift, LeavesAClipOfNobodyAsItIs) {
  EXPECT_EQ(values_after("random_shift", toy_clip(1, 2, 1, 1, {0, 0})), (Doubles{0, 0}));
}

TEST(RandomShift, RefusesTestClips) {
  Sample clip = counting_clip(4);
  clip.num_clips = 2;
  EXPECT_EQ(thrown_message<DataError>([&] { transformed("random_shift", clip); }),
            "clip toy: random_shift: 2 test clips; expected one clip\n  It is a step of training.");
}

}  // namespace
}  // namespace kinegraph
