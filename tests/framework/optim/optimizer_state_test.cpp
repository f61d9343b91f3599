// State of optimizers, and what Optimizer does for all of them.
#include <torch/nn/module.h>  // clip_grad.h lacks it
#include <torch/nn/utils/clip_grad.h>

#include "framework/run/checkpoint_file.h"
#include "tests/framework/optim/toy_optimizer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

using States = std::map<std::string, Optimizer::State>;

class OptimizerState : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, OptimizerState, testing::Values("sgd", "adam", "adamw"),
                         [](const auto& info) { return info.param; });

/// As checkpoints keep it.
States through_a_file(const States& states) {
  const TempDir folder;
  CheckpointMap map;
  for (const auto& [parameter, state] : states) {
    CheckpointMap tensors;
    for (const auto& [name, tensor] : state) tensors.emplace_back(name, tensor);
    map.emplace_back(parameter, tensors);
  }
  write_checkpoint_file(folder / "state.pth", map);
  const CheckpointValue root = read_checkpoint_file(folder / "state.pth");
  States read;
  for (const auto& [parameter, state] : *root.get<CheckpointMap>())
    for (const auto& [name, tensor] : *state.get<CheckpointMap>())
      read[parameter][name] = *tensor.get<at::Tensor>();
  return read;
}

TEST_P(OptimizerState, SurvivesAFileAndGoesOnBitEqual) {
  const Problem whole, halves;
  const auto first = make_component<Optimizer>(GetParam(), whole.context());
  const auto second = make_component<Optimizer>(GetParam(), halves.context());
  const auto third = make_component<Optimizer>(GetParam(), halves.context());
  for (int step = 0; step < 6; ++step) whole.step(*first, 0.01);
  for (int step = 0; step < 3; ++step) halves.step(*second, 0.01);
  third->load_state(through_a_file(second->state()));
  for (int step = 0; step < 3; ++step) halves.step(*third, 0.01);
  EXPECT_TRUE(at::equal(whole.weight, halves.weight));
  EXPECT_TRUE(at::equal(whole.bias, halves.bias));
}

TEST_P(OptimizerState, HasTheNamesItSays) {
  const Problem problem;
  const auto optimizer = make_component<Optimizer>(GetParam(), problem.context());
  problem.step(*optimizer);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : optimizer->state().at("fc.weight")) names.push_back(name);
  EXPECT_EQ(names, optimizer->state_names());
}

TEST_P(OptimizerState, IsACopyOfWhatWasLoaded) {
  const Problem problem;
  const auto first = make_component<Optimizer>(GetParam(), problem.context());
  problem.step(*first);
  const auto second = make_component<Optimizer>(GetParam(), problem.context());
  second->load_state(first->state());
  const auto& [name, tensor] = *first->state().at("fc.weight").begin();
  EXPECT_NE(second->state().at("fc.weight").at(name).data_ptr(), tensor.data_ptr());
}

std::string load_error(const std::string& yaml, const States& states) {
  const Problem problem;
  const auto optimizer = make_component<Optimizer>(yaml, problem.context());
  problem.step(*optimizer);
  const std::string before = c10::str(optimizer->state().at("fc.weight").begin()->second);
  const std::string message = thrown_message<DataError>([&] { optimizer->load_state(states); });
  EXPECT_EQ(c10::str(optimizer->state().at("fc.weight").begin()->second), before);
  return message;
}

TEST(OptimizerLoadState, RefusesAnUnknownParameter) {
  EXPECT_EQ(load_error("sgd", {{"fc.weights", {{"momentum", at::zeros({3, 2})}}}}),
            "optimizer state: a parameter 'fc.weights'; expected only parameters of this model\n"
            "  Is this checkpoint of this model?");
}

TEST(OptimizerLoadState, RefusesAnotherShape) {
  EXPECT_EQ(load_error("sgd", {{"fc.weight", {{"momentum", at::zeros({2, 3})}}}}),
            "optimizer state of 'fc.weight': 'momentum' of shape [2, 3]; expected the parameter's "
            "shape [3, 2]\n"
            "  Is this checkpoint of this model?");
}

