#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include "models/layers/norm.h"

namespace kinegraph {

/// Gives members the names that they have in a published state_dict.
class NamedGroup : public torch::nn::Module {};

/// 1x1 convolution: one matrix for every joint and frame.
torch::nn::Conv2d pointwise_conv(int64_t in, int64_t out, int64_t stride = 1);

/// He initialisation by the outputs, N(0, sqrt(2 / (C_out * kernel))), and bias 0.
void init_fan_out(torch::nn::Conv2d& conv);

struct TemporalConvOptions {
  int64_t in_channels = 64, out_channels = 64, kernel = 9, stride = 1, dilation = 1;
  bool has_norm = true;
};

/// Convolution along time with the padding that keeps T, then BatchNorm: "unit_tcn".
/// With kernel 1 it is the projection of a residual path.
class TemporalConvImpl : public torch::nn::Module {
 public:
  explicit TemporalConvImpl(const TemporalConvOptions& options);
  /// (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V)
  at::Tensor forward(const at::Tensor& x);

  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d bn{nullptr};  // empty without has_norm
};
TORCH_MODULE(TemporalConv);

/// 1x1 convolution and BatchNorm under the published names `0` and `1`.
class ProjectionImpl : public torch::nn::Module {
 public:
  ProjectionImpl(int64_t in, int64_t out, int64_t stride = 1);
  at::Tensor forward(const at::Tensor& x);

  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d bn{nullptr};
};
TORCH_MODULE(Projection);

}  // namespace kinegraph
