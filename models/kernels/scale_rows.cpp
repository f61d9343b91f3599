#include "models/kernels/scale_rows.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

constexpr int64_t kRowsOfTask = 1024;

template <class Scalar>
KINEGRAPH_INLINE void scale(const Scalar* __restrict x, int64_t step, int64_t rows,
                            int64_t channels, const Scalar* __restrict factor,
                            const Scalar* __restrict shift, const Scalar* __restrict add, bool relu,
                            Scalar* __restrict y) {
  for (int64_t r = 0; r < rows; ++r) {
    const Scalar* __restrict from = x + r * step;
    const Scalar* __restrict more = add == nullptr ? nullptr : add + r * channels;
    Scalar* __restrict to = y + r * channels;
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

KINEGRAPH_MULTIVERSION void scale_block(const float* x, int64_t step, int64_t rows,
                                        int64_t channels, const float* factor, const float* shift,
                                        const float* add, bool relu, float* y) {
  scale(x, step, rows, channels, factor, shift, add, relu, y);
}
KINEGRAPH_MULTIVERSION void scale_block(const double* x, int64_t step, int64_t rows,
                                        int64_t channels, const double* factor, const double* shift,
                                        const double* add, bool relu, double* y) {
  scale(x, step, rows, channels, factor, shift, add, relu, y);
}

}  // namespace

at::Tensor scale_rows(const at::Tensor& rows, const at::Tensor& scale, const at::Tensor& shift,
                      const at::Tensor& add, bool relu) {
  TORCH_CHECK(rows.dim() == 2 && rows.stride(1) == 1, "scale_rows: ", rows.sizes(),
              " with strides ", rows.strides(), " is not rows of channels");
  TORCH_CHECK(!add.defined() || add.sizes() == rows.sizes(), "scale_rows: an addend of ",
              add.sizes(), " for rows ", rows.sizes());
  const int64_t channels = rows.size(1);
  auto result = at::empty({rows.size(0), channels}, rows.options());
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "scale_rows", [&] {
    const auto* more = add.defined() ? add.data_ptr<scalar_t>() : nullptr;
    at::parallel_for(0, rows.size(0), kRowsOfTask, [&](int64_t first, int64_t last) {
      const int64_t count = last - first;
      scale_block(rows.data_ptr<scalar_t>() + first * rows.stride(0), rows.stride(0), count,
                  channels, scale.data_ptr<scalar_t>(), shift.data_ptr<scalar_t>(),
                  more == nullptr ? nullptr : more + first * channels, relu,
                  result.data_ptr<scalar_t>() + first * channels);
    });
  });
  return result;
}

}  // namespace kinegraph
