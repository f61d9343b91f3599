#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[n,t,w,o] = sum_k sum_c weight[o,k*C+c] * sum_v x[n,t,v,c] A[k,v,w] + bias[w,o] on the CPU,
/// a few frames at a time, so that the K*C gathered channels never leave the cache. The backward
/// pass gathers again.
///
/// rows: (N, T, V, C), best with adjacent channels; matrix: A as (V*K, V) with row w*K+k, or
/// (N, V*K, V) with graphs for every clip; weight: (C_out, K*C); bias: (V, C_out). All are
/// differentiable; float32 and float64. Returns (N, T, V, C_out), contiguous.
at::Tensor gather_and_mix(const at::Tensor& rows, const at::Tensor& matrix,
                          const at::Tensor& weight, const at::Tensor& bias);

}  // namespace kinegraph
