#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "framework/model/backbone.h"
#include "tests/support/config_text.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

const double kLn2 = std::log(2.0);

/// Built from a config such as "{type: cross_entropy, target: heads}", for three classes.
std::shared_ptr<Loss> loss_of(const std::string& config) {
  Diagnostics diagnostics;
  Component<Loss> component;
  component.read(tree_of(config), diagnostics);
  diagnostics.throw_if_any();
  return component.build({/*num_classes=*/3});
}

/// Logits whose softmax is (1/2, 1/4, 1/4): log-probabilities -ln 2, -2 ln 2, -2 ln 2.
at::Tensor logits() { return at::tensor({0.5, 0.25, 0.25}, at::kDouble).log().view({1, 3}) + 3; }

at::Tensor labels(std::vector<int64_t> values) { return at::tensor(values); }

/// The loss of one head's logits.
double value_of(const std::string& config, const at::Tensor& logits, const at::Tensor& labels) {
  return loss_of(config)->forward({{"only", logits}}, logits, labels).item<double>();
}

TEST(CrossEntropy, IsMinusTheLogProbabilityOfTheLabel) {
  EXPECT_NEAR(value_of("cross_entropy", logits(), labels({0})), kLn2, 1e-12);
  EXPECT_NEAR(value_of("cross_entropy", logits(), labels({2})), 2 * kLn2, 1e-12);
}

TEST(CrossEntropy, IsTheMeanOverTheBatch) {
  const auto two = at::cat({logits(), logits()});
  EXPECT_NEAR(value_of("cross_entropy", two, labels({0, 1})), 1.5 * kLn2, 1e-12);
}

TEST(CrossEntropy, LabelSmoothingSharesTheLabelAmongAllClasses) {
  // 0.7 of the label and 0.1 of every class: 0.7 ln 2 + 0.1 (1 + 2 + 2) ln 2.
  EXPECT_NEAR(value_of("{type: cross_entropy, label_smoothing: 0.3}", logits(), labels({0})),
              1.2 * kLn2, 1e-12);
}

TEST(CrossEntropy, ClassWeightsMakeAWeightedMean) {
  // (1 ln 2 + 3 * 2 ln 2) / (1 + 3)
  const auto two = at::cat({logits(), logits()});
  EXPECT_NEAR(value_of("{type: cross_entropy, class_weights: [1, 3, 5]}", two, labels({0, 1})),
              7.0 / 4 * kLn2, 1e-12);
}

TEST(CrossEntropy, SmoothingCountsEveryClassByItsWeight) {
  // 0.7 of 2 ln 2, and 0.1 of (1 * 1 + 3 * 2 + 5 * 2) ln 2 over the weight 3 of the label.
  EXPECT_NEAR(value_of("{type: cross_entropy, label_smoothing: 0.3, class_weights: [1, 3, 5]}",
                       logits(), labels({1})),
              (0.7 * 2 + 0.1 * 17 / 3) * kLn2, 1e-12);
}

TEST(CrossEntropy, TargetScoreLooksAtTheScoreAlone) {
  const NamedTensors outputs{{"a", at::zeros({1, 3}, at::kDouble)}};
  const auto loss = loss_of("cross_entropy")->forward(outputs, logits(), labels({0}));
  EXPECT_NEAR(loss.item<double>(), kLn2, 1e-12);
}

TEST(CrossEntropy, TargetHeadsIsTheMeanOfTheHeadsLosses) {
  const NamedTensors outputs{{"a", logits()}, {"b", logits().flip(1)}};
  const auto loss = loss_of("{type: cross_entropy, target: heads}")
                        ->forward(outputs, at::zeros({1, 3}, at::kDouble), labels({0}));
  EXPECT_NEAR(loss.item<double>(), 1.5 * kLn2, 1e-12);
}

TEST(CrossEntropy, RefusesWeightsForAnotherNumberOfClasses) {
  EXPECT_EQ(
      thrown_message<ConfigError>([] { loss_of("{type: cross_entropy, class_weights: [1, 2]}"); }),
      "loss 'cross_entropy': 2 class_weights; expected one for each of the 3 classes");
}

}  // namespace
}  // namespace kinegraph
