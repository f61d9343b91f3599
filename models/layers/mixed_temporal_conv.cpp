#include "models/layers/mixed_temporal_conv.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <utility>

#include "framework/base/error.h"
#include "models/kernels/dropout.h"

namespace kinegraph {

MixedTemporalConv::MixedTemporalConv(const MixedTemporalOptions& options, const UnitShape& shape,
                                     int64_t joints)
    : branches_(options.branches, shape.out_channels, shape.out_channels, shape.stride),
      dropout_(options.dropout) {
  const int64_t channels = shape.out_channels;
  if (options.has_global_joint) add_coeff_ = register_parameter("add_coeff", at::zeros({joints}));
  for (const auto& item : branches_->named_children()) register_module(item.key(), item.value());
  auto transform = register_module("transform", std::make_shared<NamedGroup>());
  transform_norm_ = transform->register_module("0", torch::nn::BatchNorm2d(channels));
  transform_conv_ = transform->register_module("2", pointwise_conv(channels, channels));
  bn_ = register_module("bn", torch::nn::BatchNorm2d(channels));
}

at::Tensor MixedTemporalConv::branch(const at::Tensor& x) {
  if (!add_coeff_.defined()) return branches_(x, Finish{});
  const int64_t joints = x.size(3);
  const auto y = branches_(at::cat({x, x.mean(3, /*keepdim=*/true)}, 3), Finish{});
  return y.narrow(3, 0, joints) + y.narrow(3, joints, 1) * add_coeff_;
}

at::Tensor MixedTemporalConv::forward(const at::Tensor& x) { return forward_finished(x, {}); }

at::Tensor MixedTemporalConv::forward_finished(const at::Tensor& x, const Finish& finish) {
  const auto active = norm(branch(x), {transform_norm_}, Finish{{}, /*relu=*/true});
  if (dropout_ == 0 || !is_training()) return conv_norm(active, transform_conv_, bn_, finish);
  return finished(parallel_dropout(conv_norm(active, transform_conv_, bn_), dropout_, true),
                  finish);
}

std::function<std::shared_ptr<Layer>(const UnitShape&)> mixed_temporal_parts(
    MixedTemporalOptions options, int64_t joints, const std::string& backbone) {
  if (options.branches.kernel % 2 == 0)
    throw ConfigError(fmt::format("backbone '{}': 'temporal_kernel' must be odd", backbone));
  const double dropout = std::exchange(options.dropout, 0);
  return [=](const UnitShape& shape) mutable {
    const auto part = std::make_shared<MixedTemporalConv>(options, shape, joints);
    options.dropout = dropout;
    return part;
  };
}

}  // namespace kinegraph
