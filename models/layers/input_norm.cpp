#include "models/layers/input_norm.h"

#include <ATen/ATen.h>

#include "models/layers/norm.h"

namespace kinegraph {
namespace {

/// (N, M, T, V, C) -> (N*M, C, T, V)
at::Tensor normalised(torch::nn::BatchNorm1d& norm, InputNorm kind, const at::Tensor& x) {
  const int64_t n = x.size(0), m = x.size(1), t = x.size(2), v = x.size(3), c = x.size(4);
  // Rows of features: the same statistics as the published (N, features, T), moving less.
  if (kind == InputNorm::kShared)
    return norm(x.reshape({n * m * t, v * c})).view({n * m, t, v, c}).permute({0, 3, 1, 2});
  TORCH_CHECK(m * v * c == norm->options.num_features(), "backbone input: ", x.sizes(),
              " (N,M,T,V,C) has other persons, joints or channels than the model's ",
              norm->options.num_features(), " input features");
  return norm(x.transpose(1, 2).reshape({n * t, m * v * c}))
      .view({n, t, m, v, c})
      .transpose(1, 2)
      .reshape({n * m, t, v, c})
      .permute({0, 3, 1, 2});
}

/// The rows to keep, and the kept row of every (clip, person).
struct SharedRows {
  std::vector<int64_t> kept, row_of;
};

/// Every person of x (N, M, T, V, C) keeps its row, but that the empty ones of a place share one.
SharedRows share_empty_rows(const at::Tensor& x) {
  const auto empty = x.flatten(2).eq(0).all(2).cpu();
  const auto is_empty = empty.accessor<bool, 2>();
  std::vector<int64_t> shared(static_cast<size_t>(x.size(1)), -1);
  SharedRows rows;
  for (int64_t n = 0; n < x.size(0); ++n)
    for (int64_t m = 0; m < x.size(1); ++m) {
      int64_t row = static_cast<int64_t>(rows.kept.size());
      int64_t& representative = shared[static_cast<size_t>(m)];
      if (is_empty[n][m] && representative >= 0) {
        row = representative;
      } else {
        rows.kept.push_back(n * x.size(1) + m);
        if (is_empty[n][m]) representative = row;
      }
      rows.row_of.push_back(row);
    }
  return rows;
}

/// x (R, C, T, V), in channels_last memory -> the same of these rows.
at::Tensor select_rows(const at::Tensor& x, const at::Tensor& rows) {
  return x.permute({0, 2, 3, 1}).index_select(0, rows).permute({0, 3, 1, 2});
}

}  // namespace

torch::nn::BatchNorm1d make_input_norm(const InputShape& shape, InputNorm kind) {
  const int64_t persons = kind == InputNorm::kPerPerson ? shape.persons : 1;
  return torch::nn::BatchNorm1d(persons * shape.joints * shape.channels);
}

PersonRows::PersonRows(torch::nn::BatchNorm1d& norm, InputNorm kind, const at::Tensor& x) {
  TORCH_CHECK(x.dim() == 5, "backbone input: expected (N,M,T,V,C), found ", x.sizes());
  clips_ = x.size(0);
  persons_ = x.size(1);
  rows_ = normalised(norm, kind, x);
  if (!is_plain_evaluation(*norm) || clips_ * persons_ < 2) return;
  const auto shared = share_empty_rows(x);
  if (shared.kept.size() == shared.row_of.size()) return;
  row_of_ = at::tensor(shared.row_of, at::kLong).to(x.device());
  rows_ = select_rows(rows_, at::tensor(shared.kept, at::kLong).to(x.device()));
}

at::Tensor PersonRows::per_clip(const at::Tensor& features) const {
  const auto all = row_of_.defined() ? select_rows(features, row_of_) : features;
  return all.reshape({clips_, persons_, all.size(1), all.size(2), all.size(3)});
}

}  // namespace kinegraph
