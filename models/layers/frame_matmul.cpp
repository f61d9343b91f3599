#include "models/layers/frame_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace kinegraph {
namespace {

/// matrix (R, P) @ frames[i] (P, C) + bias (C), if any, for every i.
at::Tensor products(const at::Tensor& matrix, const at::Tensor& frames, const at::Tensor& bias) {
  auto out = at::empty({frames.size(0), matrix.size(0), frames.size(2)}, frames.options());
  at::parallel_for(0, frames.size(0), 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t i = begin; i < end; ++i) {
      auto to = out[i];
      if (bias.defined())
        at::addmm_out(to, bias, matrix, frames[i]);
      else
        at::mm_out(to, matrix, frames[i]);
    }
  });
  return out;
}

/// sum_i left[i] @ right[i]^T, over a partition that does not depend on the number of threads.
at::Tensor sum_of_products(const at::Tensor& left, const at::Tensor& right) {
  constexpr int64_t kPartialSums = 8;
  const int64_t frames = left.size(0), parts = std::min(frames, kPartialSums);
  auto sums = at::zeros({parts, left.size(1), right.size(1)}, left.options());
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t part = begin; part < end; ++part) {
      auto sum = sums[part];
      for (int64_t i = part * frames / parts; i < (part + 1) * frames / parts; ++i)
        sum.addmm_(left[i], right[i].t());
    }
  });
  return sums.sum(0);
}

class FrameMatmul : public torch::autograd::Function<FrameMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& matrix,
                            const at::Tensor& frames, const at::Tensor& bias) {
    context->save_for_backward({matrix, frames});
    return products(matrix, frames, bias);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto gradient = gradients[0].contiguous();
    at::Tensor to_matrix, to_frames, to_bias;
    if (context->needs_input_grad(0)) to_matrix = sum_of_products(gradient, saved[1]);
    if (context->needs_input_grad(1)) to_frames = products(saved[0].t(), gradient, {});
    if (context->needs_input_grad(2)) to_bias = gradient.sum(at::IntArrayRef{0, 1});
    return {to_matrix, to_frames, to_bias};
  }
};

}  // namespace

at::Tensor frame_matmul(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& bias) {
  const int64_t n = rows.size(0), t = rows.size(1), c = rows.size(3);
  const auto frames = rows.contiguous().view({n * t, rows.size(2), c});
  return FrameMatmul::apply(matrix.contiguous(), frames, bias).view({n, t, matrix.size(0), c});
}

}  // namespace kinegraph
