#include "models/kernels/pointwise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

/// Rows of several blocks, rows, inputs, outputs; and few of everything.
const std::vector<std::vector<int64_t>> kSizes{{9000, 7, 12}, {1030, 3, 5}, {2, 4, 1}};

/// rows, weight, bias.
std::vector<at::Tensor> random_case(const std::vector<int64_t>& s, at::ScalarType type) {
  return {at::randn({s[0], s[1]}, at::kDouble).to(type),
          at::randn({s[2], s[1]}, at::kDouble).to(type), at::randn({s[2]}, at::kDouble).to(type)};
}

at::Tensor by_blocks(const std::vector<at::Tensor>& v) { return linear_rows(v[0], v[1], v[2]); }
at::Tensor without_bias(const std::vector<at::Tensor>& v) { return linear_rows(v[0], v[1], {}); }
at::Tensor definition(const std::vector<at::Tensor>& v) { return at::linear(v[0], v[1], v[2]); }
at::Tensor definition_without_bias(const std::vector<at::Tensor>& v) {
  return at::linear(v[0], v[1]);
}

TEST(LinearRows, IsTheLinearLayer) {
  at::manual_seed(1);
  for (const auto& sizes : kSizes) {
    expect_alike(by_blocks, definition, random_case(sizes, at::kDouble), 1e-13);
    expect_alike(by_blocks, definition, random_case(sizes, at::kFloat), 1e-5);
  }
}

TEST(LinearRows, NeedsNoBias) {
  auto variables = random_case(kSizes[0], at::kDouble);
  variables.pop_back();
  expect_alike(without_bias, definition_without_bias, variables, 1e-13);
}

TEST(LinearRows, IsTheSameForTwoThreads) {
  for (const auto type : {at::kFloat, at::kDouble})
    expect_same_bits_for_two_threads(by_blocks, random_case(kSizes[0], type));
}

TEST(LinearRows, TakesFrozenWeights) {
  const auto v = random_case(kSizes[1], at::kDouble);
  const auto rows = v[0].clone().set_requires_grad(true);
  linear_rows(rows, v[1], v[2]).sum().backward();
  EXPECT_TRUE(at::allclose(rows.grad(), v[1].sum(0).expand_as(rows)));
}

TEST(Pointwise, TakesGradientsOfOneChannelInAnyOrder) {
  at::manual_seed(1);
  const auto x = at::randn({2, 16, 7, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto weight = at::randn({1, 16, 1, 1}).set_requires_grad(true);
  const auto upstream = at::randn({2, 1, 7, 4});
  pointwise(x, weight, {}, 1).backward(upstream);
  const auto expected = (x * upstream).sum(at::IntArrayRef({0, 2, 3})).view({1, 16, 1, 1});
  EXPECT_TRUE(at::allclose(weight.grad(), expected, 1e-4, 1e-5));
}

TEST(Pointwise, TakesEverySecondFrame) {
  at::manual_seed(1);
  const std::vector<at::Tensor> variables{
      at::randn({2, 3, 7, 4}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast),
      at::randn({5, 3, 1, 1}, at::kDouble), at::randn({5}, at::kDouble)};
  expect_alike([](const auto& v) { return pointwise(v[0], v[1], v[2], 2); },
               [](const auto& v) {
                 return at::conv2d(v[0], v[1], v[2], {2, 1});
               },
               variables, 1e-13);
}

}  // namespace
}  // namespace kinegraph
