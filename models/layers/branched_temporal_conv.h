#pragma once

#include <vector>

#include "models/layers/temporal_conv.h"

namespace kinegraph {

/// What follows the first 1x1 convolution of a branch.
struct TemporalBranches {
  std::vector<int64_t> dilations{1, 2, 3, 4};
  int64_t kernel = 3;
  /// BatchNorm after every branch's convolution or pooling.
  bool has_branch_norm = true;
  /// Channels that do not divide evenly go to the first branch, else to the last.
  bool is_first_wider = false;

  int64_t count() const { return static_cast<int64_t>(dilations.size()) + 2; }
  /// Channels of each branch; they sum to `channels`.
  std::vector<int64_t> widths(int64_t channels) const;
};

/// Branches over time, concatenated: for each dilation 1x1 convolution, BatchNorm, ReLU, dilated
/// convolution; then one with max pooling over 3 frames in its place; then a plain 1x1 convolution.
/// Names as published: branches.{i}.{0,1,3.conv,3.bn,4}.
///
/// All first convolutions read the same input, so they run as one matrix product.
class BranchedTemporalConvImpl : public torch::nn::Module {
 public:
  BranchedTemporalConvImpl(const TemporalBranches& branches, int64_t in, int64_t out,
                           int64_t stride);
  /// (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V), finished.
  at::Tensor forward(const at::Tensor& x, const Finish& finish);

  /// All convolutions and norms, to initialise them.
  std::vector<torch::nn::Conv2d> convs() const;
  Norms norms() const;

 private:
  void add_dilated(torch::nn::Module& branch, int64_t in, int64_t width, int64_t dilation);
  /// What stands after the first convolutions: `active` for the branches that go on, (N, C, T, V),
  /// and the plain branch as it is, (N, C, T', V).
  struct Stems {
    at::Tensor active, plain;
  };
  Stems stems(const at::Tensor& x);

  TemporalBranches branches_;
  int64_t stride_;
  std::vector<int64_t> widths_;
  std::vector<torch::nn::Conv2d> stem_convs_;  // of every branch, the last one's included
  Norms stem_norms_;                           // of every branch but the last
  std::vector<TemporalConv> dilated_;
  Norms end_norms_;  // of every branch; empty without branch norm
};
TORCH_MODULE(BranchedTemporalConv);

}  // namespace kinegraph
