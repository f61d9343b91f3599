#include "models/layers/norm_kernel.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "models/layers/multiversion.h"

namespace kinegraph {
namespace {

#define KINEGRAPH_INLINE inline __attribute__((always_inline))

/// Sums of single precision run over this many rows at most, then go on in double precision.
constexpr int64_t kRowsOfBlock = 64;
/// Channels whose sums stay in registers.
constexpr int64_t kTile = 32;

/// Calls tile(first, count) for ranges of channels; `count` is the constant kTile but at the end.
template <class Tile>
KINEGRAPH_INLINE void for_tiles(int64_t channels, const Tile& tile) {
  int64_t c = 0;
  for (; c + kTile <= channels; c += kTile) tile(c, std::integral_constant<int64_t, kTile>());
  if (c < channels) tile(c, channels - c);
}

/// Sums and, around their own mean, squares of a block.
template <class Scalar>
KINEGRAPH_INLINE void moments(const Scalar* x, int64_t step, int64_t rows, int64_t channels,
                              Scalar* mean, Scalar* squares) {
  for_tiles(channels, [&](int64_t first, auto count) {
    Scalar sum[kTile] = {}, square[kTile] = {};
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < count; ++c) sum[c] += x[r * step + first + c];
    for (int64_t c = 0; c < count; ++c) sum[c] /= static_cast<Scalar>(rows);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < count; ++c) {
        const Scalar distance = x[r * step + first + c] - sum[c];
        square[c] += distance * distance;
      }
    for (int64_t c = 0; c < count; ++c) mean[first + c] = sum[c];
    for (int64_t c = 0; c < count; ++c) squares[first + c] = square[c];
  });
}

template <class Scalar>
KINEGRAPH_INLINE void sums(const Scalar* x, int64_t step, int64_t rows, int64_t channels,
                           Scalar* to) {
  for_tiles(channels, [&](int64_t first, auto count) {
    Scalar sum[kTile] = {};
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < count; ++c) sum[c] += x[r * step + first + c];
    for (int64_t c = 0; c < count; ++c) to[first + c] = sum[c];
  });
}

template <class Scalar>
KINEGRAPH_INLINE void scale(const Scalar* x, int64_t step, int64_t rows, int64_t channels,
                            const Scalar* factor, const Scalar* shift, const Scalar* add, bool relu,
                            Scalar* y) {
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar* from = x + r * step;
    const Scalar* more = add == nullptr ? nullptr : add + r * channels;
    Scalar* to = y + r * channels;
    if (more != nullptr && relu) {
      for (int64_t c = 0; c < channels; ++c) {
        const Scalar sum = from[c] * factor[c] + shift[c] + more[c];
        to[c] = sum < 0 ? Scalar(0) : sum;  // lets NaN through
      }
    } else if (more != nullptr) {
      for (int64_t c = 0; c < channels; ++c) to[c] = from[c] * factor[c] + shift[c] + more[c];
    } else if (relu) {
      for (int64_t c = 0; c < channels; ++c) {
        const Scalar sum = from[c] * factor[c] + shift[c];
        to[c] = sum < 0 ? Scalar(0) : sum;  // lets NaN through
      }
    } else {
      for (int64_t c = 0; c < channels; ++c) to[c] = from[c] * factor[c] + shift[c];
    }
  }
}

/// Of one block: g = gradient where y > 0; sums of g and of g * (x - mean).
template <class Scalar>
KINEGRAPH_INLINE void gradient_sums(const Scalar* gradient, int64_t gradient_step, const Scalar* x,
                                    int64_t step, const Scalar* y, int64_t rows, int64_t channels,
                                    const Scalar* mean, Scalar* to_sum, Scalar* to_product) {
  for_tiles(channels, [&](int64_t first, auto count) {
    Scalar sum[kTile] = {}, product[kTile] = {};
    for (int64_t r = 0; r < rows; ++r) {
      const Scalar* g = gradient + r * gradient_step + first;
      const Scalar* from = x + r * step + first;
      if (y != nullptr) {
        const Scalar* result = y + r * channels + first;
        for (int64_t c = 0; c < count; ++c) {
          const Scalar passed = result[c] <= 0 ? Scalar(0) : g[c];
          sum[c] += passed;
          product[c] += passed * (from[c] - mean[first + c]);
        }
      } else {
        for (int64_t c = 0; c < count; ++c) {
          sum[c] += g[c];
          product[c] += g[c] * (from[c] - mean[first + c]);
        }
      }
    }
    for (int64_t c = 0; c < count; ++c) to_sum[first + c] = sum[c];
    for (int64_t c = 0; c < count; ++c) to_product[first + c] = product[c];
  });
}

