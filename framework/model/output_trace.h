// What the modules of a model return while it runs, for diagnosis and descriptions.
#pragma once

#include <torch/nn/module.h>

#include <functional>

namespace kinegraph {

/// While it lives, modules that run on this thread show it their outputs. The newest one counts.
class OutputTrace {
 public:
  /// The output may be overwritten later: copy what is to stay.
  using Observer = std::function<void(const torch::nn::Module& module, const at::Tensor& output)>;

  explicit OutputTrace(Observer observer);
  ~OutputTrace();
  OutputTrace(const OutputTrace&) = delete;
  OutputTrace& operator=(const OutputTrace&) = delete;

 private:
  friend void show_output(const torch::nn::Module& module, const at::Tensor& output);

  Observer observer_;
  OutputTrace* previous_;
};

/// Shows the `output` of a `module` to the trace of this thread, if there is one. Models call it
/// for the parts between which a fault would be looked for: units, their spatial and temporal
/// parts.
void show_output(const torch::nn::Module& module, const at::Tensor& output);

/// Whether this thread has a trace. Then models compute every output that they show by itself, and
/// not as one with what follows it.
bool is_traced();

}  // namespace kinegraph
