#include "models/kernels/batch_norm_passes.h"

#include <vector>

namespace kinegraph {
namespace {

constexpr int64_t kRowsAtOnce = 4;  // added up before they are widened to float64

/// sum[c] of x - about, square[c] of its square.
template <bool HasSquare, class Scalar>
KINEGRAPH_INLINE void sums_about(const StridedRows<const Scalar>& x, const Scalar* about,
                                 int64_t rows, int64_t channels, double* sum, double* square) {
  for (int64_t r = 0; r < rows; r += kRowsAtOnce) {
    // Rows behind the last one add nothing.
    const auto row = [&](int64_t i) { return r + i < rows ? x.row(r + i) : about; };
    const Scalar *a = row(0), *b = row(1), *c = row(2), *d = row(3);
#pragma omp simd
    for (int64_t i = 0; i < channels; ++i) {
      const Scalar zero = about[i];
      const Scalar p = a[i] - zero, q = b[i] - zero, s = c[i] - zero, t = d[i] - zero;
      sum[i] += static_cast<double>((p + q) + (s + t));
      if (HasSquare) square[i] += static_cast<double>((p * p + q * q) + (s * s + t * t));
    }
  }
}

/// Twice over rows that fit in the cache: squares are of distances from the mean, not from a value
/// that may lie far off.
template <class Scalar>
KINEGRAPH_INLINE void moments(const StridedRows<const Scalar>& x, int64_t rows, int64_t channels,
                              double* mean, double* square) {
  const Scalar* first = x.row(0);
  const auto count = static_cast<double>(rows);
  std::vector<double> sum(static_cast<size_t>(channels)), rest(sum.size());
  std::vector<Scalar> middle(sum.size());
  sums_about<false>(x, first, rows, channels, sum.data(), square);
  for (size_t i = 0; i < sum.size(); ++i)
    middle[i] = static_cast<Scalar>(static_cast<double>(first[i]) + sum[i] / count);
  sums_about<true>(x, middle.data(), rows, channels, rest.data(), square);
  for (size_t i = 0; i < sum.size(); ++i) {
    mean[i] = static_cast<double>(middle[i]) + rest[i] / count;
    square[i] -= rest[i] * rest[i] / count;
  }
}

/// result = the gradient where y is above 0; y and result are dense.
template <class Scalar>
KINEGRAPH_INLINE void mask(const StridedRows<const Scalar>& gradient, const Scalar* y, int64_t rows,
                           int64_t channels, Scalar* result) {
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar *from = gradient.row(r), *at = y + r * channels;
    Scalar* to = result + r * channels;
#pragma omp simd
    for (int64_t i = 0; i < channels; ++i) to[i] = at[i] <= 0 ? Scalar(0) : from[i];
  }
}

/// The gradient before a ReLU, whose own value is x * scale + shift.
template <bool HasRelu, class Scalar>
KINEGRAPH_INLINE Scalar before_relu(Scalar gradient, Scalar x, Scalar scale, Scalar shift) {
  return HasRelu && x * scale + shift <= 0 ? Scalar(0) : gradient;
}

/// Adds those of `Count` rows to gradient_sums().
template <int64_t Count, bool HasRelu, class Scalar>
KINEGRAPH_INLINE void add_gradients(const Scalar* from, int64_t from_step, const Scalar* x,
                                    int64_t x_step, const ChannelsOf<Scalar>& of, int64_t channels,
                                    double* sum, double* product) {
  const Scalar *scale = of.scale, *shift = of.shift, *mean = of.mean;
#pragma omp simd
  for (int64_t i = 0; i < channels; ++i) {
    Scalar one = 0, other = 0;
    for (int64_t k = 0; k < Count; ++k) {
      const Scalar value = x[k * x_step + i];
      const Scalar g = before_relu<HasRelu>(from[k * from_step + i], value, scale[i], shift[i]);
      one += g;
      other += g * (value - mean[i]);
    }
    sum[i] += static_cast<double>(one);
    product[i] += static_cast<double>(other);
  }
}

/// sum[c] of the gradient g before the ReLU, product[c] of g * (x - mean).
template <bool HasRelu, class Scalar>
KINEGRAPH_INLINE void gradient_sums(const StridedRows<const Scalar>& gradient,
                                    const StridedRows<const Scalar>& x,
                                    const ChannelsOf<Scalar>& of, int64_t rows, int64_t channels,
                                    double* sum, double* product) {
  int64_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    add_gradients<kRowsAtOnce, HasRelu>(gradient.row(r), gradient.step, x.row(r), x.step, of,
                                        channels, sum, product);
  for (; r < rows; ++r)
    add_gradients<1, HasRelu>(gradient.row(r), gradient.step, x.row(r), x.step, of, channels, sum,
                              product);
}

/// to = g * scale + (x - mean) * by_x + by_one.
template <bool HasRelu, class Scalar>
KINEGRAPH_INLINE void input_gradient(const StridedRows<const Scalar>& gradient,
                                     const StridedRows<const Scalar>& x,
                                     const ChannelsOf<Scalar>& of, const Scalar* by_x,
                                     const Scalar* by_one, int64_t rows, int64_t channels,
                                     const StridedRows<Scalar>& result) {
  const Scalar *scale = of.scale, *shift = of.shift, *mean = of.mean;
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar *from = gradient.row(r), *at = x.row(r);
    Scalar* to = result.row(r);
#pragma omp simd
    for (int64_t i = 0; i < channels; ++i) {
      const Scalar g = before_relu<HasRelu>(from[i], at[i], scale[i], shift[i]);
      to[i] = g * scale[i] + ((at[i] - mean[i]) * by_x[i] + by_one[i]);
    }
  }
}

#define KINEGRAPH_BATCH_NORM(Scalar)                                                              \
  KINEGRAPH_MULTIVERSION void moments_of(const StridedRows<const Scalar>& x, int64_t rows,        \
                                         int64_t channels, double* mean, double* square) {        \
    moments(x, rows, channels, mean, square);                                                     \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void mask_rows(const StridedRows<const Scalar>& gradient,                \
                                        const Scalar* y, int64_t rows, int64_t channels,          \
                                        Scalar* result) {                                         \
    mask(gradient, y, rows, channels, result);                                                    \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void gradient_sums_of(const StridedRows<const Scalar>& gradient,         \
                                               const StridedRows<const Scalar>& x, bool has_relu, \
                                               const ChannelsOf<Scalar>& of, int64_t rows,        \
                                               int64_t channels, double* sum, double* product) {  \
    if (has_relu)                                                                                 \
      gradient_sums<true>(gradient, x, of, rows, channels, sum, product);                         \
    else                                                                                          \
      gradient_sums<false>(gradient, x, of, rows, channels, sum, product);                        \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void input_gradient_of(                                                  \
      const StridedRows<const Scalar>& gradient, const StridedRows<const Scalar>& x,              \
      bool has_relu, const ChannelsOf<Scalar>& of, const Scalar* by_x, const Scalar* by_one,      \
      int64_t rows, int64_t channels, const StridedRows<Scalar>& result) {                        \
    if (has_relu)                                                                                 \
      input_gradient<true>(gradient, x, of, by_x, by_one, rows, channels, result);                \
    else                                                                                          \
      input_gradient<false>(gradient, x, of, by_x, by_one, rows, channels, result);               \
  }

}  // namespace

KINEGRAPH_BATCH_NORM(float)
KINEGRAPH_BATCH_NORM(double)

}  // namespace kinegraph
