#include "models/layers/norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <variant>

#include "framework/model/output_trace.h"
#include "models/kernels/batch_norm.h"
#include "models/kernels/rows.h"
#include "models/kernels/scale_rows.h"
#include "models/kernels/tiled_conv.h"

namespace kinegraph {
namespace {

template <class Get>
at::Tensor joined(const Norms& norms, Get get) {
  if (norms.size() == 1) return get(*norms.front());
  std::vector<at::Tensor> parts;
  for (const auto& norm : norms) parts.push_back(get(*norm));
  return at::cat(parts);
}

at::Tensor weight_of(const torch::nn::BatchNorm2dImpl& norm) { return norm.weight; }
at::Tensor bias_of(const torch::nn::BatchNorm2dImpl& norm) { return norm.bias; }
at::Tensor mean_of(const torch::nn::BatchNorm2dImpl& norm) { return norm.running_mean; }
at::Tensor variance_of(const torch::nn::BatchNorm2dImpl& norm) { return norm.running_var; }

/// body(norm, statistics of its own channels) for each norm, from those of all side by side.
template <class Body>
void for_each_norm(const Norms& norms, const at::Tensor& mean, const at::Tensor& variance,
                   const Body& body) {
  const at::NoGradGuard no_grad;
  int64_t begin = 0;
  for (const auto& norm : norms) {
    const int64_t count = norm->options.num_features();
    body(*norm, mean.narrow(0, begin, count), variance.narrow(0, begin, count));
    begin += count;
  }
}

/// Moves the running statistics towards those of a batch.
void track(const Norms& norms, const at::Tensor& batch_mean, const at::Tensor& batch_variance) {
  const double momentum = *norms.front()->options.momentum();
  const auto move = [&](const at::Tensor& running, const at::Tensor& seen) {
    running.copy_(running.to(at::kDouble) * (1 - momentum) + seen * momentum);
  };
  for_each_norm(norms, batch_mean, batch_variance,
                [&](auto& norm, const at::Tensor& mean, const at::Tensor& variance) {
                  move(norm.running_mean, mean);
                  move(norm.running_var, variance);
                });
}

/// LibTorch's own: in evaluation with gradients or a trace, and for other devices and types.
at::Tensor plain_norm(const at::Tensor& x, const Norms& norms, const Finish& finish) {
  const auto& first = *norms.front();
  auto mean = joined(norms, mean_of), variance = joined(norms, variance_of);
  const auto y =
      at::batch_norm(x, joined(norms, weight_of), joined(norms, bias_of), mean, variance,
                     first.is_training(), *first.options.momentum(), first.options.eps(), true);
  // Of several norms the running statistics are copies so far.
  if (first.is_training() && norms.size() > 1)
    for_each_norm(norms, mean, variance,
                  [](auto& norm, const at::Tensor& of_mean, const at::Tensor& of_variance) {
                    norm.running_mean.copy_(of_mean);
                    norm.running_var.copy_(of_variance);
                  });
  return finished(y, finish);
}

bool is_plain_number(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
}

bool is_pointwise(const torch::nn::Conv2d& conv) {
  const auto& options = conv->options;
  return conv->weight.size(2) == 1 && conv->weight.size(3) == 1 && options.groups() == 1 &&
         options.stride()->at(1) == 1;
}

torch::ExpandingArray<2> padding_of(const torch::nn::Conv2dImpl& conv) {
  using std::get;  // of LibTorch 2's variant; 1.13 has one of its own, with its own get()
  return get<torch::ExpandingArray<2>>(conv.options.padding());
}

/// Whether tiled_conv() can take its place.
bool is_tiled(const at::Tensor& x, const torch::nn::Conv2d& conv) {
  const auto& options = conv->options;
  const auto padding = padding_of(*conv);
  return is_for_tiled_conv(x, conv->weight, options.stride()->at(0)) && conv->weight.size(3) == 1 &&
         options.groups() == 1 && options.stride()->at(1) == 1 && options.dilation()->at(0) == 1 &&
         padding->at(0) == (conv->weight.size(2) - 1) / 2 && padding->at(1) == 0;
}

at::Tensor plain_conv(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      const torch::nn::Conv2dImpl& conv) {
  const auto& options = conv.options;
  return at::conv2d(x, weight, bias, *options.stride(), padding_of(conv), *options.dilation(),
                    options.groups())
      .contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

at::Tensor finished(const at::Tensor& y, const Finish& finish) {
  if (!finish.add.defined()) return finish.relu ? y.relu() : y;
  const auto sum = y + finish.add;
  return finish.relu ? sum.relu_() : sum;
}

bool is_plain_evaluation(const torch::nn::Module& module) {
  return !module.is_training() && !at::GradMode::is_enabled() && !is_traced();
}

ScaleShift scale_shift(const Norms& norms) {
  const auto variance = joined(norms, variance_of).to(at::kDouble);
  const auto scale =
      joined(norms, weight_of).to(at::kDouble) * at::rsqrt(variance + norms.front()->options.eps());
  const auto shift =
      joined(norms, bias_of).to(at::kDouble) - joined(norms, mean_of).to(at::kDouble) * scale;
  return {scale, shift};
}

FoldedWeights fold(const at::Tensor& weight, const at::Tensor& bias, const Norms& norms) {
  // In float64: rounded once, where folding in float32 would lose digits three times.
  const auto [scale, shift] = scale_shift(norms);
  std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
  shape.front() = weight.size(0);
  const auto folded = bias.defined() ? bias.to(at::kDouble) * scale + shift : shift;
  return {(weight.to(at::kDouble) * scale.view(shape)).to(weight.scalar_type()),
          folded.to(weight.scalar_type())};
}

NormedAndRest norm_first(const at::Tensor& x, const Norms& norms, const Finish& finish) {
  const auto& first = *norms.front();
  if (first.is_training())
    for (const auto& bn : norms) bn->num_batches_tracked.add_(1);
  const auto weight = joined(norms, weight_of);
  TORCH_CHECK(x.size(1) >= weight.size(0), "norm: ", x.size(1), " channels for norms of ",
              weight.size(0));
  const bool has_kernel =
      x.device().is_cpu() && is_plain_number(x) && weight.scalar_type() == x.scalar_type();
  if (has_kernel && first.is_training()) {
    const auto result = batch_norm(x, weight, joined(norms, bias_of), first.options.eps(), finish);
    track(norms, result.mean, result.variance);
    return {result.y, result.rest};
  }
  const int64_t channels = weight.size(0), others = x.size(1) - channels;
  const auto rest = others > 0 ? x.narrow(1, channels, others) : at::Tensor();
  const auto own = others > 0 ? x.narrow(1, 0, channels) : x;
  if (!has_kernel || !is_plain_evaluation(first)) return {plain_norm(own, norms, finish), rest};
  const auto [scale, shift] = scale_shift(norms);
  const auto type = x.scalar_type();
  const auto y = scale_rows(rows_of(own), scale.to(type), shift.to(type), dense_rows_of(finish.add),
                            finish.relu);
  return {from_rows(y, x.size(0), x.size(2), x.size(3)), rest};
}

at::Tensor norm(const at::Tensor& x, const Norms& norms, const Finish& finish) {
  const auto result = norm_first(x, norms, finish);
  TORCH_CHECK(!result.rest.defined(), "norm: ", x.size(1), " channels for norms of ",
              result.normed.size(1));
  return result.normed;
}

at::Tensor convolve(const at::Tensor& x, const torch::nn::Conv2d& conv) {
  if (is_pointwise(conv))
    return pointwise(x, conv->weight, conv->bias, conv->options.stride()->at(0));
  return is_tiled(x, conv) ? tiled_conv(x, conv->weight, conv->bias, conv->options.stride()->at(0))
                           : torch::nn::Conv2d(conv)->forward(x);
}

at::Tensor conv_norm(const at::Tensor& x, const torch::nn::Conv2d& conv,
                     const torch::nn::BatchNorm2d& bn, const Finish& finish) {
  if (!is_plain_evaluation(*bn)) return norm(convolve(x, conv), {bn}, finish);
  const auto [weight, bias] = fold(conv->weight, conv->bias, {bn});
  if (is_pointwise(conv))
    return pointwise_finished(x, weight, bias, conv->options.stride()->at(0), finish);
  auto y = is_tiled(x, conv) ? tiled_conv(x, weight, bias, conv->options.stride()->at(0))
                             : plain_conv(x, weight, bias, *conv);
  finish_in_place(y, finish);
  return y;
}

}  // namespace kinegraph
