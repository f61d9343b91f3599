#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <vector>

#include "models/kernels/pointwise.h"

namespace kinegraph {

using Norms = std::vector<torch::nn::BatchNorm2d>;

/// relu(y + add).
at::Tensor finished(const at::Tensor& y, const Finish& finish);

/// relu(BatchNorm(x) + add): several norms stand side by side over the channels and must share
/// mode, momentum and epsilon. x: (N, C, T, V), best channels_last or a channel range of that.
/// Returns (N, C, T, V).
at::Tensor norm(const at::Tensor& x, const Norms& norms, const Finish& finish = {});

/// norm() of the channels that the norms have, and a view of those behind.
struct NormedAndRest {
  at::Tensor normed, rest;  // `rest` is undefined where x has no others
};
NormedAndRest norm_first(const at::Tensor& x, const Norms& norms, const Finish& finish);

/// What a BatchNorm in evaluation does: x * scale + shift, each (C), float64.
struct ScaleShift {
  at::Tensor scale, shift;
};
ScaleShift scale_shift(const Norms& norms);

/// weight * scale, bias * scale + shift: the linear layer with the norm in it. weight: (C, ...),
/// bias: (..., C) or undefined.
struct FoldedWeights {
  at::Tensor weight, bias;
};
FoldedWeights fold(const at::Tensor& weight, const at::Tensor& bias, const Norms& norms);

/// Evaluation without gradients and without a trace: nobody sees what lies between, so layers may
/// be merged, such as a norm into the linear layer before it.
bool is_plain_evaluation(const torch::nn::Module& module);

/// conv(x): 1x1 convolutions as pointwise(), wide ones over frames as tiled_conv(), others by
/// LibTorch.
at::Tensor convolve(const at::Tensor& x, const torch::nn::Conv2d& conv);

/// relu(BatchNorm(conv(x)) + add), the norm folded into the weights where it may be. Ioffe &
/// Szegedy 2015.
at::Tensor conv_norm(const at::Tensor& x, const torch::nn::Conv2d& conv,
                     const torch::nn::BatchNorm2d& bn, const Finish& finish = {});

}  // namespace kinegraph
