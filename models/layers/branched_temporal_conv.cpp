#include "models/layers/branched_temporal_conv.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "framework/base/error.h"
#include "models/kernels/branch_conv.h"

namespace kinegraph {

std::vector<int64_t> TemporalBranches::widths(int64_t channels) const {
  const int64_t each = channels / count();
  if (each < 1)
    throw ConfigError(
        fmt::format("{} channels are too few for {} temporal branches", channels, count()));
  std::vector<int64_t> widths(static_cast<size_t>(count()), each);
  (is_first_wider ? widths.front() : widths.back()) += channels - each * count();
  return widths;
}

BranchedTemporalConvImpl::BranchedTemporalConvImpl(const TemporalBranches& branches, int64_t in,
                                                   int64_t out, int64_t stride)
    : branches_(branches), stride_(stride), widths_(branches.widths(out)) {
  auto list = register_module("branches", std::make_shared<NamedGroup>());
  for (size_t i = 0; i < branches.dilations.size(); ++i)
    add_dilated(*list->register_module(std::to_string(i), std::make_shared<NamedGroup>()), in,
                widths_[i], branches.dilations[i]);
  const size_t pooled = branches.dilations.size(), last = pooled + 1;
  auto pool = list->register_module(std::to_string(pooled), std::make_shared<NamedGroup>());
  stem_convs_.push_back(pool->register_module("0", pointwise_conv(in, widths_[pooled])));
  stem_norms_.push_back(pool->register_module("1", torch::nn::BatchNorm2d(widths_[pooled])));
  if (!branches.has_branch_norm) {
    stem_convs_.push_back(
        list->register_module(std::to_string(last), pointwise_conv(in, widths_[last], stride)));
    return;
  }
  end_norms_.push_back(pool->register_module("4", torch::nn::BatchNorm2d(widths_[pooled])));
  auto plain = list->register_module(std::to_string(last), std::make_shared<NamedGroup>());
  stem_convs_.push_back(plain->register_module("0", pointwise_conv(in, widths_[last], stride)));
  end_norms_.push_back(plain->register_module("1", torch::nn::BatchNorm2d(widths_[last])));
}

void BranchedTemporalConvImpl::add_dilated(torch::nn::Module& branch, int64_t in, int64_t width,
                                           int64_t dilation) {
  stem_convs_.push_back(branch.register_module("0", pointwise_conv(in, width)));
  stem_norms_.push_back(branch.register_module("1", torch::nn::BatchNorm2d(width)));
  dilated_.push_back(branch.register_module(
      "3", TemporalConv(TemporalConvOptions{width, width, branches_.kernel, stride_, dilation,
                                            branches_.has_branch_norm})));
  if (branches_.has_branch_norm) end_norms_.push_back(dilated_.back()->bn);
}

BranchedTemporalConvImpl::Stems BranchedTemporalConvImpl::stems(const at::Tensor& x) {
  // A strided plain branch reads fewer frames and cannot join.
  const bool joins = stride_ == 1;
  std::vector<at::Tensor> weights, biases;
  for (size_t i = 0; i + 1 < stem_convs_.size(); ++i) {
    weights.push_back(stem_convs_[i]->weight);
    biases.push_back(stem_convs_[i]->bias);
  }
  auto weight = at::cat(weights), bias = at::cat(biases);
  const int64_t inner = weight.size(0);
  const bool is_folded = is_plain_evaluation(*stem_norms_.front());
  if (is_folded) {
    const auto folded = fold(weight, bias, stem_norms_);
    weight = folded.weight, bias = folded.bias;
  }
  if (joins) {
    weight = at::cat({weight, stem_convs_.back()->weight});
    bias = at::cat({bias, stem_convs_.back()->bias});
  }
  const Finish active{{}, /*relu=*/true};
  NormedAndRest y;
  if (is_folded) {
    const auto all = pointwise_finished(x, weight, bias, /*stride=*/1, active, inner);
    y = {all.narrow(1, 0, inner), all.narrow(1, inner, all.size(1) - inner)};
  } else {
    y = norm_first(pointwise(x, weight, bias), stem_norms_, active);
  }
  return {y.normed, joins ? y.rest : convolve(x, stem_convs_.back())};
}

at::Tensor BranchedTemporalConvImpl::forward(const at::Tensor& x, const Finish& finish) {
  const auto [active, plain] = stems(x);
  std::vector<at::Tensor> weights, biases;
  for (const auto& branch : dilated_) {
    weights.push_back(branch->conv->weight);
    biases.push_back(branch->conv->bias);
  }
  const auto y = convolve_branches(active, weights, biases, branches_.dilations, stride_, plain);
  return end_norms_.empty() ? finished(y, finish) : norm(y, end_norms_, finish);
}

std::vector<torch::nn::Conv2d> BranchedTemporalConvImpl::convs() const {
  auto all = stem_convs_;
  for (const auto& conv : dilated_) all.push_back(conv->conv);
  return all;
}

Norms BranchedTemporalConvImpl::norms() const {
  auto all = stem_norms_;
  all.insert(all.end(), end_norms_.begin(), end_norms_.end());
  return all;
}

}  // namespace kinegraph
