#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(ScoreThreshold, JointsBelowBecomeMissing) {
  Sample clip = toy_clip(1, 1, 3, 2, {1, 2, 3, 4, 5, 6});
  clip.scores = {0.1, 0.0999, 0.9};
  const Sample kept = transformed("score_threshold", clip);
  EXPECT_EQ(kept.keypoints.values, (Doubles{1, 2, 0, 0, 5, 6}));
  EXPECT_EQ(kept.scores, (Doubles{0.1, 0, 0.9}));
}

TEST(ScoreThreshold, TakesTheScoreFromTheLastChannel) {
  Sample clip = toy_clip(1, 1, 2, 3, {1, 2, 0.3, 3, 4, 0.6});
  clip.has_score_channel = true;
  EXPECT_EQ(values_after("{type: score_threshold, threshold: 0.5}", clip),
            (Doubles{0, 0, 0, 3, 4, 0.6}));
}

TEST(ScoreThreshold, RefusesAClipWithoutScores) {
  EXPECT_EQ(
      thrown_message<DataError>([] { transformed("score_threshold", counting_clip(1)); }),
      "clip toy: score_threshold: keypoints 1x1x1x1 (M,T,V,C); expected scores of the joints\n"
      "  Import the data with scores, or leave the step out.");
}

}  // namespace
}  // namespace kinegraph
