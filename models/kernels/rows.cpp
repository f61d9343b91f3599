#include "models/kernels/rows.h"

#include <ATen/ATen.h>

namespace kinegraph {
namespace {

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

at::Tensor rows_of(const at::Tensor& x) {
  auto rows = x.permute({0, 2, 3, 1});
  if (rows.stride(3) != 1 || !is_one_sequence(rows)) rows = rows.contiguous();
  return rows.view({-1, x.size(1)});
}

at::Tensor dense_rows_of(const at::Tensor& x) { return x.defined() ? rows_of(x).contiguous() : x; }

at::Tensor from_rows(const at::Tensor& rows, int64_t clips, int64_t frames, int64_t joints) {
  return rows.view({clips, frames, joints, rows.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace kinegraph
