#include "models/layers/fused_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace kinegraph {
namespace {

template <class Get>
at::Tensor joined(const std::vector<torch::nn::BatchNorm2d>& norms, Get get) {
  std::vector<at::Tensor> parts;
  for (const auto& norm : norms) parts.push_back(get(*norm));
  return at::cat(parts);
}

}  // namespace

at::Tensor fused_norm(const at::Tensor& x, std::vector<torch::nn::BatchNorm2d>& norms) {
  using Norm = torch::nn::BatchNorm2dImpl;
  const auto& first = *norms.front();
  const auto weight = joined(norms, [](const Norm& norm) { return norm.weight; });
  const auto bias = joined(norms, [](const Norm& norm) { return norm.bias; });
  auto mean = joined(norms, [](const Norm& norm) { return norm.running_mean; });
  auto variance = joined(norms, [](const Norm& norm) { return norm.running_var; });
  const bool is_training = first.is_training();
  const auto y = at::batch_norm(x, weight, bias, mean, variance, is_training,
                                *first.options.momentum(), first.options.eps(), true);
  if (!is_training) return y;
  const at::NoGradGuard no_grad;
  int64_t begin = 0;
  for (auto& norm : norms) {
    const int64_t count = norm->options.num_features();
    norm->running_mean.copy_(mean.narrow(0, begin, count));
    norm->running_var.copy_(variance.narrow(0, begin, count));
    norm->num_batches_tracked.add_(1);
    begin += count;
  }
  return y;
}

}  // namespace kinegraph
