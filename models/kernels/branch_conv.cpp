#include "models/kernels/branch_conv.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include "framework/model/cost_meter.h"
#include "models/kernels/branch_passes.h"
#include "models/kernels/remake.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

/// rows_of() as (N, T, V, C).
at::Tensor ntvc_rows(const at::Tensor& x) {
  return rows_of(x).view({x.size(0), x.size(2), x.size(3), x.size(1)});
}

class BranchConv : public torch::autograd::Function<BranchConv> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& active,
                            const at::TensorList& weights, const at::TensorList& biases,
                            const std::vector<int64_t>& dilations, int64_t stride,
                            const at::Tensor& plain) {
    const BranchPlan plan(active, weights, dilations, stride);
    const auto rows = ntvc_rows(active), plain_rows = ntvc_rows(plain);
    save_for_backward(*context, rows, followed_by(remake_of(active), ntvc_rows),
                      {weights.begin(), weights.end()});
    context->saved_data["dilations"] = dilations;
    context->saved_data["stride"] = stride;
    auto out = at::empty({plan.clips, plan.to_frames, plan.joints, active.size(1) + plain.size(1)},
                         active.options());
    AT_DISPATCH_FLOATING_TYPES(active.scalar_type(), "convolve_branches", [&] {
      branch_outputs<scalar_t>(plan, weights, biases, rows, plain_rows, out);
    });
    return out.permute({0, 3, 1, 2});
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = saved_variables(*context);
    const auto& rows = saved[0];
    const std::vector<at::Tensor> weights(saved.begin() + 1, saved.end());
    const BranchPlan plan(rows.permute({0, 3, 1, 2}), weights,
                          context->saved_data["dilations"].toIntVector(),
                          context->saved_data["stride"].toInt());
    const auto grad = ntvc_rows(grads[0]);
    at::Tensor to_active;
    std::vector<at::Tensor> to_weights, to_biases;
    for (const auto& weight : weights) {
      to_weights.push_back(at::empty(weight.sizes(), weight.options()));
      to_biases.push_back(at::empty({weight.size(0)}, weight.options()));
    }
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "convolve_branches_gradient", [&] {
      if (context->needs_input_grad(0)) {
        auto to = at::empty(rows.sizes(), rows.options());
        branch_input_gradient<scalar_t>(plan, weights, rows, grad, to);
        to_active = to.permute({0, 3, 1, 2});
      }
      branch_weight_gradients<scalar_t>(plan, rows, grad, to_weights, to_biases);
    });
    std::vector<at::Tensor> result{to_active};
    result.insert(result.end(), to_weights.begin(), to_weights.end());
    result.insert(result.end(), to_biases.begin(), to_biases.end());
    const int64_t inner = rows.size(3);
    result.insert(result.end(), {{}, {}, grads[0].narrow(1, inner, grads[0].size(1) - inner)});
    return result;
  }
};

/// The same by LibTorch, for other devices and types.
at::Tensor convolve_parts(const at::Tensor& active, const std::vector<at::Tensor>& weights,
                          const std::vector<at::Tensor>& biases,
                          const std::vector<int64_t>& dilations, int64_t stride,
                          const at::Tensor& plain) {
  std::vector<at::Tensor> parts;
  int64_t begin = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const int64_t width = weights[i].size(0), padding = weights[i].size(2) / 2 * dilations[i];
    parts.push_back(at::conv2d(active.narrow(1, begin, width), weights[i], biases[i], {stride, 1},
                               {padding, 0}, {dilations[i], 1}));
    begin += width;
  }
  parts.push_back(
      at::max_pool2d(active.narrow(1, begin, active.size(1) - begin), {3, 1}, {stride, 1}, {1, 0}));
  parts.push_back(plain);
  return at::cat(parts, 1);
}

}  // namespace

at::Tensor convolve_branches(const at::Tensor& active, const std::vector<at::Tensor>& weights,
                             const std::vector<at::Tensor>& biases,
                             const std::vector<int64_t>& dilations, int64_t stride,
                             const at::Tensor& plain) {
  const auto type = active.scalar_type();
  if (!active.device().is_cpu() || (type != at::kFloat && type != at::kDouble))
    return convolve_parts(active, weights, biases, dilations, stride, plain);
  int64_t weights_of_all = 0;
  for (const auto& weight : weights) weights_of_all += weight.numel();
  const int64_t macs = plain.size(0) * plain.size(2) * plain.size(3) * weights_of_all;
  const PublishedMacs published({macs, /*graph=*/0});
  count_executed_macs(macs);
  return BranchConv::apply(active, at::TensorList(weights), at::TensorList(biases), dilations,
                           stride, plain);
}

}  // namespace kinegraph
