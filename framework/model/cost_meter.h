// Counts what a model computes and holds while it runs.
#pragma once

#include <cstdint>
#include <memory>

namespace kinegraph {

/// Multiply-accumulates: of convolutions and linear layers, and of products with graphs (adjacency
/// or similarity matrices). Element-wise work, such as norms, is not counted.
struct Macs {
  int64_t convolution = 0, graph = 0;
};

struct Cost {
  Macs published;          // in the order of operations that was published
  int64_t executed = 0;    // multiply-accumulates in ours
  int64_t peak_bytes = 0;  // the most that tensors made under the meter held at once

  /// Adds counts; of the peaks the larger one stays.
  Cost& operator+=(const Cost& other);
};

/// While it lives, counts what this thread computes with LibTorch; the newest one counts. Work of
/// other threads is not seen, so let there be one compute thread.
class CostMeter {
 public:
  CostMeter();
  ~CostMeter();
  CostMeter(const CostMeter&) = delete;
  CostMeter& operator=(const CostMeter&) = delete;

  /// What came since the last call; the peak includes what was already held then.
  Cost take();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// While it lives, this stands for the published cost of what this thread computes. For layers that
/// compute in another order than was published; without one, products count as they are executed.
class PublishedMacs {
 public:
  explicit PublishedMacs(const Macs& macs);
  ~PublishedMacs();
  PublishedMacs(const PublishedMacs&) = delete;
  PublishedMacs& operator=(const PublishedMacs&) = delete;

 private:
  CostMeter::State* state_;
};

/// For kernels of our own, whose products LibTorch does not see.
void count_executed_macs(int64_t macs);

}  // namespace kinegraph
