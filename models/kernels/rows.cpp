#include "models/kernels/rows.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "models/kernels/divide_up.h"
#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

constexpr int64_t kRowsOfPart = 1024;

template <int64_t Count, class Scalar>
KINEGRAPH_INLINE void add_rows(const Scalar* rows, int64_t step, int64_t channels, double* sum) {
#pragma omp simd
  for (int64_t i = 0; i < channels; ++i) {
    Scalar some = 0;
    for (int64_t k = 0; k < Count; ++k) some += rows[k * step + i];
    sum[i] += static_cast<double>(some);
  }
}

template <class Scalar>
KINEGRAPH_INLINE void add_all_rows(const Scalar* rows, int64_t step, int64_t count,
                                   int64_t channels, double* sum) {
  constexpr int64_t kAtOnce = 8;
  int64_t r = 0;
  for (; r + kAtOnce <= count; r += kAtOnce)
    add_rows<kAtOnce>(rows + r * step, step, channels, sum);
  for (; r < count; ++r) add_rows<1>(rows + r * step, step, channels, sum);
}

/// Whether all dimensions of (N, T, V, C) but the last step through memory as one.
bool is_one_sequence(const at::Tensor& x) {
  int64_t step = x.stride(2);
  for (int64_t dim = 2; dim >= 0; --dim) {
    if (x.size(dim) == 1) continue;
    if (x.stride(dim) != step) return false;
    step *= x.size(dim);
  }
  return x.stride(2) >= x.size(3);
}

}  // namespace

KINEGRAPH_MULTIVERSION void add_rows_to(const float* rows, int64_t step, int64_t count,
                                        int64_t channels, double* sum) {
  add_all_rows(rows, step, count, channels, sum);
}
KINEGRAPH_MULTIVERSION void add_rows_to(const double* rows, int64_t step, int64_t count,
                                        int64_t channels, double* sum) {
  add_all_rows(rows, step, count, channels, sum);
}

at::Tensor rows_of(const at::Tensor& x) {
  auto rows = x.permute({0, 2, 3, 1});
  if (rows.stride(3) != 1 || !is_one_sequence(rows)) rows = rows.contiguous();
  if (x.size(1) == 1) {  // whose own stride may be anything
    const auto flat = rows.reshape({-1});
    return flat.as_strided({flat.size(0), 1}, {flat.stride(0), 1}, flat.storage_offset());
  }
  return rows.view({-1, x.size(1)});
}

at::Tensor dense_rows_of(const at::Tensor& x) { return x.defined() ? rows_of(x).contiguous() : x; }

at::Tensor sum_of_rows(const at::Tensor& rows) {
  const int64_t count = rows.size(0), channels = rows.size(1);
  auto sums =
      at::zeros({divide_up(count, kRowsOfPart), channels}, rows.options().dtype(at::kDouble));
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "sum_of_rows", [&] {
    at::parallel_for(0, sums.size(0), 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part)
        add_rows_to(rows.data_ptr<scalar_t>() + part * kRowsOfPart * channels, channels,
                    std::min(kRowsOfPart, count - part * kRowsOfPart), channels,
                    sums.data_ptr<double>() + part * channels);
    });
  });
  return sums.sum(0).to(rows.scalar_type());
}

at::Tensor from_rows(const at::Tensor& rows, int64_t clips, int64_t frames, int64_t joints) {
  return rows.view({clips, frames, joints, rows.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace kinegraph
