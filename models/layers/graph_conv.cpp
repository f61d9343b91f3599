#include "models/layers/graph_conv.h"

#include <ATen/ATen.h>
#include <torch/nn/functional/conv.h>

#include "framework/model/cost_meter.h"
#include "models/layers/aggregate_kernel.h"

namespace kinegraph {

at::Tensor to_tensor(const Adjacency& adjacency) {
  at::Tensor tensor =
      at::empty({adjacency.partitions, adjacency.nodes, adjacency.nodes}, at::kFloat);
  std::copy(adjacency.values.begin(), adjacency.values.end(), tensor.data_ptr<float>());
  return tensor;
}

at::Tensor aggregate_neighbours(const at::Tensor& x, const at::Tensor& adjacency,
                                const at::Tensor& is_edge) {
  TORCH_CHECK(x.dim() == 4 && adjacency.dim() == 3 && x.size(3) == adjacency.size(1),
              "aggregate_neighbours: x ", x.sizes(), " is not (N,C,T,V) for A ", adjacency.sizes());
  if (x.device().is_cpu() && is_edge.defined()) return aggregate_sparse(x, adjacency, is_edge);
  const int64_t n = x.size(0), c = x.size(1), t = x.size(2), v = x.size(3);
  const int64_t k = adjacency.size(0);
  // (V_out*K, V_in) times the rows of (N*T, V_in, C): the result is NTVC memory already.
  const auto gather = adjacency.permute({2, 0, 1}).reshape({v * k, v});
  const auto rows = x.permute({0, 2, 3, 1}).reshape({n * t, v, c});
  return at::matmul(gather, rows).view({n, t, v, k * c}).permute({0, 3, 1, 2});
}

GraphConvImpl::GraphConvImpl(const GraphConvOptions& options) : options_(options) {
  conv = register_module("conv",
                         torch::nn::Conv2d(torch::nn::Conv2dOptions(
                             options.in_channels, options.num_subsets * options.out_channels, 1)));
}

at::Tensor GraphConvImpl::forward(const at::Tensor& x, const at::Tensor& adjacency,
                                  const at::Tensor& is_edge) {
  const int64_t k = options_.num_subsets, in = options_.in_channels, out = options_.out_channels;
  // Published: the convolution first, then a dense product with each A_k.
  const int64_t rows = x.size(0) * x.size(2) * x.size(3);
  const PublishedMacs published({rows * in * k * out, rows * k * out * x.size(3)});
  const auto gathered = aggregate_neighbours(x, adjacency, is_edge);
  const auto weight =
      conv->weight.view({k, out, in}).permute({1, 0, 2}).reshape({out, k * in, 1, 1});
  // b_k reaches joint w once for every neighbour, weighted: (out, k) x (k, V) -> (out, V).
  const auto bias = at::matmul(conv->bias.view({k, out}).t(), adjacency.sum(1));
  return at::conv2d(gathered, weight) + bias.view({1, out, 1, -1});
}

}  // namespace kinegraph
