#include "framework/eval/metric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "framework/base/error.h"
#include "tests/framework/eval/toy_scores.h"

namespace kinegraph {
namespace {

double value(const MetricReport& report, const std::string& name) {
  const MetricValue* found = report.find(name);
  return found ? found->value : std::nan("");
}

std::vector<std::string> names(const MetricReport& report) {
  std::vector<std::string> names;
  for (const auto& metric : report.values) names.push_back(metric.name);
  return names;
}

TEST(Metrics, AreRegisteredUnderTheirFileNames) {
  EXPECT_EQ(Registry<Metric>::instance().names(),
            (std::vector<std::string>{"confusion_matrix", "mean_class_accuracy",
                                      "precision_recall_f1", "top_k_accuracy"}));
  for (const auto& info : Registry<Metric>::instance().infos())
    EXPECT_NE(info.file.find("metrics/" + info.name + ".cpp"), std::string::npos);
}

TEST(Metrics, ReportValuesInOrder) {
  const auto report = report_of(imbalanced_scores(), kAllMetrics);
  EXPECT_EQ(names(report), (std::vector<std::string>{
                               "top1", "top5", "mean_class", "precision_macro", "recall_macro",
                               "f1_macro", "precision_micro", "recall_micro", "f1_micro",
                               "precision_weighted", "recall_weighted", "f1_weighted"}));
  for (const auto& metric : report.values) EXPECT_TRUE(metric.is_higher_better);
}

TEST(MetricReport, RefusesANameTwice) {
  EXPECT_EQ(message_of<ConfigError>([] {
              report_of(imbalanced_scores(), {"mean_class_accuracy", "mean_class_accuracy"});
            }),
            "metric value 'mean_class': computed twice; expected unique names\n"
            "  Two metrics of the config give it; leave one out.");
}

TEST(MetricReport, RefusesAValueThatIsNotFinite) {
  MetricReport report(imbalanced_scores());
  EXPECT_EQ(message_of<std::logic_error>([&] { report.add("loss", std::nan(""), false); }),
            "metric value 'loss' is nan");
}

TEST(TopKAccuracy, CountsTheTrueClassAmongTheKBest) {
  // Ranks of the truth: 0, 1, 2, 3.
  const Scores scores({"a", "b", "c", "d"}, {0, 1, 2, 3}, {"w", "x", "y", "z"},
                      {4, 1, 2, 3, 9, 5, 1, 2, 9, 8, 7, 1, 4, 3, 2, 1});
  const auto report = report_of(scores, {"{type: top_k_accuracy, k: [1, 2, 3]}"});
  EXPECT_EQ(value(report, "top1"), 0.25);
  EXPECT_EQ(value(report, "top2"), 0.5);
  EXPECT_EQ(value(report, "top3"), 0.75);
}

TEST(TopKAccuracy, BreaksTiesByTheLowerClass) {
  const Scores scores({"a", "b", "c"}, {0, 1, 2}, {"x", "y", "z"}, {1, 1, 1, 1, 1, 1, 1, 1, 1});
  const auto report = report_of(scores, {"{type: top_k_accuracy, k: [1, 2]}"});
  EXPECT_EQ(value(report, "top1"), 1.0 / 3);
  EXPECT_EQ(value(report, "top2"), 2.0 / 3);
}

TEST(TopKAccuracy, IsOneForAKAboveTheNumberOfClasses) {
  EXPECT_EQ(value(report_of(imbalanced_scores(), {"top_k_accuracy"}), "top5"), 1.0);
}

TEST(TopKAccuracy, RefusesAnEmptyListAndRepetitions) {
  const std::string end = "; expected one or more different numbers\n  The default is [1, 5].";
  EXPECT_EQ(message_of<ConfigError>([] { make_metric("{type: top_k_accuracy, k: []}"); }),
            "metric 'top_k_accuracy': k is []" + end);
  EXPECT_EQ(message_of<ConfigError>([] { make_metric("{type: top_k_accuracy, k: [5, 5]}"); }),
            "metric 'top_k_accuracy': k is [5, 5]" + end);
}

TEST(TopKAccuracy, RefusesZero) {
  EXPECT_THROW(make_metric("{type: top_k_accuracy, k: [0]}"), ConfigError);
}

TEST(MeanClassAccuracy, WeighsClassesEqually) {
  const auto report = report_of(imbalanced_scores(), {"mean_class_accuracy"});
  EXPECT_DOUBLE_EQ(value(report, "mean_class"), (0.75 + 0.5 + 1) / 3);
  EXPECT_EQ(report.classes[0].accuracy, 0.75);
  EXPECT_FALSE(report.classes[0].recall);
}

TEST(MeanClassAccuracy, CountsAPredictedClassWithoutClipsAsZero) {
  const auto report =
      report_of(toy_scores({0, 0, 1, 1}, {0, 2, 1, 1}, {"a", "b", "c"}), {"mean_class_accuracy"});
  EXPECT_DOUBLE_EQ(value(report, "mean_class"), (0.5 + 1 + 0) / 3);
  EXPECT_EQ(report.classes[2].accuracy, 0.0);
}

TEST(MeanClassAccuracy, LeavesOutAClassThatDoesNotOccur) {
  const auto report =
      report_of(toy_scores({0, 0, 1, 1}, {0, 1, 1, 1}, {"a", "b", "c"}), {"mean_class_accuracy"});
  EXPECT_DOUBLE_EQ(value(report, "mean_class"), 0.75);
  EXPECT_EQ(report.classes[2].accuracy, 0.0);
}

TEST(PrecisionRecallF1, MatchesScikitLearnsExample) {
  // The example of precision_recall_fscore_support's documentation.
  const auto report = report_of(toy_scores({0, 1, 2, 0, 1, 2}, {0, 2, 1, 0, 0, 1}, {"a", "b", "c"}),
                                {"precision_recall_f1"});
  EXPECT_DOUBLE_EQ(value(report, "precision_macro"), 0.2222222222222222);
  EXPECT_DOUBLE_EQ(value(report, "recall_macro"), 0.3333333333333333);
  EXPECT_DOUBLE_EQ(value(report, "f1_macro"), 0.26666666666666666);
  EXPECT_DOUBLE_EQ(value(report, "precision_micro"), 0.3333333333333333);
  EXPECT_DOUBLE_EQ(value(report, "f1_weighted"), 0.26666666666666666);
  EXPECT_DOUBLE_EQ(*report.classes[0].precision, 0.6666666666666666);
  EXPECT_DOUBLE_EQ(*report.classes[0].recall, 1.0);
  EXPECT_DOUBLE_EQ(*report.classes[0].f1, 0.8);
  EXPECT_EQ(report.classes[1].f1, 0.0);
}

TEST(PrecisionRecallF1, WeighsClassesBySupport) {
  const auto report = report_of(imbalanced_scores(), {"precision_recall_f1"});
  EXPECT_DOUBLE_EQ(value(report, "precision_macro"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value(report, "recall_macro"), 0.75);
  EXPECT_DOUBLE_EQ(value(report, "f1_macro"), (6.0 / 7 + 0.5 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(value(report, "precision_micro"), 5.0 / 7);
  EXPECT_DOUBLE_EQ(value(report, "recall_micro"), 5.0 / 7);
  EXPECT_DOUBLE_EQ(value(report, "f1_micro"), 5.0 / 7);
  EXPECT_DOUBLE_EQ(value(report, "precision_weighted"), 5.5 / 7);
  EXPECT_DOUBLE_EQ(value(report, "recall_weighted"), 5.0 / 7);
  EXPECT_DOUBLE_EQ(value(report, "f1_weighted"), (4 * 6.0 / 7 + 2 * 0.5 + 2.0 / 3) / 7);
}

TEST(PrecisionRecallF1, GivesZeroToAClassAbsentFromTheTruth) {
  const auto report =
      report_of(toy_scores({0, 0, 1, 1}, {0, 2, 1, 1}, {"a", "b", "c"}), {"precision_recall_f1"});
  EXPECT_EQ(report.classes[2].precision, 0.0);
  EXPECT_EQ(report.classes[2].recall, 0.0);
  EXPECT_EQ(report.classes[2].f1, 0.0);
  EXPECT_DOUBLE_EQ(value(report, "recall_macro"), (0.5 + 1 + 0) / 3);
  EXPECT_DOUBLE_EQ(value(report, "recall_weighted"), 0.75);
}

TEST(PrecisionRecallF1, GivesZeroToAClassAbsentFromThePredictions) {
  const auto report =
      report_of(toy_scores({0, 0, 1, 2}, {0, 0, 1, 1}, {"a", "b", "c"}), {"precision_recall_f1"});
  EXPECT_EQ(report.classes[2].precision, 0.0);
  EXPECT_EQ(report.classes[2].recall, 0.0);
  EXPECT_EQ(report.classes[2].f1, 0.0);
  EXPECT_DOUBLE_EQ(value(report, "precision_macro"), (1 + 0.5 + 0) / 3);
}

TEST(PrecisionRecallF1, LeavesOutAClassThatDoesNotOccur) {
  const auto report =
      report_of(toy_scores({0, 1}, {0, 1}, {"a", "b", "unused"}), {"precision_recall_f1"});
  EXPECT_EQ(value(report, "f1_macro"), 1.0);
  EXPECT_EQ(report.classes[2].f1, 0.0);
}

TEST(ConfusionMatrixMetric, AsksForTheMatrix) {
  EXPECT_FALSE(report_of(imbalanced_scores(), {"top_k_accuracy"}).matrix_normalize);
  const auto normalize_of = [](const std::string& yaml) {
    return report_of(imbalanced_scores(), {yaml}).matrix_normalize;
  };
  EXPECT_EQ(normalize_of("confusion_matrix"), Normalize::none);
  EXPECT_EQ(normalize_of("{type: confusion_matrix, normalize: true}"), Normalize::by_truth);
  EXPECT_EQ(normalize_of("{type: confusion_matrix, normalize: pred}"), Normalize::by_predicted);
  EXPECT_EQ(normalize_of("{type: confusion_matrix, normalize: all}"), Normalize::by_all);
  EXPECT_THROW(make_metric("{type: confusion_matrix, normalize: rows}"), ConfigError);
}

}  // namespace
}  // namespace kinegraph
