#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[n,t] = matrix @ (rows of the `window` frames around frame t * stride) + bias, frames outside
/// the clip being 0; differentiable.
///
/// rows: (N, T, P, C), P rows of C channels a frame; matrix: (R, window * P), column f*P+p for row
/// p of the window's frame f; window odd; bias: (C). Returns (N, ceil(T / stride), R, C).
///
/// On the CPU no window is copied out of `rows`: neighbouring windows overlap, so the copies would
/// take window / stride times their memory. Nor is every window multiplied by itself: as all have
/// the same matrix, this is a filter along the frames whose taps are the (R, P) blocks of the
/// matrix, and tile_kernel.h computes it with fewer products. An output frame costs 2.2 products
/// instead of 5 for a window of 5, 3 with stride 2; 1.7 instead of 3 for a window of 3, 2.3 with
/// stride 2.
at::Tensor window_matmul(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& bias,
                         int64_t window, int64_t stride);

/// relu(window_matmul()) in one pass, without gradients.
at::Tensor window_matmul_relu(const at::Tensor& matrix, const at::Tensor& rows,
                              const at::Tensor& bias, int64_t window, int64_t stride);

/// The rows of each window copied side by side: (N, T, P, C) -> (N, ceil(T / stride), window * P,
/// C).
at::Tensor window_rows(const at::Tensor& rows, int64_t window, int64_t stride);

}  // namespace kinegraph
