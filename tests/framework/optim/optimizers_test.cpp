// Every optimizer against torch::optim's, step by step.
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <functional>

#include "tests/framework/optim/toy_optimizer.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

using TorchOptimizer = std::unique_ptr<torch::optim::Optimizer>;
using Parameters = std::vector<at::Tensor>;

struct Pair {
  std::string name, ours;
  std::function<TorchOptimizer(const Parameters&)> theirs;
};

void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.name; }

TorchOptimizer sgd(const Parameters& parameters, double momentum, bool nesterov, double decay) {
  return std::make_unique<torch::optim::SGD>(
      parameters,
      torch::optim::SGDOptions(0.01).momentum(momentum).nesterov(nesterov).weight_decay(decay));
}

TorchOptimizer adam(const Parameters& parameters, double decay) {
  auto options = torch::optim::AdamOptions(0.05).betas({0.8, 0.95}).eps(1e-6).weight_decay(decay);
  return std::make_unique<torch::optim::Adam>(parameters, options);
}

TorchOptimizer adamw(const Parameters& parameters, double decay) {
  auto options = torch::optim::AdamWOptions(0.05).betas({0.8, 0.95}).eps(1e-6).weight_decay(decay);
  return std::make_unique<torch::optim::AdamW>(parameters, options);
}

const std::string kAdamRest = "learning_rate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, ";

std::vector<Pair> pairs() {
  const std::string sgd_rest = "{type: sgd, learning_rate: 0.01, ";
  return {
      {"plain_sgd", sgd_rest + "momentum: 0, nesterov: false, weight_decay: 0}",
       [](const Parameters& p) { return sgd(p, 0, false, 0); }},
      {"sgd_with_decay", sgd_rest + "momentum: 0, nesterov: false, weight_decay: 0.1}",
       [](const Parameters& p) { return sgd(p, 0, false, 0.1); }},
      {"sgd_with_momentum", sgd_rest + "momentum: 0.9, nesterov: false, weight_decay: 0}",
       [](const Parameters& p) { return sgd(p, 0.9, false, 0); }},
      {"nesterov_with_decay", sgd_rest + "momentum: 0.9, nesterov: true, weight_decay: 0.1}",
       [](const Parameters& p) { return sgd(p, 0.9, true, 0.1); }},
      {"adam", "{type: adam, " + kAdamRest + "weight_decay: 0}",
       [](const Parameters& p) { return adam(p, 0); }},
      {"adam_with_penalty", "{type: adam, " + kAdamRest + "weight_decay: 0.1}",
       [](const Parameters& p) { return adam(p, 0.1); }},
      {"adamw", "{type: adamw, " + kAdamRest + "weight_decay: 0.1}",
       [](const Parameters& p) { return adamw(p, 0.1); }},
  };
}

class OptimizerParity : public testing::TestWithParam<Pair> {};
INSTANTIATE_TEST_SUITE_P(, OptimizerParity, testing::ValuesIn(pairs()),
                         [](const auto& info) { return info.param.name; });

TEST_P(OptimizerParity, EqualsTorchForTenSteps) {
  const Problem ours, theirs;
  const auto optimizer = make_component<Optimizer>(GetParam().ours, ours.context());
  const auto torch = GetParam().theirs({theirs.weight, theirs.bias});
  for (int step = 0; step < 10; ++step) {
    ours.step(*optimizer);
    torch->zero_grad();
    theirs.backward();
    torch->step();
    ASSERT_TRUE(at::allclose(ours.weight, theirs.weight, 1e-12, 1e-12)) << "step " << step;
    ASSERT_TRUE(at::allclose(ours.bias, theirs.bias, 1e-12, 1e-12)) << "step " << step;
  }
  EXPECT_FALSE(at::equal(ours.weight, Problem().weight));
}

TEST(Optimizer, DefaultsAreThoseOfTheGcnRecipes) {
  const Problem problem;
  EXPECT_EQ(make_component<Optimizer>("sgd", problem.context())->base_learning_rate(), 0.1);
  EXPECT_EQ(make_component<Optimizer>("adam", problem.context())->base_learning_rate(), 1e-3);
  EXPECT_EQ(make_component<Optimizer>("adamw", problem.context())->base_learning_rate(), 1e-3);
}

/// Weight and bias after one step with `options` of sgd.
std::pair<at::Tensor, at::Tensor> after_sgd(const std::string& options) {
  const Problem problem;
  problem.step(*make_component<Optimizer>("{type: sgd, learning_rate: 0.01, " + options + "}",
                                          problem.context()));
  return {problem.weight.detach(), problem.bias.detach()};
}

TEST(Sgd, DecaysANamedParameterByItsOwnPenalty) {
  const auto named = after_sgd("weight_decay: 0.1, weight_decay_of: {bias: 0, fc: 0.5}");
  EXPECT_TRUE(
      at::equal(named.first, after_sgd("weight_decay: 0, weight_decay_of: {weight: 0.5}").first));
  EXPECT_FALSE(at::equal(named.first, after_sgd("weight_decay: 0.1").first));
}

TEST(Sgd, DecaysTheOthersAsUsual) {
  const auto all = after_sgd("weight_decay: 0.1");
  const auto named = after_sgd("weight_decay: 0.1, weight_decay_of: {bias: 0}");
  EXPECT_TRUE(at::equal(named.first, all.first));
  EXPECT_TRUE(at::equal(named.second, after_sgd("weight_decay: 0").second));
  EXPECT_FALSE(at::equal(named.second, all.second));
}

TEST(Sgd, RefusesADecayOfAnUnknownParameter) {
  const Problem problem;
  const auto message = thrown_message<ConfigError>([&] {
    make_component<Optimizer>("{type: sgd, weight_decay_of: {Mask: 0}}", problem.context());
  });
  EXPECT_EQ(message,
            "optimizer 'sgd': weight_decay_of 'Mask': no parameter's name has this part; expected "
            "a part of one\n  Correct it, or remove it.");
}

TEST(Sgd, RefusesANegativeDecay) {
  const Problem problem;
  const auto message = thrown_message<ConfigError>([&] {
    make_component<Optimizer>("{type: sgd, weight_decay_of: {bias: -1}}", problem.context());
  });
  EXPECT_EQ(message, "optimizer 'sgd': weight_decay_of 'bias': -1; expected at least 0");
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  const Problem problem;
  const auto optimizer = make_component<Optimizer>("sgd", problem.context());
  const at::Tensor before = problem.bias.detach().clone();
  optimizer->set_learning_rate(1);
  problem.x.mm(problem.weight).sum().backward();
  optimizer->step();
  EXPECT_TRUE(at::equal(problem.bias, before));
  EXPECT_EQ(optimizer->state().count("fc.bias"), 0u);
  EXPECT_EQ(optimizer->state().count("fc.weight"), 1u);
}

}  // namespace
}  // namespace kinegraph
