#include "models/layers/batched_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace kinegraph {
namespace {

at::Tensor product(const at::Tensor& x, const at::Tensor& y) {
  auto out = at::empty({x.size(0), x.size(1), y.size(2)}, x.options());
  at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t b = begin; b < end; ++b) {
      auto row = out[b];
      at::mm_out(row, x[b], y[b]);
    }
  });
  return out;
}

class BatchedMatmul : public torch::autograd::Function<BatchedMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& y) {
    context->save_for_backward({x, y});
    return product(x, y);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto gradient = gradients[0].contiguous();
    at::Tensor to_x, to_y;
    if (context->needs_input_grad(0)) to_x = product(gradient, saved[1].transpose(1, 2));
    if (context->needs_input_grad(1)) to_y = product(saved[0].transpose(1, 2), gradient);
    return {to_x, to_y};
  }
};

}  // namespace

at::Tensor batched_matmul(const at::Tensor& x, const at::Tensor& y) {
  TORCH_CHECK(x.dim() == 3 && y.dim() == 3 && x.size(0) == y.size(0) && x.size(2) == y.size(1),
              "batched_matmul: ", x.sizes(), " and ", y.sizes(), " do not fit");
  return x.device().is_cpu() ? BatchedMatmul::apply(x, y) : at::bmm(x, y);
}

}  // namespace kinegraph
