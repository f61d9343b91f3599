// Half precision (IEEE 754 binary16) without compiler support for it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace kinegraph {

/// The nearest half, ties to even, in one rounding. Values of 65520 and above become infinity.
uint16_t half_from_double(double value);

/// The same as a double.
inline double round_to_half(double value) {
  const double magnitude = std::abs(value);
  if (!(magnitude < 65520.0))
    return magnitude >= 65520.0 ? std::copysign(std::numeric_limits<double>::infinity(), value)
                                : value;
  // Below 2^-14 halves are 2^-24 apart, as doubles are around 1.5 * 2^28.
  if (magnitude < 0x1p-14) return std::copysign((magnitude + 0x1.8p28) - 0x1.8p28, value);
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits += (uint64_t{1} << 41) - 1 + (bits >> 42 & 1);
  bits &= ~((uint64_t{1} << 42) - 1);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// out[i] = in[i], exactly, for `count` values.
void widen_halves(const uint16_t* in, int64_t count, double* out);

}  // namespace kinegraph
