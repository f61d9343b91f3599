#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(FitFrames, AShorterClipBeginsAnew) {
  EXPECT_EQ(transformed("{type: fit_frames, length: 7}", counting_clip(3)).frame_indices,
            (Integers{0, 1, 2, 0, 1, 2, 0}));
}

TEST(FitFrames, ALongerClipLosesRandomFramesAndKeepsTheOrder) {
  const Integers frames =
      transformed("{type: fit_frames, length: 5}", counting_clip(9)).frame_indices;
  ASSERT_EQ(frames.size(), 5u);
  for (size_t i = 1; i < 5; ++i) EXPECT_GT(frames[i], frames[i - 1]);
  EXPECT_NE(frames, (Integers{0, 1, 2, 3, 4}));
}

TEST(FitFrames, TheFramesFollowFromSeedAndIdAlone) {
  const auto frames = [](const std::string& more, const std::string& id, uint64_t draws) {
    Sample clip = counting_clip(60);
    clip.id = id;
    return transformed("{type: fit_frames, length: 30" + more + "}", clip, draws).frame_indices;
  };
  EXPECT_EQ(frames("", "a", 1), frames("", "a", 2));
  EXPECT_NE(frames("", "a", 1), frames("", "b", 1));
  EXPECT_NE(frames("", "a", 1), frames(", seed: 2", "a", 1));
}

TEST(FitFrames, SurplusCanGoEvenly) {
  EXPECT_EQ(
      transformed("{type: fit_frames, length: 4, surplus: even}", counting_clip(9)).frame_indices,
      (Integers{0, 2, 4, 6}));
}

TEST(FitFrames, RefusesAClipWithoutFrames) {
  EXPECT_EQ(thrown_message<DataError>([] { transformed("fit_frames", toy_clip(1, 0, 1, 1, {})); }),
            "clip toy: fit_frames: 0 frames, 1 test clips; expected a whole clip of at least one "
            "frame\n  Choose frames in one step of the pipeline.");
}

}  // namespace
}  // namespace kinegraph
