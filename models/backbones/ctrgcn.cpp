#include <ATen/ATen.h>
#include <torch/nn/init.h>

#include "framework/model/cost_meter.h"
#include "models/kernels/channelwise.h"
#include "models/layers/branched_temporal_conv.h"
#include "models/layers/graph_conv.h"
#include "models/layers/unit_trunk.h"

namespace kinegraph {
namespace {

constexpr double kNormStart = 1e-6;  // a unit starts as its residual path

struct CtrgcnOptions {
  GraphOptions graph;
  std::vector<int64_t> channels = ten_unit_channels();
  std::string receiver = "row";
  bool relu_after_temporal = false;
  TemporalBranches temporal;
  std::string init = "authors";

  CtrgcnOptions() {
    graph.partition = "self_in_out";
    temporal.kernel = 5;
    temporal.dilations = {1, 2};
  }

  template <class Fields>
  void describe(Fields& field) {
    field("graph", graph, "partition of the skeleton graph");
    field("channels", channels, "width of each unit; a unit that widens halves the frames",
          Range{8, 4096});
    field("receiver", receiver,
          "which index of the graph matrix is the joint that receives: row as in the authors' "
          "code, column as in PYSKL's",
          OneOf{{"row", "column"}});
    field("relu_after_temporal", relu_after_temporal,
          "ReLU on the temporal branches before the residual is added, as in PYSKL");
    field("temporal_kernel", temporal.kernel, "frames of the temporal convolutions, odd",
          Range{1, 99});
    field("dilations", temporal.dilations, "of the temporal branches beside pooling and 1x1",
          Range{1, 32});
    field("init", init,
          "how weights start. authors: BatchNorm of the temporal branches N(1, 0.02), projections "
          "of residual paths He by the outputs; pyskl: BatchNorm 1, projections LibTorch's own",
          OneOf{{"authors", "pyskl"}});
  }
};

/// Channel-wise topology refinement (Chen et al., ICCV 2021, eqs. 5-8), summed over K subsets:
///
///   G_k[c,u,v] = alpha * conv4_k(tanh(conv1_k(x)[u] - conv2_k(x)[v]))[c] + PA_k[u,v]
///   y = relu(BatchNorm(sum_k G_k conv3_k(x)) + down(x))
///
/// conv1 and conv2 are averaged over time; with receiver "row" y[u] = sum_v G[u,v] x3[v], with
/// "column" y[v] = sum_u G[u,v] x3[u].
class TopologyRefinement : public Layer {
 public:
  TopologyRefinement(const CtrgcnOptions& options, const at::Tensor& graph, const UnitShape& shape)
      : receives_by_row_(options.receiver == "row") {
    // Chen et al. take the published matrices as they are, whose rows send, with rows receiving.
    learned_ = register_parameter("PA", graph.clone());
    alpha_ = register_parameter("alpha", at::zeros({1}));
    auto list = register_module("convs", std::make_shared<NamedGroup>());
    const int64_t in = shape.in_channels, out = shape.out_channels;
    const int64_t inner = in <= 16 ? 8 : in / 8;
    for (int64_t k = 0; k < graph.size(0); ++k) {
      auto group = list->register_module(std::to_string(k), std::make_shared<NamedGroup>());
      conv1_.push_back(group->register_module("conv1", pointwise_conv(in, inner)));
      conv2_.push_back(group->register_module("conv2", pointwise_conv(in, inner)));
      conv3_.push_back(group->register_module("conv3", pointwise_conv(in, out)));
      conv4_.push_back(group->register_module("conv4", pointwise_conv(inner, out)));
      for (auto* conv : {&conv1_, &conv2_, &conv3_, &conv4_}) init_fan_out(conv->back());
    }
    if (in != out) {
      down_ = register_module("down", Projection(in, out));
      init_fan_out(down_->conv);
    }
    bn_ = register_module("bn", torch::nn::BatchNorm2d(out));
    torch::nn::init::constant_(bn_->weight, kNormStart);
  }

  at::Tensor forward(const at::Tensor& input) override {
    const auto x = input.contiguous(at::MemoryFormat::ChannelsLast);
    const PublishedMacs published(published_macs(x));
    const auto features = pointwise(x, joined(conv3_, &Conv::weight), joined(conv3_, &Conv::bias));
    const auto sum = aggregate_channelwise(features, graphs(x));
    return norm(sum, {bn_}, Finish{down_ ? down_(x) : x, /*relu=*/true});
  }

 private:
  using Conv = torch::nn::Conv2dImpl;

  /// Published: conv1 and conv2 on every frame, then the mean over time; the projection beside it.
  Macs published_macs(const at::Tensor& x) const {
    const auto subsets = static_cast<int64_t>(conv4_.size());
    const int64_t rows = x.size(0) * x.size(2) * x.size(3), v = x.size(3);
    const int64_t inner = conv4_[0]->weight.size(1), out = conv4_[0]->weight.size(0);
    const int64_t projection = down_ ? rows * x.size(1) * out : 0;
    return {subsets * (rows * x.size(1) * (2 * inner + out) + x.size(0) * v * v * inner * out) +
                projection,
            subsets * rows * v * out};
  }

