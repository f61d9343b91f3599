#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(Pad, LoopBeginsAgain) {
  const Sample clip = transformed("{type: pad, length: 7}", counting_clip(3));
  EXPECT_EQ(clip.keypoints.values, (Doubles{0, 1, 2, 0, 1, 2, 0}));
  EXPECT_EQ(clip.frame_indices, (Integers{0, 1, 2, 0, 1, 2, 0}));
}

TEST(Pad, ZeroAddsFramesOfNobody) {
  Sample clip = toy_clip(2, 1, 1, 1, {5, 6});
  clip.scores = {0.5, 0.75};
  const Sample padded = transformed("{type: pad, length: 3, mode: zero}", clip);
  EXPECT_EQ(padded.keypoints.values, (Doubles{5, 0, 0, 6, 0, 0}));
  EXPECT_EQ(padded.scores, (Doubles{0.5, 0, 0, 0.75, 0, 0}));
}

TEST(Pad, RepeatHoldsTheLastFrame) {
  EXPECT_EQ(values_after("{type: pad, length: 5, mode: repeat}", counting_clip(3)),
            (Doubles{0, 1, 2, 2, 2}));
}

TEST(Pad, LeavesAClipOfThatLengthAsItIs) {
  const Sample clip = transformed("{type: pad, length: 3}", counting_clip(3));
  EXPECT_EQ(clip.keypoints.values, (Doubles{0, 1, 2}));
  EXPECT_TRUE(clip.frame_indices.empty());
}

TEST(Pad, RefusesALongerClip) {
  EXPECT_EQ(
      thrown_message<DataError>([] { transformed("{type: pad, length: 2}", counting_clip(3)); }),
      "clip toy: pad: 3 frames, 1 test clips; expected one clip of 1 to 2 frames\n  Raise "
      "'length', or choose frames before this step.");
}

}  // namespace
}  // namespace kinegraph
