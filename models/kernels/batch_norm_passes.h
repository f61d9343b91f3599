// The passes over memory of batch_norm(), float32 and float64.
#pragma once

#include <cstdint>

#include "models/kernels/multiversion.h"

namespace kinegraph {

/// Rows of channels with a distance between them.
template <class Scalar>
struct StridedRows {
  Scalar* data;
  int64_t step;

  KINEGRAPH_INLINE Scalar* row(int64_t r) const { return data + r * step; }
};

/// What the backward pass knows of each channel: y = x * scale + shift before the ReLU.
template <class Scalar>
struct ChannelsOf {
  const Scalar *scale, *shift, *mean;
};

/// mean[c] of x, square[c] of the squares of x - mean, which starts at 0. A few hundred rows, which
/// are read twice.
void moments_of(const StridedRows<const float>& x, int64_t rows, int64_t channels, double* mean,
                double* square);
void moments_of(const StridedRows<const double>& x, int64_t rows, int64_t channels, double* mean,
                double* square);

/// result = the gradient where y, dense, is above 0.
void mask_rows(const StridedRows<const float>& gradient, const float* y, int64_t rows,
               int64_t channels, float* result);
void mask_rows(const StridedRows<const double>& gradient, const double* y, int64_t rows,
               int64_t channels, double* result);

/// Adds to sum[c] the gradient g before the ReLU, if any, to product[c] g * (x - mean).
void gradient_sums_of(const StridedRows<const float>& gradient, const StridedRows<const float>& x,
                      bool has_relu, const ChannelsOf<float>& of, int64_t rows, int64_t channels,
                      double* sum, double* product);
void gradient_sums_of(const StridedRows<const double>& gradient, const StridedRows<const double>& x,
                      bool has_relu, const ChannelsOf<double>& of, int64_t rows, int64_t channels,
                      double* sum, double* product);

/// result = g * scale + (x - mean) * by_x + by_one.
void input_gradient_of(const StridedRows<const float>& gradient, const StridedRows<const float>& x,
                       bool has_relu, const ChannelsOf<float>& of, const float* by_x,
                       const float* by_one, int64_t rows, int64_t channels,
                       const StridedRows<float>& result);
void input_gradient_of(const StridedRows<const double>& gradient,
                       const StridedRows<const double>& x, bool has_relu,
                       const ChannelsOf<double>& of, const double* by_x, const double* by_one,
                       int64_t rows, int64_t channels, const StridedRows<double>& result);

}  // namespace kinegraph
