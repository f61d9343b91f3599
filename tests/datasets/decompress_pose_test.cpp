#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// Two persons listed in frame 0, none in frame 1, three in frame 2. Values tell who it is.
Sample crowd() {
  Sample clip = toy_clip(3, 3, 1, 1, {1, 0, 3, 2, 0, 4, 0, 0, 5});
  clip.scores = {0.3, 0, 0.1, 0.9, 0, 0.6, 0, 0, 0.6};
  clip.box_scores = {0.5, 0, 0.9, 0.8, 0, 0.7, 0, 0, 0.95};
  clip.frame_persons = {2, 0, 3};
  return clip;
}

TEST(DecompressPose, DropsFramesWithoutAnybody) {
  const Sample clip = transformed("decompress_pose", crowd());
  EXPECT_EQ(clip.keypoints.shape_text(), "3x2x1x1 (M,T,V,C)");
  EXPECT_EQ(clip.keypoints.values, (Doubles{1, 3, 2, 4, 0, 5}));
  EXPECT_EQ(clip.scores, (Doubles{0.3, 0.1, 0.9, 0.6, 0, 0.6}));
  EXPECT_EQ(clip.frame_indices, (Integers{0, 2}));
  EXPECT_TRUE(clip.frame_persons.empty());
}

TEST(DecompressPose, CanKeepEmptyFrames) {
  EXPECT_EQ(values_after("{type: decompress_pose, squeeze: false}", crowd()),
            (Doubles{1, 0, 3, 2, 0, 4, 0, 0, 5}));
}

TEST(DecompressPose, KeepsTheBestOfEveryFrameWhereOneHasTooMany) {
  // Frame 0 is ordered by score, too; persons of equal score keep their order.
  const Sample clip = transformed("{type: decompress_pose, max_persons: 2}", crowd());
  EXPECT_EQ(clip.keypoints.values, (Doubles{2, 4, 1, 5}));
}

TEST(DecompressPose, LeavesOutPersonsBelowTheBoxScore) {
  const Sample clip = transformed("{type: decompress_pose, box_threshold: 0.75}", crowd());
  EXPECT_EQ(clip.keypoints.values, (Doubles{2, 3, 0, 5}));
  EXPECT_EQ(clip.box_scores, (Doubles{0.8, 0.9, 0, 0.95}));
}

TEST(DecompressPose, RefusesAClipOfNobody) {
  EXPECT_EQ(
      thrown_message<DataError>(
          [] { transformed("{type: decompress_pose, box_threshold: 1}", crowd()); }),
      "clip toy: decompress_pose: nobody in 3 frames; expected a person in at least one frame\n"
      "  Leave the clip out of the split, or lower 'box_threshold'.");
}

TEST(DecompressPose, RefusesLinkedPersonsAndMissingBoxScores) {
  EXPECT_EQ(thrown_message<DataError>([] { transformed("decompress_pose", counting_clip(1)); }),
            "clip toy: decompress_pose: keypoints 1x1x1x1 (M,T,V,C); expected persons listed frame "
            "by frame\n  The step is for stores of the person layout frame_persons.");
  Sample clip = crowd();
  clip.box_scores.clear();
  EXPECT_EQ(thrown_message<DataError>(
                [&] { transformed("{type: decompress_pose, box_threshold: 0.5}", clip); }),
            "clip toy: decompress_pose: no box scores; expected box scores, or box_threshold: 0\n  "
            "Import the data with box scores.");
}

}  // namespace
}  // namespace kinegraph