/// to = slope * g + bend * (x - mean) + shift; also_g = g when it is there.
template <class Scalar>
KINEGRAPH_INLINE void input_gradient(const Scalar* gradient, int64_t gradient_step, const Scalar* x,
                                     int64_t step, const Scalar* y, int64_t rows, int64_t channels,
                                     const Scalar* mean, const Scalar* slope, const Scalar* bend,
                                     const Scalar* shift, Scalar* to, Scalar* also_g) {
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar* g = gradient + r * gradient_step;
    const Scalar* from = x + r * step;
    const Scalar* result = y == nullptr ? nullptr : y + r * channels;
    Scalar* out = to + r * channels;
    Scalar* copy = also_g == nullptr ? nullptr : also_g + r * channels;
    if (result == nullptr) {
      for (int64_t c = 0; c < channels; ++c)
        out[c] = slope[c] * g[c] + bend[c] * (from[c] - mean[c]) + shift[c];
    } else if (copy == nullptr) {
      for (int64_t c = 0; c < channels; ++c) {
        const Scalar passed = result[c] <= 0 ? Scalar(0) : g[c];
        out[c] = slope[c] * passed + bend[c] * (from[c] - mean[c]) + shift[c];
      }
    } else {
      for (int64_t c = 0; c < channels; ++c) {
        const Scalar passed = result[c] <= 0 ? Scalar(0) : g[c];
        copy[c] = passed;
        out[c] = slope[c] * passed + bend[c] * (from[c] - mean[c]) + shift[c];
      }
    }
  }
}

#define KINEGRAPH_KERNELS(Scalar)                                                                 \
  KINEGRAPH_MULTIVERSION void moments_block(const Scalar* x, int64_t step, int64_t rows,          \
                                            int64_t channels, Scalar* mean, Scalar* squares) {    \
    moments(x, step, rows, channels, mean, squares);                                              \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void sums_block(const Scalar* x, int64_t step, int64_t rows,             \
                                         int64_t channels, Scalar* to) {                          \
    sums(x, step, rows, channels, to);                                                            \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void scale_block(                                                        \
      const Scalar* x, int64_t step, int64_t rows, int64_t channels, const Scalar* factor,        \
      const Scalar* shift, const Scalar* add, bool relu, Scalar* y) {                             \
    scale(x, step, rows, channels, factor, shift, add, relu, y);                                  \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void gradient_sums_block(                                                \
      const Scalar* gradient, int64_t gradient_step, const Scalar* x, int64_t step,               \
      const Scalar* y, int64_t rows, int64_t channels, const Scalar* mean, Scalar* to_sum,        \
      Scalar* to_product) {                                                                       \
    gradient_sums(gradient, gradient_step, x, step, y, rows, channels, mean, to_sum, to_product); \
  }                                                                                               \
  KINEGRAPH_MULTIVERSION void input_gradient_block(                                               \
      const Scalar* gradient, int64_t gradient_step, const Scalar* x, int64_t step,               \
      const Scalar* y, int64_t rows, int64_t channels, const Scalar* mean, const Scalar* slope,   \
      const Scalar* bend, const Scalar* shift, Scalar* to, Scalar* also_g) {                      \
    input_gradient(gradient, gradient_step, x, step, y, rows, channels, mean, slope, bend, shift, \
                   to, also_g);                                                                   \
  }
KINEGRAPH_KERNELS(float)
KINEGRAPH_KERNELS(double)

/// Calls body(block, first row, rows) for each block; a thread takes a few at a time.
template <class Body>
void for_blocks(int64_t rows, const Body& body) {
  const int64_t blocks = (rows + kRowsOfBlock - 1) / kRowsOfBlock;
  at::parallel_for(0, blocks, 16, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      body(block, block * kRowsOfBlock, std::min(kRowsOfBlock, rows - block * kRowsOfBlock));
  });
}

int64_t block_count(const at::Tensor& rows) {
  return (rows.size(0) + kRowsOfBlock - 1) / kRowsOfBlock;
}

/// Sums the blocks' rows of `parts` (blocks, C), in order.
template <class Scalar>
void add_up(const std::vector<Scalar>& parts, int64_t channels, double* to) {
  std::fill(to, to + channels, 0.0);
  for (size_t i = 0; i < parts.size(); i += static_cast<size_t>(channels))
    for (int64_t c = 0; c < channels; ++c) to[c] += parts[i + static_cast<size_t>(c)];
}

void require_rows(const at::Tensor& rows) {
  TORCH_CHECK(rows.dim() == 2 && rows.size(0) > 0 && rows.size(1) > 0 && rows.stride(1) == 1,
              "norm kernel: ", rows.sizes(), " with strides ", rows.strides(),
              " is not rows of channels");
}

}  // namespace

at::Tensor column_sums(const at::Tensor& rows) {
  require_rows(rows);
  const int64_t channels = rows.size(1);
  auto result = at::empty({channels}, rows.options().dtype(at::kDouble));
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "column_sums", [&] {
    std::vector<scalar_t> parts(static_cast<size_t>(block_count(rows) * channels));
    const auto* x = rows.data_ptr<scalar_t>();
    for_blocks(rows.size(0), [&](int64_t block, int64_t first, int64_t count) {
      sums_block(x + first * rows.stride(0), rows.stride(0), count, channels,
                 parts.data() + block * channels);
    });
    add_up(parts, channels, result.data_ptr<double>());
  });
  return result.to(rows.scalar_type());
}

