// Arithmetic in fewer bits, where published figures depend on it.
#pragma once

#include "framework/io/half.h"
#include "framework/io/store_info.h"

namespace kinegraph {

/// What an array of that precision keeps of `value`. Rounding the double result of one +, -, *, /
/// or sqrt of such numbers gives the very result of that operation in that precision.
inline double round_to(Precision precision, double value) {
  switch (precision) {
    case Precision::float16:
      return round_to_half(value);
    case Precision::float32:
      return static_cast<float>(value);
    default:
      return value;
  }
}

}  // namespace kinegraph
