#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// Convolution over frames with stride 1 and the padding that keeps T; differentiable.
///
/// x: (N, C_in, T, V), best channels_last; weight: (C_out, C_in, kernel, 1), kernel odd; bias:
/// (C_out) or undefined. Returns (N, C_out, T, V), channels_last.
///
/// Three frames at a time from five products instead of nine (tiled_filter()), for every three
/// taps: a kernel of 9 takes 5/9 of the multiplications. A tile of output frames k needs the input
/// tiles k, k+1, ..., one for each three taps, so each of the five products is a convolution over
/// tiles.
at::Tensor tiled_conv(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// Whether tiled_conv() can do it, and faster than LibTorch's convolution.
bool is_for_tiled_conv(const at::Tensor& x, const at::Tensor& weight);

}  // namespace kinegraph
