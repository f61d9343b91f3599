// Arithmetic in fewer bits, where published figures depend on it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "framework/io/half.h"
#include "framework/io/store_info.h"

namespace kinegraph {

/// The nearest float, ties to even. Not a cast to float and back: GCC 12 leaves that out where it
/// vectorises a choice between the rounded and the exact value.
inline double round_to_single(double value) {
  const double magnitude = std::abs(value);
  if (!(magnitude < 0x1.ffffffp127))
    return magnitude >= 0x1.ffffffp127
               ? std::copysign(std::numeric_limits<double>::infinity(), value)
               : value;
  // Below 2^-126 floats are 2^-149 apart, as doubles are around 1.5 * 2^-97.
  if (magnitude < 0x1p-126) return std::copysign((magnitude + 0x1.8p-97) - 0x1.8p-97, value);
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits += (uint64_t{1} << 28) - 1 + (bits >> 29 & 1);
  bits &= ~((uint64_t{1} << 29) - 1);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// What an array of that precision keeps of `value`. Rounding the double result of one +, -, *, /
/// or sqrt of such numbers gives the very result of that operation in that precision.
inline double round_to(Precision precision, double value) {
  switch (precision) {
    case Precision::float16:
      return round_to_half(value);
    case Precision::float32:
      return round_to_single(value);
    default:
      return value;
  }
}

}  // namespace kinegraph
