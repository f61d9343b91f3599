#include "models/kernels/fast_filter.h"

#include <c10/util/Exception.h>

#include <algorithm>

#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

constexpr FastFilter kFilters[] = {
    {1, 1, 1, {{1}}, {{1}}, {{1}}},
    {2,
     3,
     4,
     {{1, 0}, {.5, .5}, {.5, -.5}, {0, 1}},
     {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
     {{1, 1, 1, 0}, {0, 1, -1, 0}, {0, 1, 1, 1}}},
    {3,
     2,
     4,
     {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}},
     {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
     {{1, 1, 1, 0}, {0, 1, -1, -1}}},
};

template <int kTerms, class Scalar>
KINEGRAPH_INLINE void combine_rows(Scalar* to, int64_t step, const Term<Scalar>* terms,
                                   int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; ++r) {
    Scalar* y = to + r * step;
    const Scalar* from[kTerms];
    Scalar factor[kTerms];
    for (int k = 0; k < kTerms; ++k) {
      from[k] = terms[k].from + r * terms[k].step;
      factor[k] = terms[k].factor;
    }
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      Scalar sum = factor[0] * from[0][c];
      for (int k = 1; k < kTerms; ++k) sum += factor[k] * from[k][c];
      y[c] = sum;
    }
  }
}

template <class Scalar>
KINEGRAPH_INLINE void combine_any(Scalar* to, int64_t step, const Term<Scalar>* terms,
                                  int64_t count, int64_t rows, int64_t width) {
  switch (count) {
    case 0:
      for (int64_t r = 0; r < rows; ++r) std::fill_n(to + r * step, width, Scalar(0));
      return;
    case 1:
      return combine_rows<1>(to, step, terms, rows, width);
    case 2:
      return combine_rows<2>(to, step, terms, rows, width);
    case 3:
      return combine_rows<3>(to, step, terms, rows, width);
    default:
      return combine_rows<4>(to, step, terms, rows, width);
  }
}

}  // namespace

const FastFilter& fast_filter(int64_t taps) {
  TORCH_CHECK(taps >= 1 && taps <= FastFilter::kMostTaps, "no fast filter of ", taps, " taps");
  return kFilters[taps - 1];
}

KINEGRAPH_MULTIVERSION void combine(float* to, int64_t step, const Term<float>* terms,
                                    int64_t count, int64_t rows, int64_t width) {
  combine_any(to, step, terms, count, rows, width);
}

KINEGRAPH_MULTIVERSION void combine(double* to, int64_t step, const Term<double>* terms,
                                    int64_t count, int64_t rows, int64_t width) {
  combine_any(to, step, terms, count, rows, width);
}

}  // namespace kinegraph
