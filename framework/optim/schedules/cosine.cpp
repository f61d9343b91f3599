#include <cmath>

#include "framework/optim/schedule.h"

namespace kinegraph {
namespace {

/// min + (1 - min) (1 + cos(pi i / I)) / 2 at iteration i of I (Loshchilov & Hutter 2017, eq. 5).
class Cosine : public Schedule {
 public:
  struct Options {
    double min_factor = 0;
    WarmupOptions warmup;

    template <class Fields>
    void describe(Fields& field) {
      field("min_factor", min_factor, "factor at the end", Range{0, 1});
      field("warmup", warmup, "linear rise at the start");
    }
  };

  Cosine(const Options& options, const Context& context)
      : Schedule(options.warmup, context), options_(options) {}

 protected:
  double plain_factor(int64_t, int64_t iteration) const override {
    const auto total = static_cast<double>(context().epochs * context().iterations_per_epoch);
    const double share = static_cast<double>(iteration) / total;
    return options_.min_factor + (1 - options_.min_factor) * 0.5 * (1 + std::cos(M_PI * share));
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Schedule, "cosine", Cosine, "half a cosine over the whole run, per iteration")

}  // namespace
}  // namespace kinegraph
