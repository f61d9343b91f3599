// NumPy's random numbers, for published samples that were drawn with them.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "framework/base/random.h"

namespace kinegraph {

/// numpy.random.RandomState(seed), the generator behind np.random.seed: MT19937 with the legacy
/// methods. uniform() is rand(), integer(a, b) is randint(a, b + 1), normal() is randn(), and
/// permutation() draws from it as NumPy's does.
class NumpyRandom final : public RandomSource {
 public:
  explicit NumpyRandom(uint32_t seed) : engine_(seed) {}

  uint32_t next() { return static_cast<uint32_t>(engine_()); }

  using RandomSource::uniform;
  double uniform() override;
  /// Masked rejection; draws nothing when low = high.
  int64_t integer(int64_t low, int64_t high) override;
  /// Polar Box-Muller; every second call gives the value left over by the one before.
  double normal() override;

 private:
  std::mt19937 engine_;
  std::optional<double> spare_normal_;
};

}  // namespace kinegraph
