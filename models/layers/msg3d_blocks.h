// The pathways that MS-G3D and DualHead-Net are made of.
#pragma once

#include <vector>

#include "models/layers/branched_temporal_conv.h"
#include "models/layers/multi_scale_graph_conv.h"

namespace kinegraph {

/// BranchedTemporalConv + residual (identity, or a strided 1x1 convolution with BatchNorm where the
/// shape changes), then ReLU unless told otherwise: "MS_TCN".
class ResidualTemporalConvImpl : public torch::nn::Module {
 public:
  ResidualTemporalConvImpl(const TemporalBranches& branches, int64_t in, int64_t out,
                           int64_t stride, bool has_relu);
  at::Tensor forward(const at::Tensor& x);

 private:
  BranchedTemporalConv conv_{nullptr};
  TemporalConv residual_{nullptr};
  bool has_relu_;
};
TORCH_MODULE(ResidualTemporalConv);

struct Msg3dStageOptions {
  GraphOptions graph;  // k_hop without scales and window
  int64_t graph_scales = 13, window_scales = 6;
  std::vector<int64_t> windows{3, 5};
  TemporalBranches temporal;
  Receiver receiver = Receiver::kRow;
  int64_t in_channels = 3, middle_channels = 96, out_channels = 96;
  int64_t stride = 1;
};

/// One stage: relu(factorised pathway + sum of the windowed pathways), then a temporal
/// convolution. Registers in `owner`: sgcn{name}, gcn3d{name}, tcn{name}; not a module itself, as
/// the published names have no prefix for a stage.
class Msg3dStage {
 public:
  Msg3dStage(torch::nn::Module& owner, const std::string& name, const Skeleton& skeleton,
             const Msg3dStageOptions& options);
  /// (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V)
  at::Tensor forward(const at::Tensor& x);

 private:
  MultiScaleGraphConv graph_conv_{nullptr};
  ResidualTemporalConv first_{nullptr}, second_{nullptr}, last_{nullptr};
  std::vector<WindowGraphConv> windows_;
};

/// Options of the graphs that MS-G3D and DualHead-Net share.
struct Msg3dGraphOptions {
  GraphOptions graph;
  int64_t graph_scales = 13, window_scales = 6;
  std::string receiver = "row";

  Msg3dGraphOptions() { graph.partition = "k_hop"; }

  template <class Fields>
  void describe(Fields& field) {
    field("graph", graph, "k_hop graph; its num_scales and window are set by the model");
    field("graph_scales", graph_scales, "hops of the graph convolutions, 0 included", Range{1, 64});
    field("window_scales", window_scales, "hops of the windowed graphs, 0 included", Range{1, 64});
    field("receiver", receiver,
          "which index of a graph matrix is the joint that receives: row as in the authors' code, "
          "column as in PYSKL's",
          OneOf{{"row", "column"}});
  }

  Msg3dStageOptions stage() const;
};

}  // namespace kinegraph
