#include <cmath>

#include "framework/optim/schedule.h"

namespace kinegraph {
namespace {

class Step : public Schedule {
 public:
  struct Options {
    int64_t every = 10;
    double gamma = 0.1;
    WarmupOptions warmup;

    template <class Fields>
    void describe(Fields& field) {
      field("every", every, "epochs between two steps", Range{1});
      field("gamma", gamma, "factor of each step", Range{0});
      field("warmup", warmup, "linear rise at the start");
    }
  };

  Step(const Options& options, const Context& context)
      : Schedule(options.warmup, context), options_(options) {}

 protected:
  double plain_factor(int64_t epoch, int64_t) const override {
    return std::pow(options_.gamma, static_cast<double>(epoch / options_.every));
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Schedule, "step", Step, "times gamma every so many epochs")

}  // namespace
}  // namespace kinegraph
