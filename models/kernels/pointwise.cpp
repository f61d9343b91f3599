#include "models/kernels/pointwise.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "framework/model/cost_meter.h"
#include "models/kernels/column_products.h"
#include "models/kernels/divide_up.h"
#include "models/kernels/multiversion.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kRowsOfBlock = 1024;

/// Calls body(begin, count) for blocks of the rows of y that do not depend on the number of
/// threads; for all rows at once on other devices.
template <class Body>
void for_blocks(const at::Tensor& y, int64_t size, const Body& body) {
  const int64_t rows = y.size(0), blocks = divide_up(rows, size);
  if (!y.device().is_cpu()) return body(0, rows);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t block = begin; block < end; ++block)
      body(block * size, std::min(size, rows - block * size));
  });
}

/// What is done to a block of a product while it lies in the cache: relu(y + bias + add).
struct Ending {
  at::Tensor bias;  // (P, C), of which row r gets r mod P; or undefined
  at::Tensor add;   // dense rows, or undefined
  bool relu = false;
  int64_t plain_from = -1;  // channels from here on, if any, get no ReLU

  bool is_empty() const { return !bias.defined() && !add.defined() && !relu; }

  Ending(const at::Tensor& any_bias, const at::Tensor& addend, bool has_relu, int64_t plain)
      : add(addend), relu(has_relu), plain_from(plain) {
    if (any_bias.defined()) bias = any_bias.detach().reshape({-1, any_bias.size(-1)}).contiguous();
  }
};

template <class Scalar>
KINEGRAPH_INLINE void end_rows(Scalar* __restrict y, const Scalar* __restrict bias,
                               const Scalar* __restrict add, int64_t rows, int64_t width,
                               int64_t period, int64_t active) {
  for (int64_t r = 0; r < rows; ++r) {
    Scalar* __restrict to = y + r * width;
    if (bias != nullptr) {
      const Scalar* __restrict from = bias + r % period * width;
      for (int64_t c = 0; c < width; ++c) to[c] += from[c];
    }
    if (add != nullptr) {
      const Scalar* __restrict from = add + r * width;
      for (int64_t c = 0; c < width; ++c) to[c] += from[c];
    }
    for (int64_t c = 0; c < active; ++c) to[c] = to[c] < 0 ? Scalar(0) : to[c];  // NaN stays
  }
}

#define KINEGRAPH_END_ROWS(Scalar)                                                        \
  KINEGRAPH_MULTIVERSION void end_block(Scalar* y, const Scalar* bias, const Scalar* add, \
                                        int64_t rows, int64_t width, int64_t period,      \
                                        int64_t active) {                                 \
    end_rows(y, bias, add, rows, width, period, active);                                  \
  }
KINEGRAPH_END_ROWS(float)
KINEGRAPH_END_ROWS(double)

