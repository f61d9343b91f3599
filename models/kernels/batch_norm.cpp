#include "models/kernels/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <memory>
#include <utility>

#include "models/kernels/multiversion.h"
#include "models/kernels/rows.h"
#include "models/kernels/scale_rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kRowsOfSum = 1024;  // the sums of so many rows are one partial sum
constexpr int64_t kRowsAtOnce = 4;    // added up before they are widened to float64

/// Rows of channels with a distance between them.
template <class Scalar>
struct Rows {
  Scalar* data;
  int64_t step;

  KINEGRAPH_INLINE Scalar* row(int64_t r) const { return data + r * step; }
};

/// sum[c] of x - x[0], square[c] of its square.
template <class Scalar>
KINEGRAPH_INLINE void moments(const Rows<const Scalar>& x, int64_t rows, int64_t channels,
                              double* __restrict sum, double* __restrict square) {
  const Scalar* __restrict base = x.row(0);
  int64_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce) {
    const Scalar* __restrict a = x.row(r), * __restrict b = x.row(r + 1), * __restrict c = x.row(r + 2), * __restrict d = x.row(r + 3);
    for (int64_t i = 0; i < channels; ++i) {
      const Scalar p = a[i] - base[i], q = b[i] - base[i], s = c[i] - base[i], t = d[i] - base[i];
      sum[i] += static_cast<double>((p + q) + (s + t));
      square[i] += static_cast<double>((p * p + q * q) + (s * s + t * t));
    }
  }
  for (; r < rows; ++r) {
    const Scalar* __restrict a = x.row(r);
    for (int64_t i = 0; i < channels; ++i) {
      const double p = a[i] - base[i];
      sum[i] += p;
      square[i] += p * p;
    }
  }
}

/// What the backward pass knows of each channel: y = (x - mean) * scale + bias before the ReLU.
template <class Scalar>
struct ChannelsOf {
  const Scalar *scale, *shift, *mean;  // y = x * scale + shift
};

/// sum[c] of the gradient g before the ReLU, product[c] of g * (x - mean). The ReLU's mask comes
/// from `y`, and then g goes to `masked`; or, without `y`, from x where `has_relu`.
template <class Scalar>
KINEGRAPH_INLINE void gradient_sums(const Rows<const Scalar>& gradient, const Rows<const Scalar>& x,
                                    const Scalar* y, Scalar* masked, bool has_relu,
                                    const ChannelsOf<Scalar>& of, int64_t rows, int64_t channels,
                                    double* __restrict sum, double* __restrict product) {
  const Scalar* __restrict scale = of.scale, * __restrict shift = of.shift, * __restrict mean = of.mean;
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar* __restrict from = gradient.row(r), * __restrict at = x.row(r);
    if (y != nullptr) {
      const Scalar* __restrict result = y + r * channels;
      Scalar* __restrict to = masked + r * channels;
      for (int64_t i = 0; i < channels; ++i) {
        const Scalar g = result[i] <= 0 ? Scalar(0) : from[i];
        to[i] = g;
        sum[i] += static_cast<double>(g);
        product[i] += static_cast<double>(g * (at[i] - mean[i]));
      }
    } else if (has_relu) {
      for (int64_t i = 0; i < channels; ++i) {
        const Scalar g = at[i] * scale[i] + shift[i] <= 0 ? Scalar(0) : from[i];
        sum[i] += static_cast<double>(g);
        product[i] += static_cast<double>(g * (at[i] - mean[i]));
      }
    } else {
      for (int64_t i = 0; i < channels; ++i) {
        sum[i] += static_cast<double>(from[i]);
        product[i] += static_cast<double>(from[i] * (at[i] - mean[i]));
      }
    }
  }
}

/// to = g * scale + (x - mean) * by_x + by_one.
template <class Scalar>
KINEGRAPH_INLINE void input_gradient(const Rows<const Scalar>& gradient,
                                     const Rows<const Scalar>& x, bool has_relu,
                                     const ChannelsOf<Scalar>& of, const Scalar* __restrict by_x,
                                     const Scalar* __restrict by_one, int64_t rows,
                                     int64_t channels, Scalar* result) {
  const Scalar* __restrict scale = of.scale, * __restrict shift = of.shift, * __restrict mean = of.mean;
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar* __restrict from = gradient.row(r), * __restrict at = x.row(r);
    Scalar* __restrict to = result + r * channels;
    if (has_relu) {
      for (int64_t i = 0; i < channels; ++i) {
        const Scalar g = at[i] * scale[i] + shift[i] <= 0 ? Scalar(0) : from[i];
        to[i] = g * scale[i] + ((at[i] - mean[i]) * by_x[i] + by_one[i]);
      }
    } else {
      for (int64_t i = 0; i < channels; ++i)
        to[i] = from[i] * scale[i] + ((at[i] - mean[i]) * by_x[i] + by_one[i]);
    }
  }
}

