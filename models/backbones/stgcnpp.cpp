#include <ATen/ATen.h>

#include "models/layers/graph_conv.h"
#include "models/layers/mixed_temporal_conv.h"

namespace kinegraph {
namespace {

struct StgcnppOptions {
  GraphOptions graph;
  std::vector<int64_t> channels = ten_unit_channels();
  MixedTemporalOptions temporal;

  StgcnppOptions() { graph.partition = "self_in_out"; }

  template <class Fields>
  void describe(Fields& field) {
    field("graph", graph, "partition of the skeleton graph, where every learned graph starts");
    field("channels", channels, "width of each unit; a unit that widens halves the frames",
          Range{6, 4096});
    temporal.describe(field);
  }
};

/// relu(BatchNorm(sum_k (W_k x) A_k) + down(x)) with a graph A of its own, learned from `graph` on.
class LearnedGraphConv : public Layer {
 public:
  LearnedGraphConv(const at::Tensor& graph, const UnitShape& shape)
      : gcn_(GraphConvOptions{shape.in_channels, shape.out_channels, graph.size(0)}) {
    adjacency_ = register_parameter("A", graph.clone());
    bn_ = register_module("bn", torch::nn::BatchNorm2d(shape.out_channels));
    register_module("conv", gcn_->conv);
    if (shape.in_channels != shape.out_channels)
      down_ = register_module("down", Projection(shape.in_channels, shape.out_channels));
  }

  at::Tensor forward(const at::Tensor& x) override {
    return gcn_->forward_normed(x, adjacency_, at::Tensor(), bn_,
                                Finish{down_ ? down_(x) : x, /*relu=*/true});
  }

 private:
  GraphConv gcn_;
  at::Tensor adjacency_;
  torch::nn::BatchNorm2d bn_{nullptr};
  Projection down_{nullptr};
};

/// With the names of PYSKL and LibTorch's own initialisation, as there.
class Stgcnpp : public TrunkBackbone {
 public:
  using Options = StgcnppOptions;

  Stgcnpp(const Options& options, const Context& context) {
    set_trunk(make_trunk(options, context));
  }

 private:
  UnitTrunk make_trunk(const Options& options, const Context& context) {
    const auto graph = to_tensor(build_graph(context.skeleton, options.graph));
    const InputShape& input = context.input("keypoints");
    UnitTrunkParts parts;
    parts.channels = options.channels;
    parts.input_norm = InputNorm::kShared;
    parts.names = {"gcn", "gcn", "tcn"};
    parts.make_spatial = [&](const UnitShape& shape) {
      return std::make_shared<LearnedGraphConv>(graph, shape);
    };
    parts.make_temporal = mixed_temporal_parts(options.temporal, input.joints, "stgcnpp");
    return UnitTrunk(*this, input, parts, "stgcnpp");
  }
};

KINEGRAPH_REGISTER(Backbone, "stgcnpp", Stgcnpp,
                   "ST-GCN++: learned graphs, multi-branch temporal convolutions (PYSKL, 2022)")

}  // namespace
}  // namespace kinegraph
