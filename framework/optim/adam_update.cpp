#include "framework/optim/adam_update.h"

#include <ATen/ATen.h>

#include <cmath>

namespace kinegraph {

void adam_update(at::Tensor& value, const at::Tensor& gradient, Optimizer::State& state,
                 const AdamOptions& options, double learning_rate) {
  at::Tensor &step = state[Optimizer::kStep], &mean = state["mean"], &square = state["mean_square"];
  if (!step.defined()) {
    step = at::zeros({}, at::kLong);
    mean = at::zeros_like(value);
    square = at::zeros_like(value);
  }
  step.add_(1);
  const auto t = static_cast<double>(step.item<int64_t>());
  mean.mul_(options.beta1).add_(gradient, 1 - options.beta1);
  square.mul_(options.beta2).addcmul_(gradient, gradient, 1 - options.beta2);
  const double mean_correction = 1 - std::pow(options.beta1, t);
  const double square_correction = 1 - std::pow(options.beta2, t);
  const auto denominator = square.sqrt().div_(std::sqrt(square_correction)).add_(options.epsilon);
  value.addcdiv_(mean, denominator, -learning_rate / mean_correction);
}

std::vector<std::string> adam_state_names() { return {"mean", "mean_square", Optimizer::kStep}; }

}  // namespace kinegraph
