// Gradients of a differentiable function of several tensors, and how far results lie apart.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace kinegraph {

/// The greatest difference, relative to the greatest expected value.
double error_of(const at::Tensor& actual, const at::Tensor& expected);

/// Slope of `value` in every element of `variable`, which it reads, by central differences.
at::Tensor numerical_gradient(at::Tensor variable, const std::function<at::Tensor()>& value);

/// Function of several tensors with one result.
using TensorFunction = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

/// The result, then the gradients of all variables under an upstream gradient that is alike for
/// equal results' shapes.
std::vector<at::Tensor> result_and_gradients(const TensorFunction& function,
                                             const std::vector<at::Tensor>& variables);

/// `function` and its gradients equal `expected` and its gradients to `tolerance`.
void expect_alike(const TensorFunction& function, const TensorFunction& expected,
                  const std::vector<at::Tensor>& variables, double tolerance);

/// The gradients of `function` equal finite differences. Variables: float64.
void expect_numerical_gradients(const TensorFunction& function,
                                const std::vector<at::Tensor>& variables);

/// The result and the gradients have the same bits for one and for two threads.
void expect_same_bits_for_two_threads(const TensorFunction& function,
                                      const std::vector<at::Tensor>& variables);

}  // namespace kinegraph
