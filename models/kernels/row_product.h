// Matrix products for operands that lie in the cache, for float and double.
#pragma once

#include <cstdint>

#include "models/kernels/lanes.h"

namespace kinegraph {

/// Element (i, j) lies at data + i * row + j * step.
template <class Scalar>
struct Strided {
  Scalar* data;
  int64_t row, step;
};

struct ProductShape {
  int64_t rows, depth, columns;
};

/// The most columns that multiply_rows() makes at once.
template <class Scalar>
int64_t panel_columns() {
  return (has_wide_registers() ? 4 : 2) * lane_count<Scalar>();
}

/// to(i, j) = sum_k a(i, k) b(k, j), or added to it; of `b` and `to` the step is 1. A number of
/// columns that does not fill registers is slow.
template <class Scalar>
void multiply_rows(const ProductShape& shape, Strided<const Scalar> a, Strided<const Scalar> b,
                   Strided<Scalar> to, bool is_added);

}  // namespace kinegraph
