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
    field("dilations", temporal.branches.dilations,
          "of the temporal branches beside pooling and 1x1", Range{1, 32});
    field("temporal_kernel", temporal.branches.kernel, "frames of the temporal branches, odd",
          Range{1, 99});
    field("dropout", temporal.dropout, "after each temporal part but the first unit's",
          Range{0, 1});
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
    return (bn_(gcn_(x, adjacency_, at::Tensor())) + (down_ ? down_(x) : x)).relu_();
  }

 private:
  GraphConv gcn_;
  at::Tensor adjacency_;
  torch::nn::BatchNorm2d bn_{nullptr};
  Projection down_{nullptr};
};

/// With the names of PYSKL and LibTorch's own initialisation, as there.
class Stgcnpp : public Backbone {
 public:
  using Options = StgcnppOptions;

  Stgcnpp(const Options& options, const Context& context) : trunk_(make_trunk(options, context)) {}

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"features", trunk_.out_channels()}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    return {{"features", trunk_.forward(inputs.at("keypoints"))}};
  }

 private:
  UnitTrunk make_trunk(const Options& options, const Context& context) {
    if (options.temporal.branches.kernel % 2 == 0)
      throw ConfigError("backbone 'stgcnpp': 'temporal_kernel' must be odd");
    const auto graph = to_tensor(build_graph(context.skeleton, options.graph));
    const InputShape& input = context.input("keypoints");
    bool is_first = true;
    UnitTrunkParts parts;
    parts.channels = options.channels;
    parts.input_norm = InputNorm::kShared;
    parts.names = {"gcn", "gcn", "tcn"};
    parts.make_spatial = [&](const UnitShape& shape) {
      return std::make_shared<LearnedGraphConv>(graph, shape);
    };
    parts.make_temporal = [&](const UnitShape& shape) {
      auto temporal = options.temporal;
      if (is_first) temporal.dropout = 0;
      is_first = false;
      return std::make_shared<MixedTemporalConv>(temporal, shape, input.joints);
    };
    return UnitTrunk(*this, input, parts, "stgcnpp");
  }

  UnitTrunk trunk_;
};

KINEGRAPH_REGISTER(Backbone, "stgcnpp", Stgcnpp,
                   "ST-GCN++: learned graphs, multi-branch temporal convolutions (PYSKL, 2022)")

}  // namespace
}  // namespace kinegraph
