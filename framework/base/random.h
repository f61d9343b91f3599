// Random numbers that do not depend on who draws them.
#pragma once

#include <array>
#include <cstdint>

namespace kinegraph {

/// Counter-based generator Philox4x32-10 (Salmon et al. 2011), keyed by (seed, epoch, index).
///
/// Every sample of every epoch owns its stream, so results do not depend on the number of workers
/// or processes or on the order of work.
class Rng {
 public:
  Rng(uint64_t seed, uint64_t epoch, uint64_t index);

  uint64_t next();

  /// Uniform on [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Uniform on [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform integer on low..high, both included, without modulo bias.
  int64_t integer(int64_t low, int64_t high);

  /// Standard normal (Box-Muller, one value a call).
  double normal();

 private:
  void refill();

  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint64_t, 2> block_{};
  int used_ = 2;
};

}  // namespace kinegraph
