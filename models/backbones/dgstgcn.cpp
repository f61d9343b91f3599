#include <ATen/ATen.h>

#include "models/kernels/channelwise.h"
#include "models/kernels/frame_matmul.h"
#include "models/layers/mixed_temporal_conv.h"

namespace kinegraph {
namespace {

struct DgstgcnOptions {
  std::vector<int64_t> channels = ten_unit_channels();
  int64_t num_graphs = 8;
  double ratio = 0.125, graph_offset = 0.04, graph_std = 0.02;
  MixedTemporalOptions temporal;

  DgstgcnOptions() { temporal.has_global_joint = true; }

  template <class Fields>
  void describe(Fields& field) {
    field("channels", channels, "width of each unit; a unit that widens halves the frames",
          Range{8, 4096});
    field("num_graphs", num_graphs, "learned graphs of each unit", Range{1, 64});
    field("ratio", ratio, "channels of one graph, as a share of the unit's width", Range{0.001, 1});
    field("graph_offset", graph_offset, "graphs start as N(offset, std), alike in all units");
    field("graph_std", graph_std, "see graph_offset", Range{0});
    temporal.describe(field);
  }
};

/// K graphs for groups of channels, without any skeleton (Duan et al., 2022):
///
///   x1, x2 = conv1, conv2 of the mean of x over time
///   G_k[c,v,w] = A_k[v,w] + alpha tanh(x1_k[c,v] - x2_k[c,w]) + beta softmax_v(x1_k[:,v]
///   x2_k[:,w]) y = relu(BatchNorm(post(pre(x) G)) + down(x)),   (x G)[w] = sum_v x[v] G[v,w]
///
/// alpha and beta are vectors of which, as published, only the first element is used.
class DynamicGroupGraphConv : public Layer {
 public:
  DynamicGroupGraphConv(double ratio, const at::Tensor& graph, const UnitShape& shape)
      : groups_(graph.size(0)),
        inner_(std::max<int64_t>(
            1, static_cast<int64_t>(ratio * static_cast<double>(shape.out_channels)))) {
    const int64_t in = shape.in_channels, out = shape.out_channels, wide = groups_ * inner_;
    adjacency_ = register_parameter("A", graph.clone());
    alpha_ = register_parameter("alpha", at::zeros({groups_}));
    beta_ = register_parameter("beta", at::zeros({groups_}));
    pre_ = register_module("pre", Projection(in, wide));
    post_ = register_module("post", pointwise_conv(wide, out));
    conv1_ = register_module("conv1", pointwise_conv(in, wide));
    conv2_ = register_module("conv2", pointwise_conv(in, wide));
    if (in != out) down_ = register_module("down", Projection(in, out));
    bn_ = register_module("bn", torch::nn::BatchNorm2d(out));
  }

  at::Tensor forward(const at::Tensor& input) override {
    const auto x = input.contiguous(at::MemoryFormat::ChannelsLast);
    const auto gathered = aggregate_channelwise(
        conv_norm(x, pre_->conv, pre_->bn, Finish{{}, /*relu=*/true}), graphs(x));
    return conv_norm(gathered, post_, bn_, Finish{down_ ? down_(x) : x, /*relu=*/true});
  }

 private:
  /// (N, K*inner, V, V)
  at::Tensor graphs(const at::Tensor& x) {
    const int64_t n = x.size(0), v = x.size(3);
    const auto still = x.mean(2, /*keepdim=*/true);
    const auto first = conv1_(still).permute({0, 2, 3, 1});  // (N, 1, V, K*inner)
    const auto second = conv2_(still).permute({0, 2, 3, 1});
    const auto distance = at::tanh(first.transpose(1, 2) - second);  // (N, V, V, K*inner)
    const auto by_group = [&](const at::Tensor& embedded) {
      return embedded.reshape({n, v, groups_, inner_})
          .transpose(1, 2)
          .reshape({n * groups_, 1, v, inner_});
    };
    const auto likeness = at::softmax(frame_products(by_group(first), by_group(second)), 1);
    const auto shared = likeness.view({n, groups_, v, v}) * beta_[0] + adjacency_;
    const auto graph = distance.view({n, v, v, groups_, inner_}) * alpha_[0] +
                       shared.permute({0, 2, 3, 1}).unsqueeze(4);
    return graph.view({n, v, v, groups_ * inner_}).permute({0, 3, 1, 2});
  }

  int64_t groups_, inner_;
  at::Tensor adjacency_, alpha_, beta_;
  Projection pre_{nullptr}, down_{nullptr};
  torch::nn::Conv2d post_{nullptr}, conv1_{nullptr}, conv2_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

class Dgstgcn : public TrunkBackbone {
 public:
  using Options = DgstgcnOptions;

  Dgstgcn(const Options& options, const Context& context) {
    set_trunk(make_trunk(options, context));
  }

 private:
  UnitTrunk make_trunk(const Options& options, const Context& context) {
    const InputShape& input = context.input("keypoints");
    const auto graph =
        at::randn({options.num_graphs, input.joints, input.joints}) * options.graph_std +
        options.graph_offset;
    UnitTrunkParts parts;
    parts.channels = options.channels;
    parts.input_norm = InputNorm::kShared;
    parts.names = {"gcn", "gcn", "tcn"};
    parts.make_spatial = [&](const UnitShape& shape) {
      return std::make_shared<DynamicGroupGraphConv>(options.ratio, graph, shape);
    };
    parts.make_temporal = mixed_temporal_parts(options.temporal, input.joints, "dgstgcn");
    return UnitTrunk(*this, input, parts, "dgstgcn");
  }
};

KINEGRAPH_REGISTER(Backbone, "dgstgcn", Dgstgcn,
                   "DG-STGCN: dynamic group graph convolutions (Duan et al., 2022)")

}  // namespace
}  // namespace kinegraph
