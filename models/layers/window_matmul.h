#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[n,t] = matrix @ (rows of the `window` frames around frame t * stride), frames outside the
/// clip being 0; differentiable.
///
/// rows: (N, T, P, C), P rows of C channels a frame; matrix: (R, window * P), column f*P+p for row
/// p of the window's frame f; window odd. Returns (N, ceil(T / stride), R, C).
///
/// On the CPU no window is ever copied out of `rows`: neighbouring windows overlap, so the copies
/// would take window / stride times their memory.
at::Tensor window_matmul(const at::Tensor& matrix, const at::Tensor& rows, int64_t window,
                         int64_t stride);

}  // namespace kinegraph
