#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// The channels of every (n, t, v) of an (N, C, T, V) tensor as the rows of (N*T*V, C), whose own
/// elements lie side by side. A view of channels_last tensors and of their channel ranges, else a
/// copy.
at::Tensor rows_of(const at::Tensor& x);

/// The same without gaps between rows; an undefined tensor stays one.
at::Tensor dense_rows_of(const at::Tensor& x);

/// The sum of dense rows (R, C) on the CPU, float32 or float64: (C). Several rows at a time and
/// then in float64, by all threads, and no number of them changes a bit.
at::Tensor sum_of_rows(const at::Tensor& rows);

/// sum[c] += rows[r * step + c], several rows at a time and then in float64.
void add_rows_to(const float* rows, int64_t step, int64_t count, int64_t channels, double* sum);
void add_rows_to(const double* rows, int64_t step, int64_t count, int64_t channels, double* sum);

/// (N*T*V, C) -> (N, C, T, V), a view in channels_last memory.
at::Tensor from_rows(const at::Tensor& rows, int64_t clips, int64_t frames, int64_t joints);

}  // namespace kinegraph
