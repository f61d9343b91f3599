#include <ATen/ATen.h>

#include "framework/optim/adam_update.h"

namespace kinegraph {
namespace {

/// Adam with an L2 penalty inside the gradient.
class Adam : public Optimizer {
 public:
  using Options = AdamOptions;

  Adam(const Options& options, const Context& context) : Optimizer(context), options_(options) {}
  double base_learning_rate() const override { return options_.learning_rate; }
  std::vector<std::string> state_names() const override { return adam_state_names(); }

 protected:
  void update(const std::string&, at::Tensor& value, const at::Tensor& gradient,
              State& state) override {
    const auto penalised =
        options_.weight_decay == 0 ? gradient : gradient.add(value, options_.weight_decay);
    adam_update(value, penalised, state, options_, learning_rate());
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Optimizer, "adam", Adam, "Adam (Kingma & Ba, ICLR 2015)")

}  // namespace
}  // namespace kinegraph
