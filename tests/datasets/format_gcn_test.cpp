#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

TEST(FormatGcn, AddsAbsentPersonsOfZeros) {
  EXPECT_EQ(values_after("format_gcn", toy_clip(1, 2, 1, 1, {3, 4})), (Doubles{3, 4, 0, 0}));
}

TEST(FormatGcn, LeavesPersonsBeyondOut) {
  EXPECT_EQ(values_after("{type: format_gcn, num_persons: 1}", toy_clip(3, 1, 1, 1, {3, 4, 5})),
            (Doubles{3}));
}

TEST(FormatGcn, LoopCopiesTheFirstPerson) {
  const Sample clip = toy_clip(2, 2, 1, 1, {3, 4, 5, 6});
  EXPECT_EQ(values_after("{type: format_gcn, num_persons: 4, pad: loop}", clip),
            (Doubles{3, 4, 5, 6, 3, 4, 3, 4}));
}

TEST(FormatGcn, LoopTakesAPersonOfZerosForAbsent) {
  EXPECT_EQ(values_after("{type: format_gcn, pad: loop}", toy_clip(2, 2, 1, 1, {3, 4, 0, 0})),
            (Doubles{3, 4, 3, 4}));
}

TEST(FormatGcn, PysklPadsWithZerosAllTheSame) {
  EXPECT_EQ(
      values_after("{type: format_gcn, pad: loop, compat: pyskl}", toy_clip(1, 2, 1, 1, {3, 4})),
      (Doubles{3, 4, 0, 0}));
}

TEST(FormatGcn, Mmaction2CopiesOnlyAPersonWhoIsAlone) {
  const std::string step = "{type: format_gcn, num_persons: 3, pad: loop, compat: mmaction2}";
  EXPECT_EQ(values_after(step, toy_clip(1, 1, 1, 1, {3})), (Doubles{3, 3, 3}));
  EXPECT_EQ(values_after(step, toy_clip(2, 1, 1, 1, {3, 4})), (Doubles{3, 4, 0}));
}

TEST(FormatGcn, ScoresBecomeTheLastChannel) {
  Sample clip = toy_clip(1, 1, 2, 2, {1, 2, 3, 4});
  clip.scores = {0.5, 0.25};
  EXPECT_EQ(values_after("format_gcn", clip), (Doubles{1, 2, 0.5, 3, 4, 0.25, 0, 0, 0, 0, 0, 0}));
}

TEST(FormatGcn, RefusesClipsOfUnequalLength) {
  Sample clip = counting_clip(5);
  clip.num_clips = 2;
  EXPECT_EQ(thrown_message<DataError>([&] { transformed("format_gcn", clip); }),
            "clip toy: format_gcn: 5 frames; expected a multiple of the 2 test clips");
}

TEST(FormatGcn, RefusesAClipWithoutPersons) {
  EXPECT_EQ(thrown_message<DataError>([] { transformed("format_gcn", toy_clip(0, 2, 1, 1, {})); }),
            "clip toy: format_gcn: keypoints 0x2x1x1 (M,T,V,C); expected at least one person\n  "
            "Drop the clip.");
}

}  // namespace
}  // namespace kinegraph
