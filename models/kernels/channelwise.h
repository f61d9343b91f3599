#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[n,c,t,w] = sum_k sum_u x[n,k*C+c,t,u] * graphs[k][n,c,u,w]: every channel has its own graph.
///
/// x: (N, K*C, T, U); graphs: K times (N, C, U, W); all differentiable. Best in channels_last
/// memory; the graphs may then be transposed in U and W without a copy. Returns (N, C, T, W),
/// channels_last.
at::Tensor aggregate_channelwise(const at::Tensor& x, at::TensorList graphs);

}  // namespace kinegraph
