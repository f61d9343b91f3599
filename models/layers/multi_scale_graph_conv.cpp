#include "models/layers/multi_scale_graph_conv.h"

#include <ATen/ATen.h>

#include "framework/model/cost_meter.h"
#include "models/kernels/divide_up.h"
#include "models/kernels/multi_scale_matmul.h"
#include "models/kernels/pointwise.h"
#include "models/kernels/rows.h"
#include "models/kernels/window_matmul.h"
#include "models/layers/graph_conv.h"

namespace kinegraph {
namespace {

/// Rows (N, T, V, C) of an (N, C, T, V) tensor, without a copy when it is channels_last.
at::Tensor frame_rows(const at::Tensor& x) { return x.permute({0, 2, 3, 1}); }

at::Tensor from_frame_rows(const at::Tensor& rows) { return rows.permute({0, 3, 1, 2}); }

}  // namespace

MultiScaleGraphConvImpl::MultiScaleGraphConvImpl(const Skeleton& skeleton,
                                                 const MultiScaleGraphOptions& options)
    : options_(options) {
  auto graph_options = options.graph;
  graph_options.window = options.window;
  const Adjacency graph = build_graph(skeleton, graph_options);
  scales_ = graph.partitions;
  joints_ = graph.nodes / options.window;
  // build_graph() has columns receive.
  const auto adjacency = to_tensor(graph);
  fixed_ = register_buffer(
      "const_A", options.receiver == Receiver::kRow
                     ? adjacency.transpose(1, 2).reshape({scales_ * graph.nodes, graph.nodes})
                     : adjacency);
  residual_ = register_parameter("A_res", at::empty_like(fixed_).uniform_(-1e-6, 1e-6));
  auto mlp = register_module("mlp", std::make_shared<NamedGroup>());
  auto layers = mlp->register_module("layers", std::make_shared<NamedGroup>());
  conv_ = layers->register_module(
      "0", pointwise_conv(scales_ * options.in_channels, options.out_channels));
  bn_ = layers->register_module("1", torch::nn::BatchNorm2d(options.out_channels));
}

/// (S, V_to, w_to, w_from, V_from)
at::Tensor MultiScaleGraphConvImpl::effective_graph() const {
  const int64_t w = options_.window, nodes = joints_ * w;
  auto graph = (fixed_ + residual_).view({scales_, nodes, nodes});
  if (options_.receiver == Receiver::kColumn) graph = graph.transpose(1, 2);
  return graph.reshape({scales_, w, joints_, w, joints_}).permute({0, 2, 1, 3, 4});
}

at::Tensor MultiScaleGraphConvImpl::mix_then_gather(const at::Tensor& x, const FoldedWeights& conv,
                                                    bool has_relu) const {
  const int64_t in = options_.in_channels, out = options_.out_channels, w = options_.window;
  const auto weight = conv.weight.view({out, scales_, in});
  const auto rows = frame_rows(x);
  if (w == 1 && options_.stride == 1) {
    const auto graph = effective_graph().reshape({scales_, joints_, joints_});
    return from_frame_rows(has_relu ? multi_scale_matmul_relu(graph, rows, weight, conv.bias)
                                    : multi_scale_matmul(graph, rows, weight, conv.bias,
                                                         followed_by(remake_of(x), frame_rows)));
  }
  // (V_to*w_to, w_from*V_from*S)
  const auto graph =
      effective_graph().permute({1, 2, 3, 4, 0}).reshape({joints_ * w, w * joints_ * scales_});
  const auto mixed =
      linear_rows(rows.reshape({-1, in}), weight.transpose(0, 1).reshape({scales_ * out, in}), {})
          .view({rows.size(0), rows.size(1), joints_ * scales_, out});
  return from_frame_rows(has_relu ? window_matmul_relu(graph, mixed, conv.bias, w, options_.stride)
                                  : window_matmul(graph, mixed, conv.bias, w, options_.stride));
}

at::Tensor MultiScaleGraphConvImpl::gather_then_mix(const at::Tensor& x, const FoldedWeights& conv,
                                                    bool has_relu) const {
  const int64_t in = options_.in_channels, out = options_.out_channels, w = options_.window;
  // (V_to*w_to*S, w_from*V_from)
  const auto graph =
      effective_graph().permute({1, 2, 0, 3, 4}).reshape({joints_ * w * scales_, w * joints_});
  const auto windows = window_rows(frame_rows(x), w, options_.stride).transpose(2, 3);
  const int64_t n = windows.size(0), t = windows.size(1);
  const auto gathered = linear_rows(windows.reshape({n * t * in, w * joints_}), graph, {})
                            .view({n, t, in, joints_ * w, scales_})
                            .transpose(2, 3)
                            .reshape({n * t * joints_ * w, in * scales_});
  const auto image = from_rows(gathered, n, t, joints_ * w);
  const auto weight =
      conv.weight.view({out, scales_, in}).transpose(1, 2).reshape({out, in * scales_, 1, 1});
  return has_relu
             ? pointwise_finished(image, weight, conv.bias, /*stride=*/1, Finish{{}, /*relu=*/true})
             : pointwise(image, weight, conv.bias);
}

at::Tensor MultiScaleGraphConvImpl::forward(const at::Tensor& x) {
  TORCH_CHECK(x.dim() == 4 && x.size(3) == joints_, "multi-scale graph convolution: x ", x.sizes(),
              " is not (N,C,T,V) with ", joints_, " joints");
  // Published: windows unfolded, every scale gathered, then the convolution.
  const int64_t out_frames = divide_up(x.size(2), options_.stride);
  const int64_t nodes = joints_ * options_.window;
  const int64_t gathered = x.size(0) * out_frames * nodes * scales_ * options_.in_channels;
  const PublishedMacs published({gathered * options_.out_channels, gathered * nodes});
  const bool is_finished = is_plain_evaluation(*bn_);
  const auto conv = is_finished ? fold(conv_->weight, conv_->bias, {bn_})
                                : FoldedWeights{conv_->weight, conv_->bias};
  const bool is_mixing_first = 2 * options_.in_channels > options_.out_channels;
  const auto y = is_mixing_first ? mix_then_gather(x, conv, is_finished)
                                 : gather_then_mix(x, conv, is_finished);
  return is_finished ? y : norm(y, {bn_}, Finish{{}, /*relu=*/true});
}

WindowGraphConvImpl::WindowGraphConvImpl(const Skeleton& skeleton, MultiScaleGraphOptions options,
                                         int64_t embedded_channels)
    : window_(options.window) {
  const int64_t out = options.out_channels;
  options.out_channels = embedded_channels;
  auto group = register_module("gcn3d", std::make_shared<NamedGroup>());
  graph_conv_ = group->register_module("1", MultiScaleGraphConv(skeleton, options));
  out_conv_ = register_module("out_conv", torch::nn::Conv3d(torch::nn::Conv3dOptions(
                                              embedded_channels, out, {1, window_, 1})));
  out_bn_ = register_module("out_bn", torch::nn::BatchNorm2d(out));
}

at::Tensor WindowGraphConvImpl::forward(const at::Tensor& x, const Finish& finish) {
  const auto active = graph_conv_(x);  // (N, E, T', V*w)
  const int64_t n = active.size(0), t = active.size(2), v = active.size(3) / window_,
                e = active.size(1);
  // The frames of a joint's window lie side by side, so the convolution is one matrix product.
  const auto rows_of_windows = [rows = n * t * v, width = window_ * e](const at::Tensor& any) {
    return frame_rows(any).reshape({rows, width});
  };
  const int64_t out = out_conv_->weight.size(0);
  // (C_out, E, 1, w, 1) -> (C_out, w*E)
  const auto as_matrix = [&](const at::Tensor& weight) {
    return weight.view({out, e, window_}).transpose(1, 2).reshape({out, window_ * e});
  };
  const PublishedMacs published({n * t * v * window_ * e * out, /*graph=*/0});
  if (is_plain_evaluation(*out_bn_)) {
    const auto [folded, bias] = fold(out_conv_->weight, out_conv_->bias, {out_bn_});
    return pointwise_finished(from_rows(rows_of_windows(active), n, t, v),
                              as_matrix(folded).view({out, window_ * e, 1, 1}), bias,
                              /*stride=*/1, finish);
  }
  const auto weight = as_matrix(out_conv_->weight);
  const auto y = linear_rows(rows_of_windows(active), weight, out_conv_->bias,
                             followed_by(remake_of(active), rows_of_windows));
  return norm(from_rows(y, n, t, v), {out_bn_}, finish);
}

}  // namespace kinegraph
