#pragma once

#include <ATen/core/Tensor.h>

#include "models/kernels/remake.h"

namespace kinegraph {

/// out[n,t] = sum_s graph[s] @ rows[n,t] @ weight[:, s]^T + bias: all scales of a graph convolution
/// as one sum; differentiable.
///
/// graph: (S, R, P); rows: (N, T, P, C_in); weight: (C_out, S, C_in); bias: (C_out). Returns
/// (N, T, R, C_out).
///
/// `remake`, if any, makes the rows for the backward pass, which keeps them otherwise.
///
/// On the CPU what lies between the two products, S times as large as the result, is made for a few
/// frames and channels at a time and never leaves the cache. The backward pass takes the products
/// in the other order (first the weight, then the graph), so that it needs nothing of it either.
at::Tensor multi_scale_matmul(const at::Tensor& graph, const at::Tensor& rows,
                              const at::Tensor& weight, const at::Tensor& bias,
                              const Remake& remake = {});

/// relu(multi_scale_matmul()) in one pass, without gradients.
at::Tensor multi_scale_matmul_relu(const at::Tensor& graph, const at::Tensor& rows,
                                   const at::Tensor& weight, const at::Tensor& bias);

}  // namespace kinegraph
