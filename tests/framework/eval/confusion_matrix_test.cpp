#include "framework/eval/confusion_matrix.h"

#include <gtest/gtest.h>

#include "tests/framework/eval/toy_scores.h"

namespace kinegraph {
namespace {

/// "a" has clips but is never predicted, "c" the other way round, "d" does not occur.
Scores one_sided_scores() { return toy_scores({0, 0, 1, 1}, {1, 2, 1, 1}, {"a", "b", "c", "d"}); }

TEST(ConfusionMatrix, CountsTruthInRows) {
  const ConfusionMatrix matrix(imbalanced_scores());
  EXPECT_EQ(normalized_cells(matrix, Normalize::none),
            (std::vector<double>{3, 1, 0, 0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(matrix.total(), 7);
  EXPECT_EQ(matrix.support(0), 4);
  EXPECT_EQ(matrix.predicted(0), 3);
  EXPECT_EQ(matrix.hits(0), 3);
}

TEST(ConfusionMatrix, NormalizesByRowColumnOrAll) {
  const ConfusionMatrix matrix(imbalanced_scores());
  EXPECT_EQ(normalized_cells(matrix, Normalize::by_truth),
            (std::vector<double>{0.75, 0.25, 0, 0, 0.5, 0.5, 0, 0, 1}));
  EXPECT_EQ(normalized_cells(matrix, Normalize::by_predicted),
            (std::vector<double>{1, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0.5}));
  EXPECT_EQ(normalized_cells(matrix, Normalize::by_all),
            (std::vector<double>{3.0 / 7, 1.0 / 7, 0, 0, 1.0 / 7, 1.0 / 7, 0, 0, 1.0 / 7}));
}

TEST(ConfusionMatrix, GivesZeroForSharesOfNothing) {
  const ConfusionMatrix matrix(one_sided_scores());
  EXPECT_EQ(normalized_cells(matrix, Normalize::by_truth),
            (std::vector<double>{0, 0.5, 0.5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(normalized_cells(matrix, Normalize::by_predicted),
            (std::vector<double>{0, 1.0 / 3, 1, 0, 0, 2.0 / 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(ConfusionMatrix, LeavesOutClassesThatDoNotOccur) {
  EXPECT_EQ(ConfusionMatrix(one_sided_scores()).occurring_classes(),
            (std::vector<int64_t>{0, 1, 2}));
}

TEST(MostConfused, OrdersByCountThenTruthThenPrediction) {
  const Scores scores = toy_scores({2, 2, 1, 0, 0, 1}, {1, 1, 0, 2, 1, 1}, {"a", "b", "c"});
  const auto pairs = most_confused(ConfusionMatrix(scores), 3);
  ASSERT_EQ(pairs.size(), 3u);
  const auto text = [](const ConfusedPair& pair) {
    return fmt::format("{}->{}: {}", pair.truth, pair.predicted, pair.count);
  };
  EXPECT_EQ(text(pairs[0]), "2->1: 2");
  EXPECT_EQ(text(pairs[1]), "0->1: 1");
  EXPECT_EQ(text(pairs[2]), "0->2: 1");
}

}  // namespace
}  // namespace kinegraph
