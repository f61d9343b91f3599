#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include "framework/model/cost_meter.h"
#include "framework/skeleton/graph.h"
#include "models/layers/norm.h"

namespace kinegraph {

/// (K, V, V) float32.
at::Tensor to_tensor(const Adjacency& adjacency);

/// out[n,t,w,k*C+c] = sum_v x[n,c,t,v] * A[k,v,w]: every joint gathers its K neighbourhoods.
///
/// x: (N, C, T, V), best channels_last; A: (K, V, V), or (N, K, V, V) with graphs for every clip,
/// differentiable. Returns (N, K*C, T, V) in channels_last memory, channel k*C+c. `is_edge`
/// (K, V, V) bool, undefined for graphs of clips and where all joints are neighbours: entries of A
/// outside it are taken as 0 and get no gradient, which lets the CPU kernel skip them.
at::Tensor aggregate_neighbours(const at::Tensor& x, const at::Tensor& adjacency,
                                const at::Tensor& is_edge);

/// out[n,o,t,w] = sum_j weight[o,j] * aggregate_neighbours(x, A)[n,j,t,w] + bias[w,o], in one pass
/// on the CPU. weight: (C_out, K*C); bias: (V, C_out); both and x, A are differentiable.
at::Tensor mix_neighbours(const at::Tensor& x, const at::Tensor& adjacency,
                          const at::Tensor& weight, const at::Tensor& bias);

struct GraphConvOptions {
  int64_t in_channels = 3, out_channels = 64, num_subsets = 3;
};

/// out[n,c,t,w] = sum_k sum_v (W_k x + b_k)[n,c,t,v] * A[k,v,w].   Yan et al. 2018, eq. (10).
///
/// Computed as W_k (x A_k) + b_k (1 A_k): the sum over neighbours first, which is sparse, and then
/// all K subsets as one matrix product. `conv` holds the published (K*C_out, C_in, 1, 1) weight.
class GraphConvImpl : public torch::nn::Module {
 public:
  explicit GraphConvImpl(const GraphConvOptions& options);
  /// x: (N, C_in, T, V), A: (K, V, V) -> (N, C_out, T, V)
  at::Tensor forward(const at::Tensor& x, const at::Tensor& adjacency, const at::Tensor& is_edge);
  /// relu(BatchNorm of that + add), the norm folded into W_k and b_k where it may be.
  at::Tensor forward_normed(const at::Tensor& x, const at::Tensor& adjacency,
                            const at::Tensor& is_edge, const torch::nn::BatchNorm2d& bn,
                            const Finish& finish);

  torch::nn::Conv2d conv{nullptr};

 private:
  /// The convolution over the K * C_in gathered channels.
  struct Mixing {
    at::Tensor weight, bias;  // (C_out, K*C_in, 1, 1), (V, C_out)
  };
  Macs published_macs(const at::Tensor& x) const;
  Mixing mixing(const at::Tensor& adjacency) const;

  GraphConvOptions options_;
};
TORCH_MODULE(GraphConv);

}  // namespace kinegraph
