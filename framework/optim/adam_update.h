#pragma once

#include "framework/optim/optimizer.h"

namespace kinegraph {

struct AdamOptions {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;

  template <class Fields>
  void describe(Fields& field) {
    field("learning_rate", learning_rate, "peak rate", Range{0});
    field("beta1", beta1, "decay of the mean of gradients", Range{0, 1});
    field("beta2", beta2, "decay of the mean of squared gradients", Range{0, 1});
    field("epsilon", epsilon, "added to the denominator", Range{0});
    field("weight_decay", weight_decay, "penalty on every parameter", Range{0});
  }
};

/// One step of Adam (Kingma & Ba 2015, algorithm 1) on a gradient that holds any penalty already.
void adam_update(at::Tensor& value, const at::Tensor& gradient, Optimizer::State& state,
                 const AdamOptions& options, double learning_rate);

/// What adam_update() keeps in its `state`.
std::vector<std::string> adam_state_names();

}  // namespace kinegraph
