// Learning rate over time.
#pragma once

#include "framework/registry/registry.h"

namespace kinegraph {

/// Linear rise of the rate at the start, for every schedule.
struct WarmupOptions {
  double epochs = 0;
  double start = 0;
  std::string unit = "iteration";

  template <class Fields>
  void describe(Fields& field) {
    field("epochs", epochs, "length; 0: none", Range{0});
    field("start", start, "factor at the beginning", Range{0, 1});
    field("unit", unit,
          "rise at every iteration, or once an epoch (epoch e of n has the factor (e+1)/n)",
          OneOf{{"iteration", "epoch"}});
  }
};

class Schedule {
 public:
  static constexpr const char* kKind = "schedule";
  struct Context {
    int64_t epochs = 1, iterations_per_epoch = 1;
  };

  virtual ~Schedule() = default;

  /// Factor on the base rate for the 0-based `iteration` of the whole run.
  double factor(int64_t iteration) const;

 protected:
  Schedule(const WarmupOptions& warmup, const Context& context)
      : warmup_(warmup), context_(context) {}
  /// Factor without warm-up; `epoch` is 0-based.
  virtual double plain_factor(int64_t epoch, int64_t iteration) const = 0;
  const Context& context() const { return context_; }

 private:
  WarmupOptions warmup_;
  Context context_;
};

}  // namespace kinegraph
