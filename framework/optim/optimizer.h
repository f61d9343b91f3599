// Optimizers. Ours rather than torch::optim's: state is keyed by parameter name, which checkpoints
// need and which LibTorch keys differently in each version.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "framework/registry/registry.h"

namespace kinegraph {

class Optimizer {
 public:
  static constexpr const char* kKind = "optimizer";
  struct Context {
    std::vector<std::pair<std::string, at::Tensor>> parameters;  // those that require gradients
  };
  /// State of one parameter: tensors by name ("momentum", ...), of its shape and type but for
  /// kStep.
  using State = std::map<std::string, at::Tensor>;
  /// The number of steps so far: a 0-d int64 tensor.
  static constexpr const char* kStep = "step";

  virtual ~Optimizer() = default;

  /// The configured rate; the schedule multiplies it.
  virtual double base_learning_rate() const = 0;

  void set_learning_rate(double rate) { learning_rate_ = rate; }
  double learning_rate() const { return learning_rate_; }

  void zero_grad();
  /// Updates every parameter that has a gradient.
  void step();
  /// Scales all gradients so that their total L2 norm is at most `max_norm`; returns the norm.
  double clip_gradients(double max_norm);

  /// Parameter name -> state; parameters that had no gradient yet are absent.
  const std::map<std::string, State>& state() const { return state_; }
  /// Throws DataError, and changes nothing, when a name, a shape or a type does not fit; `source`
  /// leads the message.
  void load_state(const std::map<std::string, State>& state, const std::string& source = "");

  /// Names of the tensors that step() keeps for a parameter, sorted.
  virtual std::vector<std::string> state_names() const = 0;

 protected:
  explicit Optimizer(const Context& context) : parameters_(context.parameters) {}
  /// One step of the parameter `name`; `state` is its own.
  virtual void update(const std::string& name, at::Tensor& value, const at::Tensor& gradient,
                      State& state) = 0;

 private:
  void check_fits(const std::string& where, const State& state, const at::Tensor& parameter) const;

  std::vector<std::pair<std::string, at::Tensor>> parameters_;
  std::map<std::string, State> state_;
  double learning_rate_ = 0;
};

}  // namespace kinegraph
