#include "models/layers/temporal_conv.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>

namespace kinegraph {

torch::nn::Conv2d pointwise_conv(int64_t in, int64_t out, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).stride({stride, 1}));
}

void init_fan_out(torch::nn::Conv2d& conv) {
  torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut);
  torch::nn::init::zeros_(conv->bias);
}

TemporalConvImpl::TemporalConvImpl(const TemporalConvOptions& options) {
  const int64_t padding = (options.kernel - 1) * options.dilation / 2;
  conv = register_module(
      "conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(options.in_channels, options.out_channels,
                                                         {options.kernel, 1})
                                    .stride({options.stride, 1})
                                    .padding({padding, 0})
                                    .dilation({options.dilation, 1})));
  if (options.has_norm) bn = register_module("bn", torch::nn::BatchNorm2d(options.out_channels));
}

at::Tensor TemporalConvImpl::forward(const at::Tensor& x) {
  return bn ? conv_norm(x, conv, bn) : convolve(x, conv);
}

ProjectionImpl::ProjectionImpl(int64_t in, int64_t out, int64_t stride) {
  conv = register_module("0", pointwise_conv(in, out, stride));
  bn = register_module("1", torch::nn::BatchNorm2d(out));
}

at::Tensor ProjectionImpl::forward(const at::Tensor& x) { return conv_norm(x, conv, bn); }

}  // namespace kinegraph