/// y: rows [begin, begin + y.size(0)) of the whole; `begin` is a multiple of the bias's period.
void end_in_place(at::Tensor y, int64_t begin, const Ending& ending) {
  const int64_t rows = y.size(0), width = y.size(1);
  const int64_t active = !ending.relu            ? 0
                         : ending.plain_from < 0 ? width
                                                 : std::min(width, ending.plain_from);
  if (!y.device().is_cpu()) {
    if (ending.bias.defined()) y.view({-1, ending.bias.size(0), width}).add_(ending.bias);
    if (ending.add.defined()) y.add_(ending.add.narrow(0, begin, rows));
    if (active > 0) y.narrow(1, 0, active).relu_();
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(y.scalar_type(), "end_in_place", [&] {
    const auto data = [](const at::Tensor& x) {
      return x.defined() ? x.data_ptr<scalar_t>() : nullptr;
    };
    const auto* add = data(ending.add);
    end_block(y.data_ptr<scalar_t>(), data(ending.bias), add == nullptr ? add : add + begin * width,
              rows, width, ending.bias.defined() ? ending.bias.size(0) : 1, active);
  });
}

/// oneDNN's 1x1 convolution needs no packing of the rows, which OpenBLAS spends a quarter of its
/// time on when the matrix has 64 columns.
bool has_convolution(const at::Tensor& rows) {
  return rows.device().is_cpu() && rows.scalar_type() == at::kFloat && rows.is_contiguous() &&
         rows.size(0) >= kRowsOfBlock && at::hasMKLDNN() && at::globalContext().userEnabledMkldnn();
}

/// rows * matrix + bias (C), if any. The rows are the frames of one clip.
at::Tensor convolved(const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& bias) {
  const int64_t count = rows.size(0), in = matrix.size(0), out = matrix.size(1);
  const auto image = rows.view({1, count, 1, in}).permute({0, 3, 1, 2});
  const auto weight = matrix.t().contiguous().view({out, in, 1, 1});
  return at::mkldnn_convolution(image, weight, bias, {0, 0}, {1, 1}, {1, 1}, 1)
      .permute({0, 2, 3, 1})
      .reshape({count, out});
}

/// rows * matrix, each block with the ending.
at::Tensor product(const at::Tensor& rows, const at::Tensor& matrix, Ending ending) {
  const at::NoGradGuard no_grad;
  const bool is_convolved = has_convolution(rows);
  at::Tensor bias;  // that the convolution adds
  if (is_convolved && ending.bias.defined() && ending.bias.size(0) == 1)
    std::swap(bias, ending.bias);
  auto out = is_convolved ? convolved(rows, matrix, bias.defined() ? bias[0] : bias)
                          : at::empty({rows.size(0), matrix.size(1)}, rows.options());
  const int64_t period = ending.bias.defined() ? ending.bias.size(0) : 1;
  const int64_t size = std::max<int64_t>(1, kRowsOfBlock / period) * period;
  if (is_convolved && ending.is_empty()) return out;
  for_blocks(out, size, [&](int64_t begin, int64_t count) {
    auto block = out.narrow(0, begin, count);
    if (!is_convolved) at::mm_out(block, rows.narrow(0, begin, count), matrix);
    end_in_place(block, begin, ending);
  });
  return out;
}

/// Sliced as rows, so that autograd makes the gradient channels_last too.
at::Tensor strided(const at::Tensor& x, int64_t stride) {
  if (stride == 1) return x;
  return x.permute({0, 2, 3, 1}).slice(1, 0, x.size(2), stride).permute({0, 3, 1, 2});
}

at::Tensor matrix_of(const at::Tensor& weight) {
  return weight.view({weight.size(0), weight.size(1)});
}

class LinearRows : public torch::autograd::Function<LinearRows> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& rows,
                            const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                            const Remake& remake) {
    torch::autograd::variable_list others{weight};
    if (bias.has_value()) others.push_back(*bias);
    save_for_backward(*context, rows, remake, others);
    return product(rows, weight.t(), Ending(bias.value_or(at::Tensor()), {}, false, -1));
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = saved_variables(*context, context->needs_input_grad(1));
    const auto &rows = saved[0], &weight = saved[1];
    const auto gradient = gradients[0].contiguous();
    at::Tensor to_rows, to_weight, to_bias;
    if (context->needs_input_grad(0))
      to_rows = product(gradient, weight, Ending({}, {}, false, -1));
    const bool has_bias = saved.size() > 2;
    if (context->needs_input_grad(1)) {
      const auto sums = column_products(gradient, rows, has_bias);
      to_weight = sums.products, to_bias = sums.sums;
    } else if (has_bias) {
      to_bias = sum_of_rows(gradient);
    }
    return {to_rows, to_weight, to_bias, at::Tensor()};
  }
};

}  // namespace

at::Tensor linear_rows(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias,
                       const Remake& remake) {
  if (!rows.device().is_cpu()) return at::linear(rows, weight, bias);
  c10::optional<at::Tensor> given;
  if (bias.defined()) given = bias;
  return LinearRows::apply(rows, weight, given, remake);
}

at::Tensor pointwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride) {
  if (!at::GradMode::is_enabled()) return pointwise_finished(x, weight, bias, stride, {});
  const bool is_plain = !bias.defined() || bias.dim() == 1;
  const auto plain_bias = is_plain ? bias : at::Tensor();
  at::Tensor y;
  if (x.device().is_cpu()) {
    const auto rows_taken = [stride](const at::Tensor& any) {
      return rows_of(strided(any, stride));
    };
    const auto rows = rows_taken(x);
    y = from_rows(
        linear_rows(rows, matrix_of(weight), plain_bias, followed_by(remake_of(x), rows_taken)),
        x.size(0), divide_up(x.size(2), stride), x.size(3));
  } else {
    y = at::conv2d(x, weight, plain_bias, {stride, 1});
  }
  return is_plain ? y : y + bias.t().view({1, bias.size(1), 1, bias.size(0)});
}

void finish_in_place(at::Tensor& y, const Finish& finish) {
  const auto rows = rows_of(y);
  TORCH_CHECK(rows.data_ptr() == y.data_ptr() && rows.is_contiguous(),
              "finish_in_place: the result must be dense in channels_last memory");
  const Ending ending({}, dense_rows_of(finish.add), finish.relu, -1);
  for_blocks(rows, kRowsOfBlock, [&](int64_t begin, int64_t count) {
    end_in_place(rows.narrow(0, begin, count), begin, ending);
  });
}

at::Tensor pointwise_finished(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                              int64_t stride, const Finish& finish, int64_t plain_from) {
  const auto taken = strided(x, stride);
  const PublishedMacs published(
      {x.size(0) * taken.size(2) * x.size(3) * weight.numel(), /*graph=*/0});
  const auto out = product(rows_of(taken), matrix_of(weight).t(),
                           Ending(bias, dense_rows_of(finish.add), finish.relu, plain_from));
  return from_rows(out, x.size(0), taken.size(2), x.size(3));
}

}  // namespace kinegraph
