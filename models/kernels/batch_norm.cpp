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
  for (int64_t r = 0; r < rows; r += kRowsAtOnce) {
    // Rows behind the last one give the base, and so add nothing.
    const auto row = [&](int64_t i) { return r + i < rows ? x.row(r + i) : base; };
    const Scalar *a = row(0), *b = row(1), *c = row(2), *d = row(3);
#pragma omp simd
    for (int64_t i = 0; i < channels; ++i) {
      const Scalar p = a[i] - base[i], q = b[i] - base[i], s = c[i] - base[i], t = d[i] - base[i];
      sum[i] += static_cast<double>((p + q) + (s + t));
      square[i] += static_cast<double>((p * p + q * q) + (s * s + t * t));
    }
  }
}

/// What the backward pass knows of each channel: y = x * scale + shift before the ReLU.
template <class Scalar>
struct ChannelsOf {
  const Scalar *scale, *shift, *mean;
};

/// to = the gradient where y is above 0. All dense.
template <class Scalar>
KINEGRAPH_INLINE void mask(const Rows<const Scalar>& gradient, const Scalar* y, int64_t rows,
                           int64_t channels, Scalar* result) {
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar *from = gradient.row(r), *at = y + r * channels;
    Scalar* to = result + r * channels;
#pragma omp simd
    for (int64_t i = 0; i < channels; ++i) to[i] = at[i] <= 0 ? Scalar(0) : from[i];
  }
}

/// The gradient before a ReLU, whose own value is x * scale + shift.
template <bool HasRelu, class Scalar>
KINEGRAPH_INLINE Scalar before_relu(Scalar gradient, Scalar x, Scalar scale, Scalar shift) {
  return HasRelu && x * scale + shift <= 0 ? Scalar(0) : gradient;
}

/// Adds those of `Count` rows to gradient_sums().
template <int64_t Count, bool HasRelu, class Scalar>
KINEGRAPH_INLINE void add_gradients(const Scalar* from, int64_t from_step, const Scalar* x,
                                    int64_t x_step, const ChannelsOf<Scalar>& of, int64_t channels,
                                    double* sum, double* product) {
  const Scalar *scale = of.scale, *shift = of.shift, *mean = of.mean;
#pragma omp simd
  for (int64_t i = 0; i < channels; ++i) {
    Scalar one = 0, other = 0;
    for (int64_t k = 0; k < Count; ++k) {
      const Scalar value = x[k * x_step + i];
      const Scalar g = before_relu<HasRelu>(from[k * from_step + i], value, scale[i], shift[i]);
      one += g;
      other += g * (value - mean[i]);
    }
    sum[i] += static_cast<double>(one);
    product[i] += static_cast<double>(other);
  }
}

/// sum[c] of the gradient g before the ReLU, product[c] of g * (x - mean).
template <bool HasRelu, class Scalar>
KINEGRAPH_INLINE void gradient_sums(const Rows<const Scalar>& gradient, const Rows<const Scalar>& x,
                                    const ChannelsOf<Scalar>& of, int64_t rows, int64_t channels,
                                    double* sum, double* product) {
  int64_t r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    add_gradients<kRowsAtOnce, HasRelu>(gradient.row(r), gradient.step, x.row(r), x.step, of,
                                        channels, sum, product);
  for (; r < rows; ++r)
    add_gradients<1, HasRelu>(gradient.row(r), gradient.step, x.row(r), x.step, of, channels, sum,
                              product);
}

