#include "framework/base/text.h"

#include <gtest/gtest.h>

namespace kinegraph {
namespace {

using Words = std::vector<std::string>;

TEST(NearestName, FindsOneMissingLetter) {
  EXPECT_EQ(nearest_name("droput", {"width", "dropout"}), "dropout");
}

TEST(NearestName, CountsATranspositionAsOneEdit) {
  EXPECT_EQ(nearest_name("wdith", {"width"}), "width");
}

TEST(NearestName, AllowsTwoEditsFromSixLettersOn) {
  EXPECT_EQ(nearest_name("dorput", {"dropout"}), "dropout");
  EXPECT_EQ(nearest_name("wxdxh", {"width"}), "");
}

TEST(NearestName, RefusesThreeEdits) {
  EXPECT_EQ(nearest_name("learning_xyze", {"learning_rate"}), "");
}

TEST(NearestName, AllowsOneEditInShortWords) {
  EXPECT_EQ(nearest_name("ir", {"lr"}), "lr");
  EXPECT_EQ(nearest_name("xy", {"lr"}), "");
}

TEST(NearestName, HasNoHintForASingleLetter) { EXPECT_EQ(nearest_name("x", {"y"}), ""); }

TEST(NearestName, HasNoHintForNothing) { EXPECT_EQ(nearest_name("", {"y"}), ""); }

TEST(NearestName, PrefersTheNearer) {
  EXPECT_EQ(nearest_name("momentun", {"moments", "momentum"}), "momentum");
}

TEST(NearestName, PrefersTheFirstOfEquallyNear) {
  EXPECT_EQ(nearest_name("beta3", {"beta2", "beta1"}), "beta2");
}

TEST(NearestName, IsEmptyWithoutCandidates) { EXPECT_EQ(nearest_name("width", {}), ""); }

TEST(NearNameHint, AsksAboutTheNearName) {
  EXPECT_EQ(near_name_hint("droput", {"dropout"}), "; did you mean 'dropout'?");
}

TEST(NearNameHint, IsEmptyWhenNothingIsNear) { EXPECT_EQ(near_name_hint("epochs", {"lr"}), ""); }

TEST(Join, PutsSeparatorsBetweenWords) { EXPECT_EQ(join({"a", "b", "c"}), "a, b, c"); }

TEST(Join, TakesAnotherSeparator) { EXPECT_EQ(join({"a", "b"}, "\n"), "a\nb"); }

TEST(Join, KeepsEmptyWords) { EXPECT_EQ(join({"", "a", ""}), ", a, "); }

TEST(Join, OfNothingIsEmpty) { EXPECT_EQ(join({}), ""); }

TEST(Split, CutsAtEverySeparator) { EXPECT_EQ(split("a.b.c", '.'), (Words{"a", "b", "c"})); }

TEST(Split, KeepsEmptyWordsInside) { EXPECT_EQ(split(".a..b", '.'), (Words{"", "a", "", "b"})); }

TEST(Split, GivesNoWordAfterAFinalSeparator) {
  EXPECT_EQ(split("a\nb\n", '\n'), (Words{"a", "b"}));
}

TEST(Split, OfNothingIsEmpty) { EXPECT_EQ(split("", '.'), Words{}); }

}  // namespace
}  // namespace kinegraph
