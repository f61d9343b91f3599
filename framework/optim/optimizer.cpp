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

void Optimizer::check_fits(const std::string& where, const State& state,
                           const at::Tensor& parameter) const {
  std::vector<std::string> found;
  for (const auto& [key, tensor] : state) found.push_back(key);
  const std::vector<std::string> expected = state_names();
  if (found != expected)
    throw DataError(Fault{where, found.empty() ? "nothing" : join(found),
                          expected.empty() ? "nothing" : join(expected),
                          "Resume with the optimizer that the run began with."});
  for (const auto& entry : state) {
    const std::string& key = entry.first;
    const at::Tensor& tensor = entry.second;
    const bool is_step = key == kStep;
    const auto refuse = [&](const std::string& found, const std::string& expected) {
      throw DataError(Fault{where, fmt::format("'{}' of {}", key, found),
                            (is_step ? "" : "the parameter's ") + expected,
                            "Is this checkpoint of this model?"});
    };
    const auto shape = is_step ? at::IntArrayRef{} : parameter.sizes();
    if (tensor.sizes() != shape)
      refuse("shape " + c10::str(tensor.sizes()), "shape " + c10::str(shape));
    const auto type = is_step ? at::kLong : parameter.scalar_type();
    if (tensor.scalar_type() != type)
      refuse(fmt::format("type {}", c10::toString(tensor.scalar_type())),
             fmt::format("type {}", c10::toString(type)));
  }
}

void Optimizer::load_state(const std::map<std::string, State>& state, const std::string& source) {
  const std::string where = source.empty() ? "optimizer state" : source + ": optimizer state";
  const std::map<std::string, at::Tensor> known(parameters_.begin(), parameters_.end());
  std::map<std::string, State> loaded;
  for (const auto& [name, tensors] : state) {
    const auto found = known.find(name);
    if (found == known.end())
      throw DataError(Fault{where, fmt::format("a parameter '{}'", name),
                            "only parameters of this model", "Is this checkpoint of this model?"});
    check_fits(fmt::format("{} of '{}'", where, name), tensors, found->second);
    for (const auto& [key, tensor] : tensors) {
      const auto device = tensor.dim() == 0 ? tensor.device() : found->second.device();
      loaded[name][key] = tensor.to(device).clone();
    }
  }
  state_ = std::move(loaded);
}

}  // namespace kinegraph
