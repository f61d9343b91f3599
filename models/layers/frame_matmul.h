#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[n,t] = matrix @ rows[n,t] + bias for every frame, differentiable.
/// matrix: (R, P), rows: (N, T, P, C), bias: (C), on the CPU. Returns (N, T, R, C).
at::Tensor frame_matmul(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& bias);

}  // namespace kinegraph
