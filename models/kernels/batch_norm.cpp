#include "models/kernels/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "models/kernels/batch_norm_passes.h"
#include "models/kernels/divide_up.h"
#include "models/kernels/rows.h"
#include "models/kernels/scale_rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kRowsOfSum = 256;  // the sums of so many rows are one partial sum

template <class Scalar>
StridedRows<const Scalar> pointed(const at::Tensor& rows, int64_t first) {
  return {rows.data_ptr<Scalar>() + first * rows.stride(0), rows.stride(0)};
}

/// Two sums for each channel of every kRowsOfSum rows: body(first row, rows, one, other) adds to
/// them. Returns (blocks, 2, C), float64.
template <class Body>
at::Tensor sums_of_blocks(const at::Tensor& rows, const Body& body) {
  const int64_t count = rows.size(0), channels = rows.size(1);
  auto sums =
      at::zeros({divide_up(count, kRowsOfSum), 2, channels}, rows.options().dtype(at::kDouble));
  at::parallel_for(0, sums.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      auto* to = sums.data_ptr<double>() + block * 2 * channels;
      const int64_t first = block * kRowsOfSum;
      body(first, std::min(kRowsOfSum, count - first), to, to + channels);
    }
  });
  return sums;
}

/// (C) each, float64; the variance of the batch itself, with the count below.
std::pair<at::Tensor, at::Tensor> mean_and_variance(const at::Tensor& rows) {
  const int64_t count = rows.size(0);
  const auto parts = AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "batch_norm", [&] {
    return sums_of_blocks(rows, [&](int64_t first, int64_t length, double* mean, double* square) {
      moments_of(pointed<scalar_t>(rows, first), length, rows.size(1), mean, square);
    });
  });
  auto sizes = at::full({parts.size(0), 1}, static_cast<double>(kRowsOfSum), parts.options());
  sizes[-1] = static_cast<double>(count - (parts.size(0) - 1) * kRowsOfSum);
  // Chan, Golub & LeVeque 1983: the moments of all from those of parts.
  const auto means = parts.select(1, 0);
  const auto mean = (means * sizes).sum(0) / static_cast<double>(count);
  const auto squares = parts.select(1, 1).sum(0) + ((means - mean).square() * sizes).sum(0);
  return {mean, squares / static_cast<double>(count)};
}

/// y = x * scale + shift before the ReLU.
struct Affine {
  at::Tensor mean, inverse_deviation, scale, shift;  // (C), float64

  Affine(const at::Tensor& of_mean, const at::Tensor& of_inverse, const at::Tensor& weight,
         const at::Tensor& bias)
      : mean(of_mean),
        inverse_deviation(of_inverse),
        scale(weight.to(at::kDouble) * of_inverse),
        shift(bias.to(at::kDouble) - of_mean * scale) {}

  /// Of the first channels of x.
  at::Tensor apply(const at::Tensor& x, const at::Tensor& add, bool relu) const {
    const auto y = scale_rows(rows_of(x).narrow(1, 0, scale.size(0)), scale.to(x.scalar_type()),
                              shift.to(x.scalar_type()), add, relu);
    return from_rows(y, x.size(0), x.size(2), x.size(3));
  }
};

