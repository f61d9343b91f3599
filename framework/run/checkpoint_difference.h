// Whether two checkpoints hold the same bits.
#pragma once

#include <string>
#include <vector>

#include "framework/run/checkpoint.h"

namespace kinegraph {

/// One part of two checkpoints, such as "weights".
struct PartDifference {
  std::string part;
  int64_t tensors = 0;                 // in either of the two
  std::vector<std::string> different;  // names of those that differ in type, shape or any bit, or
                                       // that only one of the two has
};

/// All that training changes: weights (and buffers), batch norm (its running statistics),
/// optimizer, loss, random generators, and progress (epochs, batches, the best value and the sums
/// of the epoch). Left out is what depends on the clock, and what is not training's: config,
/// skeleton, classes.
std::vector<PartDifference> compare(const Checkpoint& a, const Checkpoint& b);

}  // namespace kinegraph
