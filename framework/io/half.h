// Half precision (IEEE 754 binary16) without compiler support for it.
#pragma once

#include <cstdint>

namespace kinegraph {

/// The nearest half, ties to even, in one rounding. Values of 65520 and above become infinity.
uint16_t half_from_double(double value);

/// out[i] = in[i], exactly, for `count` values.
void widen_halves(const uint16_t* in, int64_t count, double* out);

}  // namespace kinegraph
