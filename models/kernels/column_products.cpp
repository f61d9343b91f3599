#include "models/kernels/column_products.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "framework/model/cost_meter.h"
#include "models/kernels/divide_up.h"
#include "models/kernels/row_product.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kPartialSums = 8, kRowsOfPartialSum = 1024;  // at least
constexpr int64_t kRowsInCache = 128;

/// The faster order has the columns of b fill registers, as many as there are.
template <class Scalar>
bool is_better_swapped(int64_t columns_of_a, int64_t columns_of_b) {
  const int64_t lanes = lane_count<Scalar>();
  return columns_of_a % lanes == 0 && (columns_of_b % lanes != 0 || columns_of_a > columns_of_b);
}

/// a^T b of some rows, or added to it. sums: dense.
template <class Scalar>
void multiply_columns(const at::Tensor& a, const at::Tensor& b, int64_t row, int64_t count,
                      Scalar* sums, bool is_added) {
  multiply_rows<Scalar>(
      {a.size(1), count, b.size(1)}, {a.data_ptr<Scalar>() + row * a.stride(0), 1, a.stride(0)},
      {b.data_ptr<Scalar>() + row * b.stride(0), b.stride(0), 1}, {sums, b.size(1), 1}, is_added);
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
  const int64_t length = std::max(divide_up(rows, kPartialSums), kRowsOfPartialSum);
  const int64_t parts = divide_up(rows, length);
  ColumnProducts result;
  AT_DISPATCH_FLOATING_TYPES(a.scalar_type(), "column_products", [&] {
    const bool is_swapped = is_better_swapped<scalar_t>(a.size(1), b.size(1));
    const auto &one = is_swapped ? b : a, &other = is_swapped ? a : b;
    const auto products = at::empty({parts, one.size(1), other.size(1)}, a.options());
    const auto sums = at::zeros({has_sums ? parts : 0, a.size(1)}, a.options().dtype(at::kDouble));
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        const int64_t first = part * length, last = std::min(rows, first + length);
        for (int64_t row = first; row < last; row += kRowsInCache) {
          const int64_t count = std::min(kRowsInCache, last - row);
          multiply_columns(one, other, row, count,
                           products.data_ptr<scalar_t>() + part * products.stride(0),
                           /*is_added=*/row > first);
          if (has_sums)
            add_rows_to(a.data_ptr<scalar_t>() + row * a.stride(0), a.stride(0), count, a.size(1),
                        sums.data_ptr<double>() + part * a.size(1));
        }
      }
    });
    const auto whole = products.sum(0);
    result.products = is_swapped ? whole.t().contiguous() : whole;
    if (has_sums) result.sums = sums.sum(0).to(a.scalar_type());
  });
  count_executed_macs(rows * a.size(1) * b.size(1));
  return result;
}

}  // namespace kinegraph
