#include "models/kernels/column_products.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "models/kernels/lanes.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kPartialSums = 8, kRowsOfPartialSum = 1024;  // at least
constexpr int64_t kRowsInCache = 128;
constexpr int kMostWide = 6, kMostNarrow = 3;  // registers of b side by side

/// Columns of a, so that the sums of a tile fill the registers.
constexpr int columns_beside(int bytes, int width) {
  if (width == 1) return 8;
  if (bytes == kNarrow) return 4;
  return width < 4 ? 8 : width == 4 ? 6 : 4;
}

/// Some rows of a or b.
template <class Scalar>
struct Columns {
  const Scalar* data;
  int64_t step, count;
};

/// Adds the products of `Rows` columns of a and Width Lanes of b, of which `lanes` columns exist.
template <int Bytes, int Rows, int Width, bool IsWhole, class Scalar>
KINEGRAPH_INLINE void add_tile(const Scalar* a, int64_t a_step, const Scalar* b, int64_t b_step,
                               int64_t count, int64_t lanes, Scalar* sums, int64_t sums_step) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  Lanes<Bytes, Scalar> sum[Rows][Width];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < Width; ++j) load(sum[i][j], sums + i * sums_step + j * kOne);
  for (int64_t r = 0; r < count; ++r, a += a_step, b += b_step) {
    Lanes<Bytes, Scalar> x[Width];
#pragma GCC unroll 8
    for (int j = 0; j < Width; ++j)
      if (IsWhole)
        load(x[j], b + j * kOne);
      else
        load(x[j], b + j * kOne, lanes - j * kOne);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < Width; ++j) sum[i][j] += a[i] * x[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < Width; ++j) store(sums + i * sums_step + j * kOne, sum[i][j]);
}

/// All columns of a with Width Lanes of b.
template <int Bytes, int Width, int Rows, bool IsWhole, class Scalar>
KINEGRAPH_INLINE void add_panel(const Columns<Scalar>& a, const Scalar* b, int64_t b_step,
                                int64_t rows, int64_t lanes, Scalar* sums, int64_t sums_step,
                                int64_t first) {
  for (; first + Rows <= a.count; first += Rows)
    add_tile<Bytes, Rows, Width, IsWhole>(a.data + first, a.step, b, b_step, rows, lanes,
                                          sums + first * sums_step, sums_step);
  if constexpr (Rows > 1)
    if (first < a.count)
      add_panel<Bytes, Width, Rows / 2, IsWhole>(a, b, b_step, rows, lanes, sums, sums_step, first);
}

/// The panel that is `width` <= Width Lanes wide.
template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void add_panel_of(int64_t width, const Columns<Scalar>& a, const Scalar* b,
                                   int64_t b_step, int64_t rows, Scalar* sums, int64_t sums_step) {
  if (width == Width)
    add_panel<Bytes, Width, columns_beside(Bytes, Width), true>(a, b, b_step, rows, 0, sums,
                                                                sums_step, 0);
  else if constexpr (Width > 1)
    add_panel_of<Bytes, Width - 1>(width, a, b, b_step, rows, sums, sums_step);
}

template <int Bytes, int Most, class Scalar>
KINEGRAPH_INLINE void add_all(const Columns<Scalar>& a, const Columns<Scalar>& b, int64_t rows,
                              Scalar* sums, int64_t sums_step) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  const int64_t whole = b.count / kOne, panels = (whole + Most - 1) / Most;
  for (int64_t i = 0; i < panels; ++i) {
    const int64_t first = i * whole / panels, width = (i + 1) * whole / panels - first;
    add_panel_of<Bytes, Most>(width, a, b.data + first * kOne, b.step, rows, sums + first * kOne,
                              sums_step);
  }
  if (const int64_t done = whole * kOne; done < b.count)
    add_panel<Bytes, 1, columns_beside(Bytes, 1), false>(a, b.data + done, b.step, rows,
                                                         b.count - done, sums + done, sums_step, 0);
}

KINEGRAPH_MULTIVERSION void add_column_products(const Columns<float>& a, const Columns<float>& b,
                                                int64_t rows, float* sums, int64_t sums_step) {
  has_wide_registers() ? add_all<kWide, kMostWide>(a, b, rows, sums, sums_step)
                       : add_all<kNarrow, kMostNarrow>(a, b, rows, sums, sums_step);
}

KINEGRAPH_MULTIVERSION void add_column_products(const Columns<double>& a, const Columns<double>& b,
                                                int64_t rows, double* sums, int64_t sums_step) {
  has_wide_registers() ? add_all<kWide, kMostWide>(a, b, rows, sums, sums_step)
                       : add_all<kNarrow, kMostNarrow>(a, b, rows, sums, sums_step);
}

template <class Scalar>
Columns<Scalar> columns_of(const at::Tensor& x, int64_t row) {
  return {x.data_ptr<Scalar>() + row * x.stride(0), x.stride(0), x.size(1)};
}

/// Registers that a panel of so many columns has on average; 0 if some are not full.
template <class Scalar>
int64_t width_of_panels(int64_t columns) {
  const int64_t lanes = lane_count<Scalar>(), most = has_wide_registers() ? kMostWide : kMostNarrow;
  const int64_t panels = (columns / lanes + most - 1) / most;
  return columns % lanes == 0 ? columns / lanes / panels : 0;
}

}  // namespace

ColumnProducts column_products(const at::Tensor& a, const at::Tensor& b, bool has_sums) {
  const auto has_dense_rows = [](const at::Tensor& x) {
    return x.size(1) == 1 || x.stride(1) == 1;  // one column may have any stride
  };
  TORCH_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(0) == b.size(0) && has_dense_rows(a) &&
                  has_dense_rows(b),
              "column_products: ", a.sizes(), " and ", b.sizes(), " are not (R,I) and (R,J)");
  const int64_t rows = a.size(0);
  const int64_t length = std::max((rows + kPartialSums - 1) / kPartialSums, kRowsOfPartialSum);
  const int64_t parts = (rows + length - 1) / length;
  ColumnProducts result;
  AT_DISPATCH_FLOATING_TYPES(a.scalar_type(), "column_products", [&] {
    const bool is_swapped =
        width_of_panels<scalar_t>(a.size(1)) > width_of_panels<scalar_t>(b.size(1));
    const auto &one = is_swapped ? b : a, &other = is_swapped ? a : b;
    const int64_t lanes = lane_count<scalar_t>();
    const int64_t step = (other.size(1) + lanes - 1) / lanes * lanes;
    auto products = at::zeros({parts, one.size(1), step}, a.options());
    auto sums = at::zeros({has_sums ? parts : 0, a.size(1)}, a.options().dtype(at::kDouble));
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part)
        for (int64_t row = part * length; row < std::min(rows, (part + 1) * length);
             row += kRowsInCache) {
          const int64_t count = std::min({kRowsInCache, rows - row, (part + 1) * length - row});
          add_column_products(columns_of<scalar_t>(one, row), columns_of<scalar_t>(other, row),
                              count, products.data_ptr<scalar_t>() + part * one.size(1) * step,
                              step);
          if (has_sums)
            add_rows_to(a.data_ptr<scalar_t>() + row * a.stride(0), a.stride(0), count, a.size(1),
                        sums.data_ptr<double>() + part * a.size(1));
        }
    });
    const auto whole = products.sum(0).narrow(1, 0, other.size(1));
    result.products = (is_swapped ? whole.t() : whole).contiguous();
    if (has_sums) result.sums = sums.sum(0).to(a.scalar_type());
  });
  return result;
}

}  // namespace kinegraph
