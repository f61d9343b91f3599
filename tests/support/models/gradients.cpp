#include "tests/support/models/gradients.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace kinegraph {
namespace {

at::Tensor upstream_of(const at::Tensor& result) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
  return at::randn(result.sizes(), generator, at::kDouble).to(result.scalar_type());
}

std::vector<at::Tensor> leaves_of(const std::vector<at::Tensor>& variables) {
  std::vector<at::Tensor> leaves;
  for (const auto& variable : variables) leaves.push_back(variable.detach().requires_grad_());
  return leaves;
}

}  // namespace

double error_of(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

at::Tensor numerical_gradient(at::Tensor variable, const std::function<at::Tensor()>& value) {
  constexpr double kStep = 1e-4;
  const at::NoGradGuard no_grad;
  const auto gradient = at::empty_like(variable, at::MemoryFormat::Contiguous);
  auto flat = variable.view({-1});
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double middle = flat[i].item<double>();
    flat[i] = middle + kStep;
    const auto above = value();
    flat[i] = middle - kStep;
    const auto below = value();
    flat[i] = middle;
    gradient.view({-1})[i] = (above - below) / (2 * kStep);
  }
  return gradient;
}

std::vector<at::Tensor> result_and_gradients(const TensorFunction& function,
                                             const std::vector<at::Tensor>& variables) {
  const auto leaves = leaves_of(variables);
  const auto result = function(leaves);
  result.backward(upstream_of(result));
  std::vector<at::Tensor> all{result.detach()};
  for (const auto& leaf : leaves) all.push_back(leaf.grad());
  return all;
}

void expect_alike(const TensorFunction& function, const TensorFunction& expected,
                  const std::vector<at::Tensor>& variables, double tolerance) {
  const auto actual = result_and_gradients(function, variables);
  const auto right = result_and_gradients(expected, variables);
  for (size_t i = 0; i < right.size(); ++i) {
    ASSERT_EQ(actual[i].sizes(), right[i].sizes()) << "tensor " << i;
    EXPECT_LE(error_of(actual[i], right[i]), tolerance)
        << "tensor " << i << " of sizes " << right[i].sizes();
  }
}

void expect_numerical_gradients(const TensorFunction& function,
                                const std::vector<at::Tensor>& variables) {
  const auto leaves = leaves_of(variables);
  const auto upstream = upstream_of(function(leaves));
  const auto value = [&] { return (function(leaves) * upstream).sum(); };
  value().backward();
  for (const auto& leaf : leaves)
    EXPECT_LE(error_of(leaf.grad(), numerical_gradient(leaf, value)), 1e-8) << leaf.sizes();
}

void expect_same_bits_for_two_threads(const TensorFunction& function,
                                      const std::vector<at::Tensor>& variables) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto serial = result_and_gradients(function, variables);
  at::set_num_threads(2);
  const auto parallel = result_and_gradients(function, variables);
  at::set_num_threads(threads);
  for (size_t i = 0; i < serial.size(); ++i)
    EXPECT_TRUE(at::equal(serial[i], parallel[i])) << "tensor " << i;
}

}  // namespace kinegraph