TEST(OptimizerLoadState, RefusesASingleNumberForAShape) {
  EXPECT_EQ(load_error("sgd", {{"fc.weight", {{"momentum", at::zeros({}, at::kDouble)}}}}),
            "optimizer state of 'fc.weight': 'momentum' of shape []; expected the parameter's "
            "shape [3, 2]\n"
            "  Is this checkpoint of this model?");
}

TEST(OptimizerLoadState, RefusesAnotherType) {
  EXPECT_EQ(load_error("sgd", {{"fc.weight", {{"momentum", at::zeros({3, 2}, at::kLong)}}}}),
            "optimizer state of 'fc.weight': 'momentum' of type Long; expected the parameter's "
            "type Double\n"
            "  Is this checkpoint of this model?");
}

TEST(OptimizerLoadState, RefusesStepsThatAreNoCount) {
  const auto zeros = at::zeros({3, 2}, at::kDouble);
  EXPECT_EQ(
      load_error(
          "adam",
          {{"fc.weight",
            {{"mean", zeros}, {"mean_square", zeros}, {"step", at::zeros({}, at::kDouble)}}}}),
      "optimizer state of 'fc.weight': 'step' of type Double; expected type Long\n"
      "  Is this checkpoint of this model?");
}

TEST(OptimizerLoadState, NamesTheFile) {
  const Problem problem;
  const auto optimizer = make_component<Optimizer>("sgd", problem.context());
  EXPECT_EQ(thrown_message<DataError>([&] {
              optimizer->load_state({{"fc.bias", {{"momentum", at::zeros({3})}}}}, "a.pth");
            }),
            "a.pth: optimizer state of 'fc.bias': 'momentum' of shape [3]; expected the "
            "parameter's shape [2]\n"
            "  Is this checkpoint of this model?");
}

TEST(OptimizerLoadState, RefusesTheStateOfAnotherOptimizer) {
  EXPECT_EQ(load_error("adam", {{"fc.bias", {{"momentum", at::zeros({2})}}}}),
            "optimizer state of 'fc.bias': momentum; expected mean, mean_square, step\n"
            "  Resume with the optimizer that the run began with.");
}

TEST(OptimizerLoadState, RefusesMomentumWhereThereIsNone) {
  const Problem problem;
  const auto optimizer = make_component<Optimizer>("{type: sgd, momentum: 0}", problem.context());
  EXPECT_EQ(thrown_message<DataError>([&] {
              optimizer->load_state({{"fc.bias", {{"momentum", at::zeros({2})}}}});
            }),
            "optimizer state of 'fc.bias': momentum; expected nothing\n"
            "  Resume with the optimizer that the run began with.");
}

class GradientClipping : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(, GradientClipping, testing::Values(0.5, 3.0, 1e6));

TEST_P(GradientClipping, EqualsTorch) {
  const Problem ours, theirs;
  const auto optimizer = make_component<Optimizer>("sgd", ours.context());
  ours.backward();
  theirs.backward();
  const double norm = optimizer->clip_gradients(GetParam());
  const double expected =
      torch::nn::utils::clip_grad_norm_({theirs.weight, theirs.bias}, GetParam());
  EXPECT_NEAR(norm, expected, 1e-12 * expected);
  EXPECT_TRUE(at::allclose(ours.weight.grad(), theirs.weight.grad(), 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(ours.bias.grad(), theirs.bias.grad(), 1e-12, 1e-12));
}

TEST(Optimizer, LeavesSmallGradientsBitEqualWhenClipping) {
  const Problem problem;
  const auto optimizer = make_component<Optimizer>("sgd", problem.context());
  problem.backward();
  const at::Tensor before = problem.weight.grad().clone();
  optimizer->clip_gradients(1e6);
  EXPECT_TRUE(at::equal(problem.weight.grad(), before));
}

}  // namespace
}  // namespace kinegraph
