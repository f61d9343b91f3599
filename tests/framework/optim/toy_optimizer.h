// A small problem, and components made from YAML as a config makes them.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "framework/optim/optimizer.h"
#include "tests/support/config_text.h"

namespace kinegraph {

/// "{type: sgd, momentum: 0}" to a built component.
template <class Base>
std::shared_ptr<Base> make_component(const std::string& yaml,
                                     const typename Base::Context& context) {
  Diagnostics diagnostics;
  Component<Base> component;
  component.read(tree_of("component: " + yaml).entries.at(0).value, diagnostics);
  diagnostics.throw_if_any();
  return component.build(context);
}

/// Least squares with a weight and a bias, in float64.
struct Problem {
  at::Tensor weight, bias, x, y;

  Problem() {
    at::manual_seed(3);
    const auto real = at::TensorOptions(at::kDouble);
    weight = at::randn({3, 2}, real).set_requires_grad(true);
    bias = at::randn({2}, real).set_requires_grad(true);
    x = at::randn({8, 3}, real);
    y = at::randn({8, 2}, real);
  }

  Optimizer::Context context() const { return {{{"fc.weight", weight}, {"fc.bias", bias}}}; }

  void backward() const { (x.mm(weight) + bias - y).pow(2).sum().backward(); }

  /// One step at `rate`, or at the configured rate.
  void step(Optimizer& optimizer) const { step(optimizer, optimizer.base_learning_rate()); }
  void step(Optimizer& optimizer, double rate) const {
    optimizer.zero_grad();
    backward();
    optimizer.set_learning_rate(rate);
    optimizer.step();
  }
};

}  // namespace kinegraph
