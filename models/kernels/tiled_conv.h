#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// Convolution over frames with stride 1 or 2 and a padding of half the kernel; differentiable.
///
/// x: (N, C_in, T, V), best channels_last; weight: (C_out, C_in, kernel, 1), kernel odd;
/// bias: (C_out) or undefined. Returns (N, C_out, ceil(T / stride), V), channels_last.
///
/// Nine taps take 25 products for 9 frames instead of 81 (tile_sizes()). With stride 2, the even
/// and the odd taps each are a filter with stride 1 along every other frame: 38 products for 9
/// frames. In float32 the error is about ten times that of the definition.
at::Tensor tiled_conv(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      int64_t stride);

/// Whether tiled_conv() can do it, and faster than LibTorch's convolution.
bool is_for_tiled_conv(const at::Tensor& x, const at::Tensor& weight, int64_t stride);

}  // namespace kinegraph
