// The trunk of ST-GCN, shared by the one-stream and two-stream forms.
#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "models/layers/graph_conv.h"
#include "models/layers/temporal_conv.h"

namespace kinegraph {

/// Convolution along time, BatchNorm, dropout. Its members carry the published names "0", "2", "3"
/// of the Sequential they stand in, which begins with `norm_in` and a ReLU; those end the graph
/// convolution here.
class StgcnTemporalImpl : public torch::nn::Module {
 public:
  StgcnTemporalImpl(int64_t channels, int64_t kernel, int64_t stride, double dropout);
  /// x after norm_in and ReLU, (N, C, T, V) -> relu(that + finish.add), (N, C, ceil(T / stride), V)
  at::Tensor forward(const at::Tensor& x, const Finish& finish);

  torch::nn::BatchNorm2d norm_in{nullptr};

 private:
  torch::nn::BatchNorm2d norm_out_{nullptr};
  torch::nn::Conv2d conv_{nullptr};
  double dropout_;
};
TORCH_MODULE(StgcnTemporal);

/// How the input of a block reaches its end.
enum class Residual { kNone, kIdentity, kProjection };

struct StgcnBlockOptions {
  int64_t in_channels = 64, out_channels = 64, num_subsets = 3, temporal_kernel = 9, stride = 1;
  double dropout = 0.0;
  Residual residual = Residual::kIdentity;
};

/// relu(temporal(graph_conv(x)) + residual(x)).
class StgcnBlockImpl : public torch::nn::Module {
 public:
  explicit StgcnBlockImpl(const StgcnBlockOptions& options);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& adjacency, const at::Tensor& is_edge);

 private:
  /// The graph convolution, with the norm and ReLU that begin the temporal part.
  at::Tensor activate(const at::Tensor& x, const at::Tensor& adjacency, const at::Tensor& is_edge,
                      const Finish& finish);

  GraphConv gcn_{nullptr};
  StgcnTemporal tcn_{nullptr};
  Projection projection_{nullptr};
  Residual residual_;
};
TORCH_MODULE(StgcnBlock);

struct StgcnOptions {
  GraphOptions graph;
  std::vector<int64_t> channels{64, 64, 64, 64, 128, 128, 128, 256, 256, 256};
  int64_t temporal_kernel = 9;
  double dropout = 0.5;
  bool edge_importance = true;
  std::string init = "authors";

  template <class Fields>
  void describe(Fields& field) {
    field("graph", graph, "partition of the skeleton graph");
    field("channels", channels, "width of each block; a block that widens halves the frames",
          Range{1, 4096});
    field("temporal_kernel", temporal_kernel, "frames of the temporal convolution, odd",
          Range{1, 99});
    field("dropout", dropout, "after each temporal convolution but the first block's", Range{0, 1});
    field("edge_importance", edge_importance, "learn a factor for every edge of every block");
    field("init", init,
          "how weights start. authors: convolutions N(0, 0.02) with bias 0, BatchNorm N(1, 0.02); "
          "pyskl: LibTorch's own",
          OneOf{{"authors", "pyskl"}});
  }
};

/// ST-GCN without its classifier (Yan et al. 2018), with the published names.
///
/// Not a module itself: the published names have no prefix for the trunk, so it registers its
/// parts in `owner`, which must outlive it.
class StgcnTrunk {
 public:
  StgcnTrunk(torch::nn::Module& owner, const StgcnOptions& options, const Skeleton& skeleton,
             int64_t in_channels);
  /// x: (N, M, T, V, C) -> (N, M, C', T', V)
  at::Tensor forward(const at::Tensor& x);
  int64_t out_channels() const { return out_channels_; }

 private:
  void add_blocks(torch::nn::Module& owner, const StgcnOptions& options, int64_t in_channels);

  at::Tensor adjacency_;
  torch::nn::BatchNorm1d data_bn_{nullptr};
  std::vector<StgcnBlock> blocks_;
  std::vector<at::Tensor> edge_importance_;
  int64_t out_channels_ = 0;
};

}  // namespace kinegraph