/// to = g * scale + (x - mean) * by_x + by_one.
template <bool HasRelu, class Scalar>
KINEGRAPH_INLINE void input_gradient(const Rows<const Scalar>& gradient,
                                     const Rows<const Scalar>& x, const ChannelsOf<Scalar>& of,
                                     const Scalar* by_x, const Scalar* by_one, int64_t rows,
                                     int64_t channels, Scalar* result) {
  const Scalar *scale = of.scale, *shift = of.shift, *mean = of.mean;
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar *from = gradient.row(r), *at = x.row(r);
    Scalar* to = result + r * channels;
#pragma omp simd
    for (int64_t i = 0; i < channels; ++i) {
      const Scalar g = before_relu<HasRelu>(from[i], at[i], scale[i], shift[i]);
      to[i] = g * scale[i] + ((at[i] - mean[i]) * by_x[i] + by_one[i]);
    }
  }
}

#define KINEGRAPH_BATCH_NORM(Scalar)                                                             \
  KINEGRAPH_MULTIVERSION void moments_of(const Rows<const Scalar>& x, int64_t rows,              \
                                         int64_t channels, double* sum, double* square) {        \
    moments(x, rows, channels, sum, square);                                                     \
  }                                                                                              \
  KINEGRAPH_MULTIVERSION void mask_rows(const Rows<const Scalar>& gradient, const Scalar* y,     \
                                        int64_t rows, int64_t channels, Scalar* result) {        \
    mask(gradient, y, rows, channels, result);                                                   \
  }                                                                                              \
  KINEGRAPH_MULTIVERSION void gradient_sums_of(const Rows<const Scalar>& gradient,               \
                                               const Rows<const Scalar>& x, bool has_relu,       \
                                               const ChannelsOf<Scalar>& of, int64_t rows,       \
                                               int64_t channels, double* sum, double* product) { \
    if (has_relu)                                                                                \
      gradient_sums<true>(gradient, x, of, rows, channels, sum, product);                        \
    else                                                                                         \
      gradient_sums<false>(gradient, x, of, rows, channels, sum, product);                       \
  }                                                                                              \
  KINEGRAPH_MULTIVERSION void input_gradient_of(                                                 \
      const Rows<const Scalar>& gradient, const Rows<const Scalar>& x, bool has_relu,            \
      const ChannelsOf<Scalar>& of, const Scalar* by_x, const Scalar* by_one, int64_t rows,      \
      int64_t channels, Scalar* result) {                                                        \
    if (has_relu)                                                                                \
      input_gradient<true>(gradient, x, of, by_x, by_one, rows, channels, result);               \
    else                                                                                         \
      input_gradient<false>(gradient, x, of, by_x, by_one, rows, channels, result);              \
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
    const Affine affine(saved[3], saved[4], saved[1], saved[2]);
    const bool has_sum = context->saved_data["has_sum"].toBool();
    const bool has_relu = context->saved_data["relu"].toBool();
    const auto image = [&](const at::Tensor& rows) {
      return from_rows(rows, x.size(0), x.size(2), x.size(3));
    };
    // Behind a sum the mask of the ReLU comes from y, else from x in the passes below.
    const auto rows = rows_of(x);
    const auto g = has_relu && has_sum ? masked(rows_of(gradients[0]), rows_of(saved[5]))
                                       : rows_of(gradients[0]);
    const bool is_masked_by_x = has_relu && !has_sum;
    const auto sums = gradient_sums_of_rows(g, rows, is_masked_by_x, affine).sum(0);
    at::Tensor to_x;
    if (context->needs_input_grad(0))
      to_x = image(input_gradients(g, rows, is_masked_by_x, affine, sums));
    const auto type = saved[1].scalar_type();
    return {to_x,
            (sums[1] * affine.inverse_deviation).to(type),
            sums[0].to(type),
            has_sum ? image(g) : at::Tensor(),
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
                                          bool has_relu, const Affine& affine) {
    const Typed typed(affine, rows.scalar_type());
    return AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "batch_norm_gradient", [&] {
      return sums_of_blocks(rows, [&](int64_t first, int64_t length, double* sum, double* product) {
        gradient_sums_of(pointed<scalar_t>(g, first), pointed<scalar_t>(rows, first), has_relu,
                         typed.pointed<scalar_t>(), length, rows.size(1), sum, product);
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
