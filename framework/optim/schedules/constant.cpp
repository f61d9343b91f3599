#include "framework/optim/schedule.h"

namespace kinegraph {
namespace {

class Constant : public Schedule {
 public:
  struct Options {
    WarmupOptions warmup;

    template <class Fields>
    void describe(Fields& field) {
      field("warmup", warmup, "linear rise at the start");
    }
  };

  Constant(const Options& options, const Context& context) : Schedule(options.warmup, context) {}

 protected:
  double plain_factor(int64_t, int64_t) const override { return 1; }
};

KINEGRAPH_REGISTER(Schedule, "constant", Constant, "the base rate throughout")

}  // namespace
}  // namespace kinegraph
