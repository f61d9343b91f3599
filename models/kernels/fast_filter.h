#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kinegraph {

/// Several neighbouring outputs of a filter, y[o] = sum_j x[o + j] g[j] for o < outputs, from
/// fewer products than outputs * taps:
///
///   y[o] = sum_p to_outputs[o][p] * (sum_j from_taps[p][j] g[j]) * (sum_i from_inputs[p][i] x[i])
///
/// Winograd, "Arithmetic complexity of computations", 1980; for convolutions Lavin & Gray, CVPR
/// 2016. With the points 0, 1, -1 and infinity alone the factors are 1 and 1/2, so hardly any digit
/// is lost.
struct FastFilter {
  static constexpr int64_t kMostTaps = 3, kMostInputs = 5, kMostPoints = 5;

  int64_t taps, outputs, points;
  double from_taps[kMostPoints][kMostTaps];
  double from_inputs[kMostPoints][kMostInputs];
  double to_outputs[3][kMostPoints];

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

/// The terms of combine() that have a factor.
template <class Scalar>
class Terms {
 public:
  void add(const Scalar* from, int64_t step, double factor) {
    if (factor != 0)
      terms_[static_cast<size_t>(count_++)] = {from, step, static_cast<Scalar>(factor)};
  }
  void combine_to(Scalar* to, int64_t step, int64_t rows, int64_t width) const {
    combine(to, step, terms_.data(), count_, rows, width);
  }

 private:
  std::array<Term<Scalar>, 4> terms_;
  int64_t count_ = 0;
};

}  // namespace kinegraph
