#include "framework/eval/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "framework/base/error.h"
#include "tests/framework/eval/toy_scores.h"

namespace kinegraph {
namespace {

using Indices = std::vector<int64_t>;

Scores one_clip(std::vector<float> values, ScoreKind kind = ScoreKind::logits) {
  std::vector<std::string> names(values.size(), "x");
  return {{"a"}, {0}, std::move(names), std::move(values), kind};
}

std::string construction_error(std::vector<std::string> ids, std::vector<int64_t> labels,
                               std::vector<std::string> names, std::vector<float> values) {
  return message_of<DataError>(
      [&] { Scores(ids, labels, names, values, ScoreKind::logits, "joint"); });
}

TEST(Scores, RefusesNoClips) {
  EXPECT_EQ(construction_error({}, {}, {"x", "y"}, {}),
            "joint: no clips; expected at least one clip\n"
            "  Check the split and the filters of the test data.");
}

TEST(Scores, RefusesNoClasses) {
  EXPECT_EQ(construction_error({"a"}, {0}, {}, {}),
            "joint: no class names; expected at least one class");
}

TEST(Scores, RefusesAnotherNumberOfLabels) {
  EXPECT_EQ(construction_error({"a", "b"}, {0}, {"x"}, {1, 1}),
            "joint: 1 labels; expected one for each of 2 clips");
}

TEST(Scores, MayHaveNoLabels) {
  const Scores scores({"a", "b"}, {}, {"x", "y"}, {1, 2, 4, 3});
  EXPECT_EQ(predicted_classes(scores), (Indices{1, 0}));
}

TEST(Scores, WithoutLabelsCannotBeMeasured) {
  const Scores scores({"a"}, {}, {"x"}, {1});
  EXPECT_EQ(message_of<DataError>([&] { report_of(scores, {}); }),
            "scores: no labels; expected the true class of every clip\n"
            "  Measure on labelled clips; `kinegraph predict` needs no labels.");
}

TEST(Scores, RefusesAnotherNumberOfScores) {
  EXPECT_EQ(construction_error({"a", "b"}, {0, 1}, {"x", "y"}, {1, 2, 3}),
            "joint: 3 scores; expected 2 clips x 2 classes = 4\n"
            "  The model and the data may have different classes.");
}

TEST(Scores, RefusesALabelOutOfRange) {
  const std::string end =
      "; expected a label in 0..1\n"
      "  The labels and the class names may be of different data sets.";
  EXPECT_EQ(construction_error({"a", "b"}, {0, 2}, {"x", "y"}, {1, 2, 3, 4}),
            "joint: clip b: label 2" + end);
  EXPECT_EQ(construction_error({"a", "b"}, {-1, 0}, {"x", "y"}, {1, 2, 3, 4}),
            "joint: clip a: label -1" + end);
}

TEST(Scores, NamesTheClipOfAScoreThatIsNotFinite) {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  const std::string end =
      "; expected finite scores\n"
      "  Check the clip's keypoints, and whether the training diverged.";
  EXPECT_EQ(construction_error({"a", "b"}, {0, 1}, {"x", "y"}, {1, 2, 3, nan}),
            "joint: clip b: score nan for class 1 (y)" + end);
  EXPECT_EQ(construction_error({"a", "b"}, {0, 1}, {"x", "y"}, {-infinity, 2, 3, 4}),
            "joint: clip a: score -inf for class 0 (x)" + end);
}

TEST(Softmax, MatchesItsDefinition) {
  const Scores scores = softmax(one_clip({0, std::log(2.0f), std::log(5.0f)}));
  EXPECT_FLOAT_EQ(scores.values[0], 0.125f);
  EXPECT_FLOAT_EQ(scores.values[1], 0.25f);
  EXPECT_FLOAT_EQ(scores.values[2], 0.625f);
  EXPECT_EQ(scores.kind, ScoreKind::probabilities);
}

TEST(Softmax, TakesTheLargestFloats) {
  const float big = std::numeric_limits<float>::max();
  EXPECT_EQ(softmax(one_clip({big, big, -big})).values, (std::vector<float>{0.5f, 0.5f, 0}));
}

TEST(Softmax, RefusesProbabilities) {
  const Scores scores = one_clip({0.25f, 0.75f}, ScoreKind::probabilities);
  EXPECT_EQ(message_of<DataError>([&] { softmax(scores); }),
            "softmax: scores that are probabilities; expected logits\n"
            "  Use these scores as they are.");
}

TEST(TopK, PutsTheLowerClassFirstAmongTies) {
  const Scores scores = one_clip({1, 3, 2, 3, 2});
  EXPECT_EQ(top_k(scores, 0, 1), (Indices{1}));
  EXPECT_EQ(top_k(scores, 0, 4), (Indices{1, 3, 2, 4}));
  EXPECT_EQ(predicted_classes(scores), (Indices{1}));
}

TEST(TopK, GivesAllClassesWhenKIsLarger) {
  EXPECT_EQ(top_k(one_clip({1, 2, 2}), 0, 10), (Indices{1, 2, 0}));
}

TEST(TopK, AgreesWithRank) {
  const Scores scores = one_clip({1, 3, 2, 3, 2});
  const auto order = top_k(scores, 0, 5);
  for (size_t rank = 0; rank < order.size(); ++rank)
    EXPECT_EQ(rank_of(scores, 0, order[rank]), static_cast<int64_t>(rank));
}

TEST(Sha256OfScores, HashesTheBytesOfTheFloats) {
  // printf '\x00\x00\x80\x3f\x00\x00\x00\xc0' | sha256sum
  EXPECT_EQ(sha256_of(one_clip({1, -2})),
            "ee4ac73c2bd27756ab82780f27c73a7bc4d3f0bb6acb37e008bc27eccd7e588b");
}

}  // namespace
}  // namespace kinegraph
