#include <ATen/ATen.h>

#include "framework/optim/optimizer.h"

namespace kinegraph {
namespace {

/// g += weight_decay * w;  b = momentum * b + g (b = g at first);  g = nesterov ? g + momentum * b
/// : b;  w -= rate * g. As PyTorch, without dampening.
class Sgd : public Optimizer {
 public:
  struct Options {
    double learning_rate = 0.1, momentum = 0.9, weight_decay = 1e-4;
    bool nesterov = true;

    template <class Fields>
    void describe(Fields& field) {
      field("learning_rate", learning_rate, "peak rate", Range{0});
      field("momentum", momentum, "share of the last step kept", Range{0, 1});
      field("weight_decay", weight_decay, "L2 penalty on every parameter", Range{0});
      field("nesterov", nesterov, "look ahead along the momentum");
    }
  };

  Sgd(const Options& options, const Context& context) : Optimizer(context), options_(options) {}
  double base_learning_rate() const override { return options_.learning_rate; }
  std::vector<std::string> state_names() const override {
    if (options_.momentum == 0) return {};
    return {"momentum"};
  }

 protected:
  void update(at::Tensor& value, const at::Tensor& gradient, State& state) override {
    at::Tensor step = gradient;
    if (options_.weight_decay != 0) step = step.add(value, options_.weight_decay);
    if (options_.momentum != 0) {
      at::Tensor& momentum = state["momentum"];
      if (momentum.defined())
        momentum.mul_(options_.momentum).add_(step);
      else
        momentum = step.clone();
      step = options_.nesterov ? step.add(momentum, options_.momentum) : momentum;
    }
    value.add_(step, -learning_rate());
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Optimizer, "sgd", Sgd, "stochastic gradient descent with momentum")

}  // namespace
}  // namespace kinegraph
