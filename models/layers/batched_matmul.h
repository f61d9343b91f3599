#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[b] = x[b] @ y[b] for x (B, m, k) and y (B, k, n); differentiable.
///
/// On the CPU the products of a batch run in parallel: without MKL, at::bmm computes them one after
/// another on one thread.
at::Tensor batched_matmul(const at::Tensor& x, const at::Tensor& y);

}  // namespace kinegraph
