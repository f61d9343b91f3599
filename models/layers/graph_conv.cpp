#include "models/layers/graph_conv.h"

#include <ATen/ATen.h>

#include "models/kernels/aggregate_kernel.h"
#include "models/kernels/frame_matmul.h"
#include "models/kernels/graph_conv_kernel.h"

namespace kinegraph {

at::Tensor to_tensor(const Adjacency& adjacency) {
  at::Tensor tensor =
      at::empty({adjacency.partitions, adjacency.nodes, adjacency.nodes}, at::kFloat);
  std::copy(adjacency.values.begin(), adjacency.values.end(), tensor.data_ptr<float>());
  return tensor;
}

namespace {

/// (V_out*K, V_in), or that for every clip: times the rows of a frame, (V_in, C), it gives the K
/// neighbourhoods of a joint side by side.
at::Tensor gathering_matrix(const at::Tensor& adjacency) {
  const int64_t k = adjacency.size(-3), v = adjacency.size(-1);
  if (adjacency.dim() == 3) return adjacency.permute({2, 0, 1}).reshape({v * k, v});
  return adjacency.permute({0, 3, 1, 2}).reshape({adjacency.size(0), v * k, v});
}

void check_sizes(const at::Tensor& x, const at::Tensor& adjacency) {
  const bool is_per_clip = adjacency.dim() == 4;
  TORCH_CHECK(x.dim() == 4 && (adjacency.dim() == 3 || is_per_clip) &&
                  x.size(3) == adjacency.size(-1) && x.size(3) == adjacency.size(-2) &&
                  (!is_per_clip || x.size(0) == adjacency.size(0)),
              "aggregate_neighbours: x ", x.sizes(), " is not (N,C,T,V) for A ", adjacency.sizes());
}

}  // namespace

at::Tensor aggregate_neighbours(const at::Tensor& x, const at::Tensor& adjacency,
                                const at::Tensor& is_edge) {
  check_sizes(x, adjacency);
  if (x.device().is_cpu() && is_edge.defined()) return aggregate_sparse(x, adjacency, is_edge);
  const int64_t n = x.size(0), c = x.size(1), t = x.size(2), v = x.size(3);
  return frame_matmul(gathering_matrix(adjacency), x.permute({0, 2, 3, 1}))
      .view({n, t, v, adjacency.size(-3) * c})
      .permute({0, 3, 1, 2});
}

at::Tensor mix_neighbours(const at::Tensor& x, const at::Tensor& adjacency,
                          const at::Tensor& weight, const at::Tensor& bias) {
  check_sizes(x, adjacency);
  const int64_t rows = x.size(0) * x.size(2) * x.size(3);
  const Macs macs{rows * weight.numel(), rows * x.size(3) * weight.size(1)};
  const PublishedMacs published(macs);
  if (x.device().is_cpu()) {
    count_executed_macs(macs.convolution + macs.graph);
    return gather_and_mix(x.permute({0, 2, 3, 1}), gathering_matrix(adjacency), weight, bias)
        .permute({0, 3, 1, 2});
  }
  const auto gathered = aggregate_neighbours(x, adjacency, at::Tensor());
  return at::conv2d(gathered, weight.unsqueeze(2).unsqueeze(3)) +
         bias.t().view({1, weight.size(0), 1, -1});
}

GraphConvImpl::GraphConvImpl(const GraphConvOptions& options) : options_(options) {
  conv = register_module("conv",
                         torch::nn::Conv2d(torch::nn::Conv2dOptions(
                             options.in_channels, options.num_subsets * options.out_channels, 1)));
}

GraphConvImpl::Mixing GraphConvImpl::mixing(const at::Tensor& adjacency) const {
  const int64_t k = options_.num_subsets, in = options_.in_channels, out = options_.out_channels;
  // b_k reaches joint w once for every neighbour, weighted: (V, K) x (K, C_out).
  return {conv->weight.view({k, out, in}).permute({1, 0, 2}).reshape({out, k * in, 1, 1}),
          at::matmul(adjacency.sum(1).t(), conv->bias.view({k, out}))};
}

/// Published: the convolution first, then a dense product with each A_k.
Macs GraphConvImpl::published_macs(const at::Tensor& x) const {
  const int64_t wide = options_.num_subsets * options_.out_channels;
  const int64_t rows = x.size(0) * x.size(2) * x.size(3);
  return {rows * options_.in_channels * wide, rows * wide * x.size(3)};
}

at::Tensor GraphConvImpl::forward(const at::Tensor& x, const at::Tensor& adjacency,
                                  const at::Tensor& is_edge) {
  const PublishedMacs published(published_macs(x));
  const auto [weight, bias] = mixing(adjacency);
  if (!is_edge.defined()) return mix_neighbours(x, adjacency, weight.flatten(1), bias);
  return pointwise(aggregate_neighbours(x, adjacency, is_edge), weight, bias);
}

at::Tensor GraphConvImpl::forward_normed(const at::Tensor& x, const at::Tensor& adjacency,
                                         const at::Tensor& is_edge,
                                         const torch::nn::BatchNorm2d& bn, const Finish& finish) {
  if (!is_plain_evaluation(*bn)) return norm(forward(x, adjacency, is_edge), {bn}, finish);
  const PublishedMacs published(published_macs(x));
  const auto plain = mixing(adjacency);
  const auto folded = fold(plain.weight, plain.bias, {bn});
  if (is_edge.defined())
    return pointwise_finished(aggregate_neighbours(x, adjacency, is_edge), folded.weight,
                              folded.bias, /*stride=*/1, finish);
  auto y = mix_neighbours(x, adjacency, folded.weight.flatten(1), folded.bias)
               .contiguous(at::MemoryFormat::ChannelsLast);
  finish_in_place(y, finish);
  return y;
}

}  // namespace kinegraph
