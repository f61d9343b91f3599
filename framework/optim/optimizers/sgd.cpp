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
    NamedList<double> weight_decay_of;

    template <class Fields>
    void describe(Fields& field) {
      field("learning_rate", learning_rate, "peak rate", Range{0});
      field("momentum", momentum, "share of the last step kept", Range{0, 1});
      field("weight_decay", weight_decay, "L2 penalty on every parameter", Range{0});
      field("weight_decay_of", weight_decay_of,
            "part of a parameter's name -> its penalty instead; the first part that fits decides");
      field("nesterov", nesterov, "look ahead along the momentum");
    }
  };

  Sgd(const Options& options, const Context& context) : Optimizer(context), options_(options) {
    for (const auto& [part, decay] : options.weight_decay_of) check_exception(part, decay, context);
  }
  double base_learning_rate() const override { return options_.learning_rate; }
  std::vector<std::string> state_names() const override {
    if (options_.momentum == 0) return {};
    return {"momentum"};
  }

 protected:
  void update(const std::string& name, at::Tensor& value, const at::Tensor& gradient,
              State& state) override {
    at::Tensor step = gradient;
    if (const double decay = weight_decay_of(name); decay != 0) step = step.add(value, decay);
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
  /// Throws ConfigError for a penalty below 0 and for a part that no parameter's name has.
  static void check_exception(const std::string& part, double decay, const Context& context) {
    const std::string where = fmt::format("optimizer 'sgd': weight_decay_of '{}'", part);
    if (!(decay >= 0)) throw ConfigError(Fault{where, fmt::format("{}", decay), "at least 0", ""});
    for (const auto& [name, parameter] : context.parameters)
      if (name.find(part) != std::string::npos) return;
    throw ConfigError(Fault{where, "no parameter's name has this part", "a part of one",
                            "Correct it, or remove it."});
  }

  double weight_decay_of(const std::string& name) const {
    for (const auto& [part, decay] : options_.weight_decay_of)
      if (name.find(part) != std::string::npos) return decay;
    return options_.weight_decay;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Optimizer, "sgd", Sgd, "stochastic gradient descent with momentum")

}  // namespace
}  // namespace kinegraph
