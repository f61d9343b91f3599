#include "models/layers/pointwise.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "models/layers/multiversion.h"
#include "models/layers/norm_kernel.h"
#include "models/layers/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kRowsOfBlock = 1024;

/// Calls body(begin, count) for blocks of rows that do not depend on the number of threads.
template <class Body>
void for_blocks(int64_t rows, int64_t size, const Body& body) {
  const int64_t blocks = (rows + size - 1) / size;
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t block = begin; block < end; ++block)
      body(block * size, std::min(size, rows - block * size));
  });
}

/// rows * matrix + bias, block by block; `finish(block, begin, count)` while it is in the cache.
template <class Finished>
at::Tensor product(const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& bias,
                   const Finished& finish) {
  auto out = at::empty({rows.size(0), matrix.size(1)}, rows.options());
  const int64_t period = bias.defined() && bias.dim() == 2 ? bias.size(0) : 1;
  const int64_t repeats = std::max<int64_t>(1, kRowsOfBlock / period);
  const auto start = period > 1 ? bias.detach().repeat({repeats, 1}) : bias;
  for_blocks(rows.size(0), repeats * period, [&](int64_t begin, int64_t count) {
    auto block = out.narrow(0, begin, count);
    const auto from = rows.narrow(0, begin, count);
    if (start.defined())
      at::addmm_out(block, period > 1 ? start.narrow(0, 0, count) : start, from, matrix);
    else
      at::mm_out(block, from, matrix);
    finish(block, begin, count);
  });
  return out;
}

at::Tensor product(const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& bias) {
  return product(rows, matrix, bias, [](const at::Tensor&, int64_t, int64_t) {});
}

/// left^T right, summed over rows.
at::Tensor product_over_rows(const at::Tensor& left, const at::Tensor& right) {
  constexpr int64_t kParts = 8, kLeastRows = 512;
  const int64_t rows = left.size(0);
  const int64_t size = std::max((rows + kParts - 1) / kParts, kLeastRows);
  const int64_t parts = (rows + size - 1) / size;
  auto sums = at::empty({parts, left.size(1), right.size(1)}, left.options());
  for_blocks(rows, size, [&](int64_t begin, int64_t count) {
    auto sum = sums[begin / size];
    at::mm_out(sum, left.narrow(0, begin, count).t(), right.narrow(0, begin, count));
  });
  return parts == 1 ? sums[0] : sums.sum(0);
}

class RowsProduct : public torch::autograd::Function<RowsProduct> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& rows,
                            const at::Tensor& weight, const c10::optional<at::Tensor>& bias) {
    context->save_for_backward({rows, weight});
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["period"] = bias && bias->dim() == 2 ? bias->size(0) : int64_t{0};
    return product(rows, weight.t(), bias.value_or(at::Tensor()));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& gradient = gradients[0];
    const auto rows = gradient.stride(1) == 1 ? gradient : gradient.contiguous();
    at::Tensor to_rows, to_weight, to_bias;
    if (context->needs_input_grad(0)) to_rows = product(rows, saved[1], at::Tensor());
    if (context->needs_input_grad(1)) to_weight = product_over_rows(rows, saved[0]);
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2))
      to_bias = bias_gradient(rows, context->saved_data["period"].toInt());
    return {to_rows, to_weight, to_bias};
  }

 private:
  static at::Tensor bias_gradient(const at::Tensor& gradient, int64_t period) {
    const int64_t width = gradient.size(1);
    const auto rows = period > 0 ? gradient.reshape({-1, period * width}) : gradient;
    const auto sums = rows.device().is_cpu() ? column_sums(rows) : rows.sum(0);
    return period > 0 ? sums.view({period, width}) : sums;
  }
};

at::Tensor strided(const at::Tensor& x, int64_t stride) {
  return stride == 1 ? x : x.slice(2, 0, x.size(2), stride);
}

