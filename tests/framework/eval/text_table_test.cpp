#include "framework/eval/text_table.h"

#include <gtest/gtest.h>

namespace kinegraph {
namespace {

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("größe"), 5u);
  EXPECT_EQ(display_width("喝水"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
}

TEST(DisplayWidth, SurvivesBytesThatAreNotUtf8) {
  EXPECT_EQ(display_width("a\xff"), 2u);
  EXPECT_EQ(display_width("a\xe5"), 2u);
  EXPECT_EQ(display_width("\xe5 no"), 4u);
}

TEST(FitText, KeepsTextThatFits) { EXPECT_EQ(fit_text("drink", 5), "drink"); }

TEST(FitText, CutsBetweenCharacters) {
  EXPECT_EQ(fit_text("drink water", 8), "drink...");
  EXPECT_EQ(fit_text("喝水吃饭", 6), "喝...");
}

TEST(FitText, ReplacesControlCharacters) { EXPECT_EQ(fit_text("a\nb\x1b[1m", 10), "a b [1m"); }

TEST(AlignColumns, AlignsTheFirstLeftAndTheOthersRight) {
  EXPECT_EQ(align_columns({{"class", "n"}, {"喝", "10", "x"}, {"", "3"}}),
            "class   n\n"
            "喝     10  x\n"
            "        3\n");
}

TEST(AlignColumns, TakesAnotherGap) {
  EXPECT_EQ(align_columns({{"a", "1", "2"}, {"b", "3"}}, 1), "a 1 2\nb 3\n");
}

}  // namespace
}  // namespace kinegraph
