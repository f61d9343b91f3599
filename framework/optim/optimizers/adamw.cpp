#include <ATen/ATen.h>

#include "framework/optim/adam_update.h"

namespace kinegraph {
namespace {

/// Adam with weight decay beside the gradient.
class AdamW : public Optimizer {
 public:
  struct Options : AdamOptions {
    Options() { weight_decay = 0.01; }
  };

  AdamW(const Options& options, const Context& context) : Optimizer(context), options_(options) {}
  double base_learning_rate() const override { return options_.learning_rate; }
  std::vector<std::string> state_names() const override { return adam_state_names(); }

 protected:
  void update(const std::string&, at::Tensor& value, const at::Tensor& gradient,
              State& state) override {
    value.mul_(1 - learning_rate() * options_.weight_decay);
    adam_update(value, gradient, state, options_, learning_rate());
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Optimizer, "adamw", AdamW, "Adam with decoupled weight decay (Loshchilov 2019)")

}  // namespace
}  // namespace kinegraph
