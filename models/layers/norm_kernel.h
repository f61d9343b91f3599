// BatchNorm over rows of channels on the CPU, float32 and float64. Every tensor of rows is (R, C)
// with neighbouring channels side by side; sums run over a fixed partition of the rows, so the bits
// do not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// (R, C) -> (C).
at::Tensor column_sums(const at::Tensor& rows);

/// Mean and variance (divided by R) of each channel, each (C) float64.
struct Moments {
  at::Tensor mean, variance;
};
Moments moments_of(const at::Tensor& rows);

/// relu(rows * scale + shift + add); scale, shift (C); `add` dense (R, C) or undefined.
at::Tensor scale_rows(const at::Tensor& rows, const at::Tensor& scale, const at::Tensor& shift,
                      const at::Tensor& add, bool relu);

struct NormGradients {
  at::Tensor rows, weight, bias, add;
};

/// Of y = relu(weight * (rows - mean) * inverse_std + bias + add), whose moments come from `rows`.
/// `result` is y where a ReLU was, else undefined; `mean`, `inverse_std` (C) float64. The gradient
/// of `add` is only made when asked for.
NormGradients norm_gradients(const at::Tensor& gradient, const at::Tensor& rows,
                             const at::Tensor& result, const at::Tensor& weight,
                             const at::Tensor& mean, const at::Tensor& inverse_std, bool needs_add);

}  // namespace kinegraph
