#include "framework/base/numpy_random.h"

#include <cmath>

namespace kinegraph {

double NumpyRandom::uniform() {
  const uint32_t high = next() >> 5, low = next() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

int64_t NumpyRandom::integer(int64_t low, int64_t high) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  if (range == 0) return low;
  uint64_t mask = range;
  for (const int shift : {1, 2, 4, 8, 16, 32}) mask |= mask >> shift;
  uint64_t value;
  do {
    value = next();
    if (range > UINT32_MAX) value = (value << 32) | next();
    value &= mask;
  } while (value > range);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + value);
}

double NumpyRandom::normal() {
  if (spare_normal_) {
    const double value = *spare_normal_;
    spare_normal_.reset();
    return value;
  }
  double x, y, square;
  do {
    x = 2 * uniform() - 1;
    y = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double factor = std::sqrt(-2 * std::log(square) / square);
  spare_normal_ = factor * x;
  return factor * y;
}

}  // namespace kinegraph
