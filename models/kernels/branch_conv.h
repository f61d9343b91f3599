#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace kinegraph {

/// The branches of a BranchedTemporalConv over time, side by side in the channels of the result;
/// differentiable.
///
/// active: (N, C, T, V), best channels_last; its channels are those of the branches in order.
/// Branch i of dilations.size() is a convolution over frames, weights[i] (w_i, w_i, kernel, 1) with
/// an odd kernel and biases[i] (w_i), that keeps T at stride 1. Channels behind those are max
/// pooled over 3 frames. plain: (N, w_last, ceil(T / stride), V), copied. Returns (N, C + w_last,
/// ceil(T / stride), V), channels_last.
///
/// On the CPU every branch reads and writes its channels where they lie, because LibTorch would
/// reorder memory for each of these narrow convolutions, and copy every part; neither values nor
/// gradients depend on the number of threads.
at::Tensor convolve_branches(const at::Tensor& active, const std::vector<at::Tensor>& weights,
                             const std::vector<at::Tensor>& biases,
                             const std::vector<int64_t>& dilations, int64_t stride,
                             const at::Tensor& plain);

}  // namespace kinegraph
