#pragma once

#include <torch/nn/modules/batchnorm.h>

#include <vector>

namespace kinegraph {

/// BatchNorms of consecutive channel groups as one: group i of x (N, C, T, V) goes through
/// norms[i]. Running statistics are updated in training as each norm would by itself.
at::Tensor fused_norm(const at::Tensor& x, std::vector<torch::nn::BatchNorm2d>& norms);

}  // namespace kinegraph