#define KINEGRAPH_BATCH_NORM(Scalar)                                                               \
  KINEGRAPH_MULTIVERSION void moments_of(const Rows<const Scalar>& x, int64_t rows,                \
                                         int64_t channels, double* sum, double* square) {          \
    moments(x, rows, channels, sum, square);                                                       \
  }                                                                                                \
  KINEGRAPH_MULTIVERSION void gradient_sums_of(                                                    \
      const Rows<const Scalar>& gradient, const Rows<const Scalar>& x, const Scalar* y,            \
      Scalar* masked, bool has_relu, const ChannelsOf<Scalar>& of, int64_t rows, int64_t channels, \
      double* sum, double* product) {                                                              \
    gradient_sums(gradient, x, y, masked, has_relu, of, rows, channels, sum, product);             \
  }                                                                                                \
  KINEGRAPH_MULTIVERSION void input_gradient_of(                                                   \
      const Rows<const Scalar>& gradient, const Rows<const Scalar>& x, bool has_relu,              \
      const ChannelsOf<Scalar>& of, const Scalar* by_x, const Scalar* by_one, int64_t rows,        \
      int64_t channels, Scalar* result) {                                                          \
    input_gradient(gradient, x, has_relu, of, by_x, by_one, rows, channels, result);               \
  }
KINEGRAPH_BATCH_NORM(float)
KINEGRAPH_BATCH_NORM(double)

template <class Scalar>
Rows<const Scalar> pointed(const at::Tensor& rows, int64_t first) {
  return {rows.data_ptr<Scalar>() + first * rows.stride(0), rows.stride(0)};
}

