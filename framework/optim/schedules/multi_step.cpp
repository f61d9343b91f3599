#include <algorithm>
#include <cmath>

#include "framework/optim/schedule.h"

namespace kinegraph {
namespace {

class MultiStep : public Schedule {
 public:
  struct Options {
    std::vector<int64_t> milestones;
    double gamma = 0.1;
    WarmupOptions warmup;

    template <class Fields>
    void describe(Fields& field) {
      field("milestones", milestones, "0-based epochs at whose start the rate drops", Range{0},
            Required{});
      field("gamma", gamma, "factor of each drop", Range{0});
      field("warmup", warmup, "linear rise at the start");
    }
  };

  MultiStep(const Options& options, const Context& context)
      : Schedule(options.warmup, context), options_(options) {}

 protected:
  double plain_factor(int64_t epoch, int64_t) const override {
    const auto passed = std::count_if(options_.milestones.begin(), options_.milestones.end(),
                                      [&](int64_t milestone) { return epoch >= milestone; });
    return std::pow(options_.gamma, static_cast<double>(passed));
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Schedule, "multi_step", MultiStep, "times gamma at each milestone")

}  // namespace
}  // namespace kinegraph
