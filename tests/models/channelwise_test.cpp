#include "models/kernels/channelwise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

struct Sizes {
  int64_t clips, subsets, channels, frames, inputs, outputs;
};

/// Whole tiles and registers, remainders of both, and the least of everything.
const std::vector<Sizes> kSizes{{2, 3, 64, 8, 25, 25}, {3, 1, 3, 1, 17, 17}, {1, 2, 70, 5, 7, 4},
                                {2, 1, 16, 3, 4, 6},   {1, 1, 1, 1, 1, 1},   {1, 3, 130, 9, 5, 5}};

at::Tensor random(at::IntArrayRef sizes, at::ScalarType type) {
  return at::randn(sizes, at::kDouble).to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

/// x, then the graphs.
std::vector<at::Tensor> random_case(const Sizes& s, at::ScalarType type) {
  std::vector<at::Tensor> variables{
      random({s.clips, s.subsets * s.channels, s.frames, s.inputs}, type)};
  for (int64_t k = 0; k < s.subsets; ++k)
    variables.push_back(random({s.clips, s.channels, s.inputs, s.outputs}, type));
  return variables;
}

at::Tensor aggregated(const std::vector<at::Tensor>& variables) {
  return aggregate_channelwise(variables[0], at::TensorList(variables).slice(1));
}

/// The graphs given as (N, C, W, U).
at::Tensor aggregated_backward(const std::vector<at::Tensor>& variables) {
  std::vector<at::Tensor> graphs;
  for (size_t k = 1; k < variables.size(); ++k) graphs.push_back(variables[k].transpose(2, 3));
  return aggregate_channelwise(variables[0], graphs);
}

at::Tensor definition(const std::vector<at::Tensor>& variables) {
  at::Tensor sum;
  const auto parts = variables[0].chunk(static_cast<int64_t>(variables.size()) - 1, 1);
  for (size_t k = 0; k < parts.size(); ++k) {
    const auto part = at::einsum("nctu,ncuw->nctw", {parts[k], variables[k + 1]});
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

void expect_definition(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  for (const auto& sizes : kSizes)
    expect_alike(aggregated, definition, random_case(sizes, type), tolerance);
}

TEST(AggregateChannelwise, GivesTheSumsOfItsDefinitionInFloat64) {
  expect_definition(at::kDouble, 1e-13);
}

TEST(AggregateChannelwise, GivesTheSumsOfItsDefinitionInFloat32) {
  expect_definition(at::kFloat, 1e-5);
}

TEST(AggregateChannelwise, TakesTransposedGraphs) {
  at::manual_seed(2);
  const auto variables = random_case({2, 3, 20, 4, 6, 6}, at::kDouble);
  expect_alike(
      aggregated_backward,
      [](const auto& v) {
        return definition({v[0], v[1].transpose(2, 3), v[2].transpose(2, 3), v[3].transpose(2, 3)});
      },
      variables, 1e-13);
}

TEST(AggregateChannelwise, TakesTensorsInAnyMemoryOrder) {
  at::manual_seed(3);
  auto variables = random_case({2, 2, 20, 4, 6, 7}, at::kDouble);
  const auto expected = result_and_gradients(aggregated, variables);
  variables[0] = variables[0].contiguous();
  variables[2] = variables[2].contiguous();
  const auto actual = result_and_gradients(aggregated, variables);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(actual[i], expected[i])) << i;
}

TEST(AggregateChannelwise, GradientsEqualFiniteDifferences) {
  at::manual_seed(4);
  auto variables = random_case({2, 2, 3, 3, 4, 5}, at::kDouble);
  for (auto& variable : variables) variable = variable.contiguous();
  expect_numerical_gradients(aggregated, variables);
}

TEST(AggregateChannelwise, GivesTheSameBitsForOneAndTwoThreads) {
  at::manual_seed(5);
  expect_same_bits_for_two_threads(aggregated, random_case({5, 3, 70, 10, 25, 25}, at::kFloat));
}

TEST(AggregateChannelwise, RefusesGraphsThatDoNotFit) {
  const auto x = at::zeros({2, 8, 3, 5});
  EXPECT_THROW(aggregate_channelwise(x, {at::zeros({2, 4, 5, 5})}), c10::Error);
  EXPECT_THROW(aggregate_channelwise(x, {at::zeros({2, 8, 4, 5})}), c10::Error);
  EXPECT_THROW(aggregate_channelwise(x, {at::zeros({2, 4, 5, 5}), at::zeros({2, 4, 5, 6})}),
               c10::Error);
}

}  // namespace
}  // namespace kinegraph