/// Two sums for each channel of every kRowsOfSum rows: body(first row, rows, one, other) adds to
/// them. Returns (blocks, 2, C), float64.
template <class Body>
at::Tensor sums_of_blocks(const at::Tensor& rows, const Body& body) {
  const int64_t count = rows.size(0), channels = rows.size(1);
  auto sums = at::zeros({(count + kRowsOfSum - 1) / kRowsOfSum, 2, channels},
                        rows.options().dtype(at::kDouble));
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
  const auto sums = AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "batch_norm", [&] {
    return sums_of_blocks(rows, [&](int64_t first, int64_t length, double* sum, double* square) {
      moments_of(pointed<scalar_t>(rows, first), length, rows.size(1), sum, square);
    });
  });
  // Chan, Golub & LeVeque 1983: the moments of parts about their own base become those of all.
  auto sizes = at::full({sums.size(0), 1}, static_cast<double>(kRowsOfSum), sums.options());
  sizes[-1] = static_cast<double>(count - (sums.size(0) - 1) * kRowsOfSum);
  const auto base = rows.slice(0, 0, count, kRowsOfSum).to(at::kDouble);
  const auto sum = sums.select(1, 0), means = base + sum / sizes;
  const auto mean = (means * sizes).sum(0) / static_cast<double>(count);
  const auto squares =
      (sums.select(1, 1) - sum * sum / sizes).sum(0) + ((means - mean).square() * sizes).sum(0);
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

  at::Tensor apply(const at::Tensor& x, const at::Tensor& add, bool relu) const {
    const auto y =
        scale_rows(rows_of(x), scale.to(x.scalar_type()), shift.to(x.scalar_type()), add, relu);
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
    const auto rows = rows_of(x);
    const auto [mean, variance] = mean_and_variance(rows);
    const Affine affine(mean, at::rsqrt(variance + epsilon), weight, bias);
    const auto y = affine.apply(x, dense_rows_of(add.value_or(at::Tensor())), relu);
    context->saved_data["relu"] = relu;
    context->saved_data["has_sum"] = add.has_value();
    torch::autograd::variable_list saved{x, weight, bias, affine.mean, affine.inverse_deviation};
    if (relu && add.has_value()) saved.push_back(y);
    context->save_for_backward(saved);
    const auto count = static_cast<double>(rows.size(0));
    const auto unbiased = variance * (count / (count - 1));
    context->mark_non_differentiable({mean, unbiased});
    return {y, mean, unbiased};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& x = saved[0];
    const auto rows = rows_of(x);
    const auto y = saved.size() > 5 ? rows_of(saved[5]) : at::Tensor();
    const Affine affine(saved[3], saved[4], saved[1], saved[2]);
    const bool has_relu = context->saved_data["relu"].toBool();
    const auto upstream = rows_of(gradients[0]);
    const auto masked = y.defined() ? at::empty_like(y) : at::Tensor();
    const auto sums =
        upstream_sums(upstream, rows, y, masked, has_relu && !y.defined(), affine).sum(0);
    const auto g = masked.defined() ? masked : upstream;
    at::Tensor to_x, to_add;
    if (context->needs_input_grad(0))
      to_x = from_rows(input_gradients(g, rows, has_relu && !y.defined(), affine, sums), x.size(0),
                       x.size(2), x.size(3));
    if (context->saved_data["has_sum"].toBool())
      to_add = masked.defined() ? from_rows(masked, x.size(0), x.size(2), x.size(3)) : gradients[0];
    const auto type = saved[1].scalar_type();
    return {to_x,
            (sums[1] * affine.inverse_deviation).to(type),
            sums[0].to(type),
            to_add,
            at::Tensor(),
            at::Tensor()};
  }

  /// The result once more, of the function that `context` belongs to.
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

  static at::Tensor upstream_sums(const at::Tensor& upstream, const at::Tensor& rows,
                                  const at::Tensor& y, const at::Tensor& masked, bool has_relu,
                                  const Affine& affine) {
    const int64_t channels = rows.size(1);
    const Typed typed(affine, rows.scalar_type());
    return AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "batch_norm_gradient", [&] {
      const auto at_row = [&](const at::Tensor& dense, int64_t first) {
        return dense.defined() ? dense.data_ptr<scalar_t>() + first * channels : nullptr;
      };
      return sums_of_blocks(rows, [&](int64_t first, int64_t length, double* sum, double* product) {
        gradient_sums_of(pointed<scalar_t>(upstream, first), pointed<scalar_t>(rows, first),
                         at_row(y, first), at_row(masked, first), has_relu,
                         typed.pointed<scalar_t>(), length, channels, sum, product);
      });
    });
  }

  static at::Tensor input_gradients(const at::Tensor& g, const at::Tensor& rows, bool has_relu,
                                    const Affine& affine, const at::Tensor& sums) {
    const auto count = static_cast<double>(rows.size(0));
    const auto type = rows.scalar_type();
    const Typed typed(affine, type);
    const auto by_x =
        (-affine.scale * affine.inverse_deviation.square() * sums[1] / count).to(type);
    const auto by_one = (-affine.scale * sums[0] / count).to(type);
    auto result = at::empty({rows.size(0), rows.size(1)}, rows.options());
    AT_DISPATCH_FLOATING_TYPES(type, "batch_norm_gradient", [&] {
      at::parallel_for(0, rows.size(0), kRowsOfSum, [&](int64_t begin, int64_t end) {
        input_gradient_of(pointed<scalar_t>(g, begin), pointed<scalar_t>(rows, begin), has_relu,
                          typed.pointed<scalar_t>(), by_x.data_ptr<scalar_t>(),
                          by_one.data_ptr<scalar_t>(), end - begin, rows.size(1),
                          result.data_ptr<scalar_t>() + begin * rows.size(1));
      });
    });
    return result;
  }
};

}  // namespace

BatchNormed batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       double epsilon, const Finish& finish) {
  TORCH_CHECK(x.size(0) * x.size(2) * x.size(3) > 1,
              "batch_norm: a batch of one value a channel has no variance: ", x.sizes());
  c10::optional<at::Tensor> add;
  if (finish.add.defined()) add = finish.add;
  const auto results = BatchNorm::apply(x, weight, bias, add, epsilon, finish.relu);
  return {results[0], results[1], results[2]};
}

Remake remake_of_batch_norm(const at::Tensor& y) {
  const auto node = std::dynamic_pointer_cast<torch::autograd::CppNode<BatchNorm>>(y.grad_fn());
  if (!node || node->ctx_.saved_data["has_sum"].toBool()) return {};
  return [node] { return BatchNorm::remade(node->ctx_); };
}

}  // namespace kinegraph
