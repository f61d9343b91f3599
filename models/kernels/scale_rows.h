#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// relu(rows * scale + shift + add) on the CPU, float32 and float64, without gradients: a BatchNorm
/// in evaluation. rows (R, C), neighbouring channels side by side; scale, shift (C); `add` dense
/// (R, C) or undefined. Returns (R, C).
at::Tensor scale_rows(const at::Tensor& rows, const at::Tensor& scale, const at::Tensor& shift,
                      const at::Tensor& add, bool relu);

}  // namespace kinegraph
