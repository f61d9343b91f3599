#pragma once

#include "framework/skeleton/graph.h"
#include "models/layers/norm.h"
#include "models/layers/temporal_conv.h"

namespace kinegraph {

/// Which index of a graph matrix is the joint that receives: rows in MS-G3D's own code, columns in
/// PYSKL's. It decides the shape of the learned residual graph: (S*V, V) or (S, V, V).
enum class Receiver { kRow, kColumn };

struct MultiScaleGraphOptions {
  GraphOptions graph;  // k_hop; its window is set here
  int64_t in_channels = 3, out_channels = 96;
  int64_t window = 1, stride = 1;
  Receiver receiver = Receiver::kRow;
};

/// Graph convolution over S scales and a window of w frames (Liu et al., CVPR 2020, eqs. 3 and 6):
///
///   y[e,t,(f,v)] = relu(BatchNorm(sum_s sum_c W[e,s*C+c] sum_(g,u) A_s[(f,v),(g,u)] x[c,t+g,u]))
///
/// with A = the fixed graph + a learned residual, dense. Frames outside the clip are 0. Names as
/// published: A_res (PYSKL: PA), mlp.layers.{0,1}.
///
/// No window is unfolded: unless the input has at most half of the output's channels, the 1x1
/// convolution comes first, on single frames. With a window of one frame nothing of S times the
/// size is stored then.
class MultiScaleGraphConvImpl : public torch::nn::Module {
 public:
  MultiScaleGraphConvImpl(const Skeleton& skeleton, const MultiScaleGraphOptions& options);

  /// (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V * window), joint-major: index v * window +
  /// f.
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor effective_graph() const;
  /// (N, C_in, T, V) -> (N, C_out, T', V * window); `has_relu` without gradients alone.
  at::Tensor mix_then_gather(const at::Tensor& x, const FoldedWeights& conv, bool has_relu) const;
  at::Tensor gather_then_mix(const at::Tensor& x, const FoldedWeights& conv, bool has_relu) const;

  MultiScaleGraphOptions options_;
  int64_t scales_ = 0, joints_ = 0;
  at::Tensor fixed_, residual_;
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(MultiScaleGraphConv);

/// One window of G3D: MultiScaleGraphConv, then a convolution over the window's frames and
/// BatchNorm without activation. Names: gcn3d.1, out_conv, out_bn.
class WindowGraphConvImpl : public torch::nn::Module {
 public:
  /// `options` as for the graph convolution, with out_channels those of the whole.
  WindowGraphConvImpl(const Skeleton& skeleton, MultiScaleGraphOptions options,
                      int64_t embedded_channels);
  /// (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V), finished.
  at::Tensor forward(const at::Tensor& x, const Finish& finish);

 private:
  int64_t window_;
  MultiScaleGraphConv graph_conv_{nullptr};
  torch::nn::Conv3d out_conv_{nullptr};
  torch::nn::BatchNorm2d out_bn_{nullptr};
};
TORCH_MODULE(WindowGraphConv);

}  // namespace kinegraph
