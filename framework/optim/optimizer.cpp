#include "framework/optim/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

namespace kinegraph {

void Optimizer::zero_grad() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
}

void Optimizer::step() {
  const at::NoGradGuard no_grad;
  for (auto& [name, parameter] : parameters_)
    if (parameter.grad().defined()) update(name, parameter, parameter.grad(), state_[name]);
}

double Optimizer::clip_gradients(double max_norm) {
  const at::NoGradGuard no_grad;
  double sum = 0;
  for (const auto& [name, parameter] : parameters_)
    if (parameter.grad().defined()) {
      const double norm = parameter.grad().norm().item<double>();
      sum += norm * norm;
    }
  const double norm = std::sqrt(sum);
  if (norm > max_norm)
    for (auto& [name, parameter] : parameters_)
      if (parameter.grad().defined()) parameter.mutable_grad().mul_(max_norm / (norm + 1e-6));
  return norm;
}

void Optimizer::check_fits(const std::string& name, const State& state,
                           const at::Tensor& parameter) const {
  const std::string where = fmt::format("optimizer state of '{}'", name);
  std::vector<std::string> found;
  for (const auto& [key, tensor] : state) found.push_back(key);
  const std::vector<std::string> expected = state_names();
  if (found != expected)
    throw DataError(Fault{where, found.empty() ? "nothing" : join(found),
                          expected.empty() ? "nothing" : join(expected),
                          "Resume with the optimizer that the run began with."});
  for (const auto& [key, tensor] : state)
    if (tensor.dim() != 0 && tensor.sizes() != parameter.sizes())
      throw DataError(Fault{where, fmt::format("'{}' of shape {}", key, c10::str(tensor.sizes())),
                            fmt::format("the parameter's shape {}", c10::str(parameter.sizes())),
                            "Is this checkpoint of this model?"});
}

void Optimizer::load_state(const std::map<std::string, State>& state) {
  const std::map<std::string, at::Tensor> known(parameters_.begin(), parameters_.end());
  std::map<std::string, State> loaded;
  for (const auto& [name, tensors] : state) {
    const auto found = known.find(name);
    if (found == known.end())
      throw DataError(Fault{"optimizer state", fmt::format("a parameter '{}'", name),
                            "only parameters of this model", "Is this checkpoint of this model?"});
    check_fits(name, tensors, found->second);
    for (const auto& [key, tensor] : tensors) {
      const auto device = tensor.dim() == 0 ? tensor.device() : found->second.device();
      loaded[name][key] = tensor.to(device).clone();
    }
  }
  state_ = std::move(loaded);
}

}  // namespace kinegraph
