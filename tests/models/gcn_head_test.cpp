#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "framework/model/recognizer.h"
#include "tests/support/config_text.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

/// Built from a config such as "{type: gcn, dropout: 0.5}" for a feature of 4 channels.
std::shared_ptr<Head> head_of(const std::string& config) {
  Diagnostics diagnostics;
  Component<Head> component;
  component.read(tree_of(config), diagnostics);
  diagnostics.throw_if_any();
  return component.build({{{"features", 4}}, /*num_classes=*/3});
}

at::Tensor parameter(const Head& head, const std::string& name) {
  return *head.named_parameters().find(name);
}

/// (2, 2, 4, 5, 6)
at::Tensor features() {
  at::manual_seed(1);
  return at::randn({2, 2, 4, 5, 6});
}

TEST(GcnHead, IsALinearLayerOfTheMean) {
  const at::NoGradGuard no_grad;
  const auto head = head_of("gcn");
  parameter(*head, "fc.bias").normal_();
  const auto expected = at::linear(features().mean({1, 3, 4}), parameter(*head, "fc.weight"),
                                   parameter(*head, "fc.bias"));
  EXPECT_TRUE(at::allclose(head->forward({{"features", features()}}), expected, 1e-5, 1e-6));
}

TEST(GcnHead, CountsAbsentPersonsInTheMean) {
  const at::NoGradGuard no_grad;
  const auto head = head_of("gcn");
  auto x = features();
  const auto alone = head->forward({{"features", x.narrow(1, 0, 1)}});
  x.select(1, 1).zero_();
  EXPECT_TRUE(at::allclose(head->forward({{"features", x}}), alone / 2, 1e-5, 1e-6));
}

TEST(GcnHead, StartsNormalWithoutBias) {
  const auto weight = parameter(*head_of("{type: gcn, init_std: 0.5}"), "fc.weight");
  EXPECT_GT(weight.std().item<double>(), 0.1);
  EXPECT_LT(weight.std().item<double>(), 1.0);
  EXPECT_EQ(parameter(*head_of("gcn"), "fc.bias").abs().max().item<double>(), 0);
}

TEST(GcnHead, DropsOutOnlyInTraining) {
  const at::NoGradGuard no_grad;
  const auto head = head_of("{type: gcn, dropout: 0.5, init_std: 1}");
  const auto run = [&] { return head->forward({{"features", features()}}); };
  head->train();
  const auto trained = run();
  head->eval();
  EXPECT_FALSE(at::equal(trained, run()));
  EXPECT_TRUE(at::equal(run(), run()));
}

TEST(GcnHead, RefusesAFeatureThatTheBackboneHasNot) {
  EXPECT_EQ(thrown_message<ConfigError>([] { head_of("{type: gcn, feature: fine}"); }),
            "head: the backbone has no feature 'fine'; expected one of: features\n"
            "  Set the head's 'feature'.");
}

}  // namespace
}  // namespace kinegraph
