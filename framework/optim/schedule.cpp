#include "framework/optim/schedule.h"

#include <cmath>

namespace kinegraph {

double Schedule::factor(int64_t iteration) const {
  const int64_t epoch = iteration / context_.iterations_per_epoch;
  const double factor = plain_factor(epoch, iteration);
  double share = 1;  // of the way through the warm-up
  if (warmup_.epochs > 0) {
    const auto done = static_cast<double>(iteration);
    share = warmup_.unit == "epoch"
                ? static_cast<double>(epoch + 1) / warmup_.epochs
                : done / (warmup_.epochs * static_cast<double>(context_.iterations_per_epoch));
  }
  return share >= 1 ? factor : factor * (warmup_.start + (1 - warmup_.start) * share);
}

}  // namespace kinegraph
