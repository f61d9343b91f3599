#pragma once

#include <cstdint>

namespace kinegraph {

/// Several neighbouring outputs of a filter, y[o] = sum_j x[o + j] g[j] for o < outputs, from
/// fewer products than outputs * taps:
///
///   y[o] = sum_p to_outputs[o][p] * (sum_j from_taps[p][j] g[j]) * (sum_i from_inputs[p][i] x[i])
///
/// Winograd, "Arithmetic complexity of computations", 1980; for convolutions Lavin & Gray, CVPR
/// 2016. Only the points 0, 1, -1 and infinity are used: their factors are 1 and 1/2, so hardly
/// any digit is lost.
struct FastFilter {
  static constexpr int64_t kMostTaps = 3;

  int64_t taps, outputs, points;
  double from_taps[4][3];
  double from_inputs[4][4];
  double to_outputs[3][4];

  int64_t inputs() const { return taps + outputs - 1; }
};

/// The filter of 1 to kMostTaps taps: 1 product an output, 4 for three outputs, 4 for two.
const FastFilter& fast_filter(int64_t taps);

/// One term of a linear combination: a block of rows, `step` apart, times a factor.
template <class Scalar>
struct Term {
  const Scalar* from;
  int64_t step;
  Scalar factor;
};

/// to[r][c] = sum of the terms' factor * from[r][c]; rows of `to` are `step` apart. 0 to 4 terms,
/// of which one may be `to` itself.
void combine(float* to, int64_t step, const Term<float>* terms, int64_t count, int64_t rows,
             int64_t width);
void combine(double* to, int64_t step, const Term<double>* terms, int64_t count, int64_t rows,
             int64_t width);

}  // namespace kinegraph
