#include "models/layers/adaptive_graph_conv.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/init.h>

#include <cmath>

#include "framework/base/error.h"
#include "models/kernels/frame_matmul.h"
#include "models/layers/graph_conv.h"

namespace kinegraph {
namespace {

constexpr double kSmall = 1e-6;  // a unit starts as its residual path

}  // namespace

UnitTrunk make_agcn_trunk(torch::nn::Module& owner, const AgcnOptions& options,
                          const Skeleton& skeleton, const InputShape& input,
                          const std::string& backbone) {
  if (options.temporal_kernel % 2 == 0)
    throw ConfigError(fmt::format("backbone '{}': 'temporal_kernel' must be odd", backbone));
  const auto adjacency =
      owner.register_buffer("const_A", to_tensor(build_graph(skeleton, options.graph)));
  UnitTrunkParts parts;
  parts.channels = options.channels;
  parts.make_spatial = [&](const UnitShape& shape) {
    return std::make_shared<AdaptiveGraphConv>(options, adjacency, shape);
  };
  parts.make_temporal = [&](const UnitShape& shape) {
    return std::make_shared<PlainTemporal>(shape, options.temporal_kernel);
  };
  if (options.init == "authors")
    parts.init_projection = [](TemporalConv& projection) { init_fan_out(projection->conv); };
  return UnitTrunk(owner, input, parts, backbone);
}

AdaptiveGraphConv::AdaptiveGraphConv(const AgcnOptions& options, const at::Tensor& adjacency,
                                     const UnitShape& shape)
    : is_softmax_(options.similarity == "softmax"),
      has_attention_(options.attention),
      inner_(std::max<int64_t>(1, shape.out_channels / 4)) {
  if (is_softmax_) {
    adjacency_ = register_buffer("const_A", adjacency.clone());
    learned_ = register_parameter("PA", at::full_like(adjacency, kSmall));
  } else {
    learned_ = register_parameter("PA", adjacency.clone());
    alpha_ = register_parameter("alpha", at::zeros({1}));
  }
  add_convs(shape);
  if (has_attention_) add_attention(shape.out_channels, adjacency.size(1));
  if (shape.in_channels != shape.out_channels) {
    down_ = register_module("down", Projection(shape.in_channels, shape.out_channels));
    init_fan_out(down_->conv);
  }
  bn_ = register_module("bn", torch::nn::BatchNorm2d(shape.out_channels));
  torch::nn::init::constant_(bn_->weight, kSmall);
}

void AdaptiveGraphConv::add_convs(const UnitShape& shape) {
  const int64_t subsets = learned_.size(0);
  const auto add = [&](const char* name, int64_t out) {
    auto list = register_module(name, std::make_shared<NamedGroup>());
    std::vector<torch::nn::Conv2d> convs;
    for (int64_t k = 0; k < subsets; ++k)
      convs.push_back(
          list->register_module(std::to_string(k), pointwise_conv(shape.in_channels, out)));
    return convs;
  };
  // Each in the order of its published state.
  if (!is_softmax_) conv_d_ = add("conv_d", shape.out_channels);
  conv_a_ = add("conv_a", inner_);
  conv_b_ = add("conv_b", inner_);
  if (is_softmax_) conv_d_ = add("conv_d", shape.out_channels);
  for (auto* convs : {&conv_a_, &conv_b_})
    for (auto& conv : *convs) init_fan_out(conv);
  const auto fan = static_cast<double>(shape.in_channels * shape.out_channels * subsets);
  for (auto& conv : conv_d_) {
    torch::nn::init::normal_(conv->weight, 0, std::sqrt(2 / fan));
    torch::nn::init::zeros_(conv->bias);
  }
}

void AdaptiveGraphConv::add_attention(int64_t channels, int64_t joints) {
  constexpr int64_t kFrames = 9;
  const int64_t kernel = joints % 2 == 0 ? joints - 1 : joints;
  const auto gate = [&](const char* name, int64_t size) {
    return register_module(
        name,
        torch::nn::Conv1d(torch::nn::Conv1dOptions(channels, 1, size).padding((size - 1) / 2)));
  };
  frame_gate_ = gate("conv_ta", kFrames);
  torch::nn::init::zeros_(frame_gate_->weight);
  torch::nn::init::zeros_(frame_gate_->bias);
  joint_gate_ = gate("conv_sa", kernel);
  torch::nn::init::xavier_normal_(joint_gate_->weight);
  torch::nn::init::zeros_(joint_gate_->bias);
  const int64_t squeezed = std::max<int64_t>(1, channels / 2);
  squeeze_ = register_module("fc1c", torch::nn::Linear(channels, squeezed));
  torch::nn::init::kaiming_normal_(squeeze_->weight);
  torch::nn::init::zeros_(squeeze_->bias);
  excite_ = register_module("fc2c", torch::nn::Linear(squeezed, channels));
  torch::nn::init::zeros_(excite_->weight);
  torch::nn::init::zeros_(excite_->bias);
}

/// embedded: (N, 2*K*inner, T, V) with a_0, b_0, a_1, b_1, ... Returns (N, K, V, V).
at::Tensor AdaptiveGraphConv::graphs(const at::Tensor& embedded) const {
  const auto parts = embedded.permute({0, 2, 3, 1}).split(inner_, 3);
  std::vector<at::Tensor> products;
  for (size_t k = 0; 2 * k < parts.size(); ++k)
    products.push_back(frame_products(parts[2 * k], parts[2 * k + 1]));
  const auto similarity = at::stack(products, 1) / static_cast<double>(inner_ * embedded.size(2));
  if (is_softmax_) return at::softmax(similarity, 2) + (adjacency_ + learned_);
  return learned_ + alpha_ * at::tanh(similarity);
}

at::Tensor AdaptiveGraphConv::forward(const at::Tensor& input) {
  const auto x = input.contiguous(at::MemoryFormat::ChannelsLast);
  std::vector<at::Tensor> weights, biases;
  for (size_t k = 0; k < conv_a_.size(); ++k)
    for (const auto* conv : {&conv_a_[k], &conv_b_[k]}) {
      weights.push_back((*conv)->weight);
      biases.push_back((*conv)->bias);
    }
  const auto embedded = at::conv2d(x, at::cat(weights), at::cat(biases));
  weights.clear();
  at::Tensor bias;
  for (const auto& conv : conv_d_) {
    weights.push_back(conv->weight);
    bias = bias.defined() ? bias + conv->bias : conv->bias;
  }
  // sum_k d_k(x G_k) is one convolution over K * C_in channels.
  const auto weight = at::cat(weights, 1).flatten(1);
  const auto sum = mix_neighbours(x, graphs(embedded), weight, bias.expand({x.size(3), -1}));
  const auto y = norm(sum, {bn_}, Finish{down_ ? down_(x) : x, /*relu=*/true});
  return has_attention_ ? attend(y) : y;
}

at::Tensor AdaptiveGraphConv::attend(at::Tensor y) {
  y = y * (at::sigmoid(joint_gate_(y.mean(2))) + 1).unsqueeze(2);
  y = y * (at::sigmoid(frame_gate_(y.mean(3))) + 1).unsqueeze(3);
  const auto gate = at::sigmoid(excite_(at::relu(squeeze_(y.mean({2, 3})))));
  return y * (gate + 1).unsqueeze(2).unsqueeze(3);
}

PlainTemporal::PlainTemporal(const UnitShape& shape, int64_t kernel) {
  TemporalConv layer(
      TemporalConvOptions{shape.out_channels, shape.out_channels, kernel, shape.stride});
  conv_ = register_module("conv", layer->conv);
  bn_ = register_module("bn", layer->bn);
  init_fan_out(conv_);
}

}  // namespace kinegraph