Moments moments_of(const at::Tensor& rows) {
  require_rows(rows);
  const int64_t channels = rows.size(1), total = rows.size(0);
  auto mean = at::zeros({channels}, rows.options().dtype(at::kDouble));
  auto squares = at::zeros_like(mean);
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "moments_of", [&] {
    const auto size = static_cast<size_t>(block_count(rows) * channels);
    std::vector<scalar_t> means(size), parts(size);
    const auto* x = rows.data_ptr<scalar_t>();
    for_blocks(total, [&](int64_t block, int64_t first, int64_t count) {
      moments_block(x + first * rows.stride(0), rows.stride(0), count, channels,
                    means.data() + block * channels, parts.data() + block * channels);
    });
    // Joining two sets of values: Chan, Golub & LeVeque 1983.
    auto* m = mean.data_ptr<double>();
    auto* s = squares.data_ptr<double>();
    for (int64_t block = 0; block < block_count(rows); ++block) {
      const int64_t before = block * kRowsOfBlock;
      const auto count = static_cast<double>(std::min(kRowsOfBlock, total - before));
      const double share = count / (static_cast<double>(before) + count);
      for (int64_t c = 0; c < channels; ++c) {
        const auto i = static_cast<size_t>(block * channels + c);
        const double step = means[i] - m[c];
        m[c] += step * share;
        s[c] += parts[i] + step * step * static_cast<double>(before) * share;
      }
    }
  });
  return {mean, squares / static_cast<double>(total)};
}

at::Tensor scale_rows(const at::Tensor& rows, const at::Tensor& scale, const at::Tensor& shift,
                      const at::Tensor& add, bool relu) {
  require_rows(rows);
  const int64_t channels = rows.size(1);
  auto result = at::empty({rows.size(0), channels}, rows.options());
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "scale_rows", [&] {
    const auto* more = add.defined() ? add.data_ptr<scalar_t>() : nullptr;
    for_blocks(rows.size(0), [&](int64_t, int64_t first, int64_t count) {
      scale_block(rows.data_ptr<scalar_t>() + first * rows.stride(0), rows.stride(0), count,
                  channels, scale.data_ptr<scalar_t>(), shift.data_ptr<scalar_t>(),
                  more == nullptr ? nullptr : more + first * channels, relu,
                  result.data_ptr<scalar_t>() + first * channels);
    });
  });
  return result;
}

NormGradients norm_gradients(const at::Tensor& gradient, const at::Tensor& rows,
                             const at::Tensor& result, const at::Tensor& weight,
                             const at::Tensor& mean, const at::Tensor& inverse_std,
                             bool needs_add) {
  require_rows(rows);
  require_rows(gradient);
  const int64_t channels = rows.size(1), step = rows.stride(0), g_step = gradient.stride(0);
  const auto type = rows.scalar_type();
  const auto centre = mean.to(type);
  auto sum = at::empty({channels}, mean.options()), product = at::empty_like(sum);
  NormGradients to;
  to.rows = at::empty({rows.size(0), channels}, rows.options());
  if (needs_add) to.add = result.defined() ? at::empty_like(to.rows) : gradient;
  AT_DISPATCH_FLOATING_TYPES(type, "norm_gradients", [&] {
    const auto* g = gradient.data_ptr<scalar_t>();
    const auto* x = rows.data_ptr<scalar_t>();
    const auto* y = result.defined() ? result.data_ptr<scalar_t>() : nullptr;
    auto* copy = needs_add && result.defined() ? to.add.data_ptr<scalar_t>() : nullptr;
    const auto size = static_cast<size_t>(block_count(rows) * channels);
    std::vector<scalar_t> sums(size), products(size);
    for_blocks(rows.size(0), [&](int64_t block, int64_t first, int64_t count) {
      gradient_sums_block(g + first * g_step, g_step, x + first * step, step,
                          y == nullptr ? nullptr : y + first * channels, count, channels,
                          centre.data_ptr<scalar_t>(), sums.data() + block * channels,
                          products.data() + block * channels);
    });
    add_up(sums, channels, sum.data_ptr<double>());
    add_up(products, channels, product.data_ptr<double>());
    const auto total = static_cast<double>(rows.size(0));
    const auto slope = weight.to(at::kDouble) * inverse_std;
    const auto bend = (-slope * inverse_std * inverse_std * product / total).to(type);
    const auto shift = (-slope * sum / total).to(type);
    const auto factor = slope.to(type);
    for_blocks(rows.size(0), [&](int64_t, int64_t first, int64_t count) {
      input_gradient_block(g + first * g_step, g_step, x + first * step, step,
                           y == nullptr ? nullptr : y + first * channels, count, channels,
                           centre.data_ptr<scalar_t>(), factor.data_ptr<scalar_t>(),
                           bend.data_ptr<scalar_t>(), shift.data_ptr<scalar_t>(),
                           to.rows.data_ptr<scalar_t>() + first * channels,
                           copy == nullptr ? nullptr : copy + first * channels);
    });
  });
  to.weight = (product * inverse_std).to(weight.scalar_type());
  to.bias = sum.to(weight.scalar_type());
  return to;
}

}  // namespace kinegraph