  static at::Tensor joined(const std::vector<torch::nn::Conv2d>& convs, at::Tensor Conv::*member) {
    std::vector<at::Tensor> parts;
    for (const auto& conv : convs) parts.push_back((*conv).*member);
    return at::cat(parts);
  }

  /// K times (N, C, sender, receiver).
  std::vector<at::Tensor> graphs(const at::Tensor& x) const {
    // The mean over time commutes with a 1x1 convolution: (N, C, 1, V).
    const auto still = x.mean(2, /*keepdim=*/true);
    const auto embed = [&](const std::vector<torch::nn::Conv2d>& convs) {
      return at::conv2d(still, joined(convs, &Conv::weight), joined(convs, &Conv::bias))
          .permute({0, 2, 3, 1});  // (N, 1, V, K*inner)
    };
    const auto parts = at::tanh(embed(conv1_).transpose(1, 2) - embed(conv2_))
                           .chunk(static_cast<int64_t>(conv4_.size()), 3);  // (N, U, V, inner)
    std::vector<at::Tensor> result;
    for (size_t k = 0; k < parts.size(); ++k) {
      const auto graph = refined(parts[k], k);
      result.push_back(receives_by_row_ ? graph.transpose(2, 3) : graph);
    }
    return result;
  }

  /// alpha * conv4_k(differences) + PA_k, (N, C, U, V): with PA_k as one more channel of the input
  /// it takes no pass of its own over the graph.
  at::Tensor refined(const at::Tensor& differences, size_t k) const {
    const auto shared = learned_[static_cast<int64_t>(k)].unsqueeze(2);
    auto sizes = differences.sizes().vec();
    sizes.back() = 1;
    const auto input = at::cat({differences, shared.expand(sizes)}, 3).permute({0, 3, 1, 2});
    const auto& conv = conv4_[k];
    const auto weight = conv->weight * alpha_;
    return at::conv2d(input, at::cat({weight, at::ones_like(weight.narrow(1, 0, 1))}, 1),
                      conv->bias * alpha_);
  }

  bool receives_by_row_;
  at::Tensor learned_, alpha_;
  std::vector<torch::nn::Conv2d> conv1_, conv2_, conv3_, conv4_;
  Projection down_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

class CtrgcnTemporal : public Layer {
 public:
  CtrgcnTemporal(const CtrgcnOptions& options, const UnitShape& shape)
      : has_relu_(options.relu_after_temporal),
        conv_(options.temporal, shape.out_channels, shape.out_channels, shape.stride) {
    for (const auto& item : conv_->named_children()) register_module(item.key(), item.value());
    for (auto& conv : conv_->convs()) init_fan_out(conv);
    if (options.init != "authors") return;
    for (auto& norm : conv_->norms()) torch::nn::init::normal_(norm->weight, 1, 0.02);
  }

  at::Tensor forward(const at::Tensor& x) override { return conv_(x, Finish{{}, has_relu_}); }
  at::Tensor forward_finished(const at::Tensor& x, const Finish& finish) override {
    return has_relu_ ? finished(forward(x), finish) : conv_(x, finish);
  }

 private:
  bool has_relu_;
  BranchedTemporalConv conv_;
};

class Ctrgcn : public TrunkBackbone {
 public:
  using Options = CtrgcnOptions;

  Ctrgcn(const Options& options, const Context& context) {
    set_trunk(make_trunk(options, context));
  }

 private:
  UnitTrunk make_trunk(const Options& options, const Context& context) {
    if (options.temporal.kernel % 2 == 0)
      throw ConfigError("backbone 'ctrgcn': 'temporal_kernel' must be odd");
    const auto graph =
        register_buffer("const_A", to_tensor(build_graph(context.skeleton, options.graph)));
    UnitTrunkParts parts;
    parts.channels = options.channels;
    parts.make_spatial = [&](const UnitShape& shape) {
      return std::make_shared<TopologyRefinement>(options, graph, shape);
    };
    parts.make_temporal = [&](const UnitShape& shape) {
      return std::make_shared<CtrgcnTemporal>(options, shape);
    };
    if (options.init == "authors")
      parts.init_projection = [](TemporalConv& projection) { init_fan_out(projection->conv); };
    return UnitTrunk(*this, context.input("keypoints"), parts, "ctrgcn");
  }
};

KINEGRAPH_REGISTER(Backbone, "ctrgcn", Ctrgcn,
                   "CTR-GCN: channel-wise topology refinement (Chen et al., ICCV 2021)")

}  // namespace
}  // namespace kinegraph
