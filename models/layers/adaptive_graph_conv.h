#pragma once

#include <torch/nn/modules/linear.h>

#include "framework/skeleton/graph.h"
#include "models/layers/unit_trunk.h"

namespace kinegraph {

struct AgcnOptions {
  GraphOptions graph;
  std::vector<int64_t> channels = ten_unit_channels();
  std::string similarity = "softmax";
  bool attention = false;
  int64_t temporal_kernel = 9;
  std::string init = "authors";

  AgcnOptions() { graph.partition = "self_in_out"; }

  template <class Fields>
  void describe(Fields& field) {
    field("graph", graph, "partition of the skeleton graph");
    field("channels", channels, "width of each unit; a unit that widens halves the frames",
          Range{4, 4096});
    field("similarity", similarity,
          "how joints of a clip are compared. softmax: added to the fixed graph and a learned "
          "offset (2s-AGCN); tanh: scaled by a learned factor and added to a learned graph (AAGCN)",
          OneOf{{"softmax", "tanh"}});
    field("attention", attention, "attention over joints, frames and channels, in this order");
    field("temporal_kernel", temporal_kernel, "frames of the temporal convolution, odd",
          Range{1, 99});
    field("init", init,
          "how the projections of residual paths start. authors: He by the outputs, as all other "
          "convolutions, and in MMAction2; pyskl: LibTorch's own",
          OneOf{{"authors", "pyskl"}});
  }
};

/// Trunk of 2s-AGCN (Shi et al., CVPR 2019) or AAGCN (Shi et al., TIP 2020), with the published
/// names and initialisation. `backbone` names the component in messages.
UnitTrunk make_agcn_trunk(torch::nn::Module& owner, const AgcnOptions& options,
                          const Skeleton& skeleton, const InputShape& input,
                          const std::string& backbone);

/// Adaptive graph convolution, with V joints, K subsets and inner width C_out / 4:
///
///   S_k[v,w] = sum_{c,t} a_k(x)[c,t,v] b_k(x)[c,t,w] / (C_out/4 * T)
///   softmax: G_k = softmax_v(S_k) + A_k + PA_k          tanh: G_k = PA_k + alpha * tanh(S_k)
///   y = relu(BatchNorm(sum_k d_k(x G_k)) + down(x)),   (x G)[w] = sum_v x[v] G[v,w]
///
/// and, where asked for, y <- y * g + y with a gate g in (0, 1) for every joint, then every frame,
/// then every channel.
class AdaptiveGraphConv : public Layer {
 public:
  AdaptiveGraphConv(const AgcnOptions& options, const at::Tensor& adjacency,
                    const UnitShape& shape);
  /// (N, C_in, T, V) -> (N, C_out, T, V)
  at::Tensor forward(const at::Tensor& x) override;

 private:
  void add_convs(const UnitShape& shape);
  void add_attention(int64_t channels, int64_t joints);
  at::Tensor graphs(const at::Tensor& embedded) const;
  at::Tensor attend(at::Tensor y);

  bool is_softmax_, has_attention_;
  int64_t inner_;
  at::Tensor adjacency_, learned_, alpha_;  // adjacency_ and alpha_: one of them is undefined
  std::vector<torch::nn::Conv2d> conv_a_, conv_b_, conv_d_;
  torch::nn::BatchNorm2d bn_{nullptr};
  Projection down_{nullptr};
  torch::nn::Conv1d joint_gate_{nullptr}, frame_gate_{nullptr};
  torch::nn::Linear squeeze_{nullptr}, excite_{nullptr};
};

/// TemporalConv as a part of a UnitTrunk.
class PlainTemporal : public Layer {
 public:
  PlainTemporal(const UnitShape& shape, int64_t kernel);
  at::Tensor forward(const at::Tensor& x) override { return conv_norm(x, conv_, bn_); }
  at::Tensor forward_finished(const at::Tensor& x, const Finish& finish) override {
    return conv_norm(x, conv_, bn_, finish);
  }

 private:
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

}  // namespace kinegraph
