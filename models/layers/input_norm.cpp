#include "models/layers/input_norm.h"

#include <ATen/ATen.h>

namespace kinegraph {

torch::nn::BatchNorm1d make_input_norm(const InputShape& shape, InputNorm kind) {
  const int64_t persons = kind == InputNorm::kPerPerson ? shape.persons : 1;
  return torch::nn::BatchNorm1d(persons * shape.joints * shape.channels);
}

at::Tensor normalise_input(torch::nn::BatchNorm1d& norm, InputNorm kind, const at::Tensor& x) {
  TORCH_CHECK(x.dim() == 5, "backbone input: expected (N,M,T,V,C), found ", x.sizes());
  const int64_t n = x.size(0), m = x.size(1), t = x.size(2), v = x.size(3), c = x.size(4);
  // Rows of features: the same statistics as the published (N, features, T), moving less.
  if (kind == InputNorm::kShared)
    return norm(x.reshape({n * m * t, v * c})).view({n * m, t, v, c}).permute({0, 3, 1, 2});
  TORCH_CHECK(m * v * c == norm->options.num_features(), "backbone input: ", x.sizes(),
              " (N,M,T,V,C) has other persons, joints or channels than the model's ",
              norm->options.num_features(), " input features");
  const auto rows = x.transpose(1, 2).reshape({n * t, m * v * c});
  return norm(rows)
      .view({n, t, m, v, c})
      .transpose(1, 2)
      .reshape({n * m, t, v, c})
      .permute({0, 3, 1, 2});
}

}  // namespace kinegraph