class BatchNorm : public torch::autograd::Function<BatchNorm> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const at::Tensor& x, const at::Tensor& weight,
                                                const at::Tensor& bias,
                                                const c10::optional<at::Tensor>& add,
                                                double epsilon, bool relu) {
    const int64_t channels = weight.size(0), others = x.size(1) - channels;
    const auto rows = rows_of(x).narrow(1, 0, channels);
    const auto [mean, variance] = mean_and_variance(rows);
    const Affine affine(mean, at::rsqrt(variance + epsilon), weight, bias);
    const auto y = affine.apply(x, dense_rows_of(add.value_or(at::Tensor())), relu);
    context->saved_data["relu"] = relu;
    context->saved_data["has_sum"] = add.has_value();
    torch::autograd::variable_list saved{x, weight, bias, affine.mean, affine.inverse_deviation};
    if (relu && add.has_value()) saved.push_back(y);
    context->save_for_backward(std::move(saved));
    const auto count = static_cast<double>(rows.size(0));
    const auto unbiased = variance * (count / (count - 1));
    context->mark_non_differentiable({mean, unbiased});
    torch::autograd::variable_list results{y, mean, unbiased};
    if (others > 0) results.push_back(x.detach().narrow(1, channels, others));
    return results;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& x = saved[0];
    const Affine affine(saved[3], saved[4], saved[1], saved[2]);
    const bool has_sum = context->saved_data["has_sum"].toBool();
    const bool has_relu = context->saved_data["relu"].toBool();
    const auto image = [&](const at::Tensor& rows) {
      return from_rows(rows, x.size(0), x.size(2), x.size(3));
    };
    // Behind a sum the mask of the ReLU comes from y, else from x in the passes below.
    const int64_t channels = saved[1].size(0), others = x.size(1) - channels;
    const auto rows = rows_of(x).narrow(1, 0, channels);
    const auto g = has_relu && has_sum ? masked(rows_of(gradients[0]), rows_of(saved[5]))
                                       : rows_of(gradients[0]);
    const bool is_masked_by_x = has_relu && !has_sum;
    const auto sums = gradient_sums_of_rows(g, rows, is_masked_by_x, affine).sum(0);
    at::Tensor to_x;
    if (context->needs_input_grad(0)) {
      auto to_rows = at::empty({rows.size(0), x.size(1)}, rows.options());
      input_gradients(g, rows, is_masked_by_x, affine, sums, to_rows);
      to_x = image(to_rows);
      if (others > 0) to_x.narrow(1, channels, others).copy_(gradients[3]);
    }
    const auto type = saved[1].scalar_type();
    return {to_x,
            (sums[1] * affine.inverse_deviation).to(type),
            sums[0].to(type),
            has_sum ? image(g) : at::Tensor(),
            at::Tensor(),
            at::Tensor()};
  }

  /// The result once more, of the function that `context` belongs to, whose own turn is next.
  static at::Tensor remade(torch::autograd::AutogradContext& context) {
    const at::NoGradGuard no_grad;
    const auto saved = context.get_saved_variables();
    return Affine(saved[3], saved[4], saved[1], saved[2])
        .apply(saved[0], {}, context.saved_data["relu"].toBool());
  }

 private:
  /// Channels of the affine map in the type of the rows.
  struct Typed {
    Typed(const Affine& affine, at::ScalarType type)
        : scale(affine.scale.to(type)), shift(affine.shift.to(type)), mean(affine.mean.to(type)) {}
    template <class Scalar>
    ChannelsOf<Scalar> pointed() const {
      return {scale.data_ptr<Scalar>(), shift.data_ptr<Scalar>(), mean.data_ptr<Scalar>()};
    }
    at::Tensor scale, shift, mean;
  };

  static at::Tensor masked(const at::Tensor& gradient, const at::Tensor& y) {
    const int64_t channels = y.size(1);
    auto result = at::empty({y.size(0), channels}, y.options());
    AT_DISPATCH_FLOATING_TYPES(y.scalar_type(), "batch_norm_gradient", [&] {
      at::parallel_for(0, y.size(0), kRowsOfSum, [&](int64_t begin, int64_t end) {
        mask_rows(pointed<scalar_t>(gradient, begin), y.data_ptr<scalar_t>() + begin * channels,
                  end - begin, channels, result.data_ptr<scalar_t>() + begin * channels);
      });
    });
    return result;
  }

  static at::Tensor gradient_sums_of_rows(const at::Tensor& g, const at::Tensor& rows,
                                          bool is_masked_by_x, const Affine& affine) {
    const Typed typed(affine, rows.scalar_type());
    return AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "batch_norm_gradient", [&] {
      return sums_of_blocks(rows, [&](int64_t first, int64_t length, double* sum, double* product) {
        gradient_sums_of(pointed<scalar_t>(g, first), pointed<scalar_t>(rows, first),
                         is_masked_by_x, typed.pointed<scalar_t>(), length, rows.size(1), sum,
                         product);
      });
    });
  }

  /// Writes the first channels of `result`.
  static void input_gradients(const at::Tensor& g, const at::Tensor& rows, bool is_masked_by_x,
                              const Affine& affine, const at::Tensor& sums, at::Tensor& result) {
    const auto count = static_cast<double>(rows.size(0));
    const auto type = rows.scalar_type();
    const Typed typed(affine, type);
    const auto by_x =
        (-affine.scale * affine.inverse_deviation.square() * sums[1] / count).to(type);
    const auto by_one = (-affine.scale * sums[0] / count).to(type);
    const int64_t step = result.size(1);
    AT_DISPATCH_FLOATING_TYPES(type, "batch_norm_gradient", [&] {
      at::parallel_for(0, rows.size(0), kRowsOfSum, [&](int64_t begin, int64_t end) {
        input_gradient_of(pointed<scalar_t>(g, begin), pointed<scalar_t>(rows, begin),
                          is_masked_by_x, typed.pointed<scalar_t>(), by_x.data_ptr<scalar_t>(),
                          by_one.data_ptr<scalar_t>(), end - begin, rows.size(1),
                          {result.data_ptr<scalar_t>() + begin * step, step});
      });
    });
  }
};

}  // namespace

BatchNormed batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       double epsilon, const Finish& finish) {
  TORCH_CHECK(x.size(0) * x.size(2) * x.size(3) > 1,
              "batch_norm: less than two values a channel have no variance: ", x.sizes());
  c10::optional<at::Tensor> add;
  if (finish.add.defined()) add = finish.add;
  const auto results = BatchNorm::apply(x, weight, bias, add, epsilon, finish.relu);
  return {results[0], results.size() > 3 ? results[3] : at::Tensor(), results[1], results[2]};
}

Remake remake_of_batch_norm(const at::Tensor& y) {
  const auto node = std::dynamic_pointer_cast<torch::autograd::CppNode<BatchNorm>>(y.grad_fn());
  if (!node || y.output_nr() != 0 || node->ctx_.saved_data["has_sum"].toBool()) return {};
  return [node] { return BatchNorm::remade(node->ctx_); };
}

}  // namespace kinegraph
