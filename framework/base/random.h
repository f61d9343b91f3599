// Random numbers that do not depend on who draws them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace kinegraph {

/// What shuffles and random transforms draw from: Rng, or a published stream (numpy_random.h).
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  /// Uniform on [0, 1), 53 bits.
  virtual double uniform() = 0;

  /// Uniform integer on low..high, both included, without modulo bias.
  virtual int64_t integer(int64_t low, int64_t high) = 0;

  /// Standard normal.
  virtual double normal() = 0;

  /// Uniform on [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
};

/// 0..count-1 in random order (Fisher-Yates from the end, as NumPy's permutation).
std::vector<int64_t> permutation(int64_t count, RandomSource& random);

/// Counter-based generator Philox4x32-10 (Salmon et al. 2011), keyed by (seed, epoch, index).
///
/// Every sample of every epoch owns its stream, so results do not depend on the number of workers
/// or processes or on the order of work.
class Rng final : public RandomSource {
 public:
  Rng(uint64_t seed, uint64_t epoch, uint64_t index);

  uint64_t next();

  using RandomSource::uniform;
  double uniform() override { return static_cast<double>(next() >> 11) * 0x1p-53; }
  int64_t integer(int64_t low, int64_t high) override;
  /// Box-Muller, one value a call.
  double normal() override;

 private:
  void refill();

  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint64_t, 2> block_{};
  int used_ = 2;
};

}  // namespace kinegraph