at::Tensor matrix_of(const at::Tensor& weight) {
  return weight.view({weight.size(0), weight.size(1)});
}

template <class Scalar>
inline __attribute__((always_inline)) void finish_span(Scalar* y, const Scalar* add, bool relu,
                                                       int64_t count) {
  if (add != nullptr && relu) {
    for (int64_t i = 0; i < count; ++i) {
      const Scalar sum = y[i] + add[i];
      y[i] = sum < 0 ? Scalar(0) : sum;  // lets NaN through
    }
  } else if (add != nullptr) {
    for (int64_t i = 0; i < count; ++i) y[i] += add[i];
  } else if (relu) {
    for (int64_t i = 0; i < count; ++i) y[i] = y[i] < 0 ? Scalar(0) : y[i];
  }
}

KINEGRAPH_MULTIVERSION void finish_block(float* y, const float* add, bool relu, int64_t count) {
  finish_span(y, add, relu, count);
}
KINEGRAPH_MULTIVERSION void finish_block(double* y, const double* add, bool relu, int64_t count) {
  finish_span(y, add, relu, count);
}

/// relu(y + add) of dense rows; `add` may be undefined. Channels from `plain_from` on, if any, get
/// no ReLU.
void finish_rows(const at::Tensor& y, const at::Tensor& add, bool relu, int64_t plain_from) {
  const int64_t width = y.size(1);
  const bool is_partial = plain_from >= 0 && plain_from < width;
  if (!y.device().is_cpu() || is_partial) {
    if (add.defined()) y.add_(add);
    if (relu) (is_partial ? y.narrow(1, 0, plain_from) : y).relu_();
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(y.scalar_type(), "finish_rows", [&] {
    finish_block(y.data_ptr<scalar_t>(), add.defined() ? add.data_ptr<scalar_t>() : nullptr, relu,
                 y.numel());
  });
}

}  // namespace

at::Tensor rows_product(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias) {
  TORCH_CHECK(rows.dim() == 2 && weight.dim() == 2 && rows.size(1) == weight.size(1),
              "rows_product: rows ", rows.sizes(), " do not fit the weight ", weight.sizes());
  TORCH_CHECK(!bias.defined() || bias.dim() == 1 || rows.size(0) % bias.size(0) == 0,
              "rows_product: a bias of ", bias.sizes(), " does not repeat over ", rows.sizes());
  return RowsProduct::apply(rows, weight, if_defined(bias));
}

at::Tensor pointwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride) {
  const auto taken = strided(x, stride);
  return from_rows(rows_product(rows_of(taken), matrix_of(weight), bias), x.size(0), taken.size(2),
                   x.size(3));
}

void finish_in_place(at::Tensor& y, const Finish& finish) {
  const auto rows = rows_of(y);
  TORCH_CHECK(rows.data_ptr() == y.data_ptr() && rows.is_contiguous(),
              "finish_in_place: the result must be dense in channels_last memory");
  const auto add = finish.add.defined() ? rows_of(finish.add).contiguous() : finish.add;
  for_blocks(rows.size(0), kRowsOfBlock, [&](int64_t begin, int64_t count) {
    finish_rows(rows.narrow(0, begin, count), add.defined() ? add.narrow(0, begin, count) : add,
                finish.relu, -1);
  });
}

at::Tensor pointwise_finished(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                              int64_t stride, const Finish& finish, int64_t plain_from) {
  const auto taken = strided(x, stride);
  const auto rows = rows_of(taken);
  const auto add = finish.add.defined() ? rows_of(finish.add).contiguous() : finish.add;
  const auto out = product(rows, matrix_of(weight).t(), bias,
                           [&](const at::Tensor& block, int64_t begin, int64_t count) {
                             const auto more = add.defined() ? add.narrow(0, begin, count) : add;
                             finish_rows(block, more, finish.relu, plain_from);
                           });
  return from_rows(out, x.size(0), taken.size(2), x.size(3));
}

}  // namespace kinegraph
