#include "models/layers/window_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace kinegraph {
namespace {

/// Partial sums of the matrix' gradient, so that its bits do not depend on the number of threads.
constexpr int64_t kPartialSums = 8;

/// The part of a window that lies inside the clip.
struct Window {
  int64_t first_frame, first_column, frames;

  Window(int64_t index, int64_t window, int64_t stride, int64_t total_frames) {
    const int64_t begin = index * stride - (window - 1) / 2;
    first_frame = std::max<int64_t>(0, begin);
    first_column = first_frame - begin;
    frames = std::min(total_frames, begin + window) - first_frame;
  }
};

class WindowMatmul : public torch::autograd::Function<WindowMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& matrix_in,
                            const at::Tensor& rows_in, int64_t window, int64_t stride) {
    const auto matrix = matrix_in.contiguous(), rows = rows_in.contiguous();
    context->save_for_backward({matrix, rows});
    context->saved_data["window"] = window;
    context->saved_data["stride"] = stride;
    const int64_t n = rows.size(0), t = rows.size(1), p = rows.size(2), c = rows.size(3);
    const int64_t out_frames = (t + stride - 1) / stride;
    auto out = at::empty({n, out_frames, matrix.size(0), c}, rows.options());
    at::parallel_for(0, n * out_frames, 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      for (int64_t i = begin; i < end; ++i) {
        const Window part(i % out_frames, window, stride, t);
        auto to = out[i / out_frames][i % out_frames];
        at::mm_out(to, matrix.narrow(1, part.first_column * p, part.frames * p),
                   rows[i / out_frames]
                       .narrow(0, part.first_frame, part.frames)
                       .view({part.frames * p, c}));
      }
    });
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &matrix = saved[0], &rows = saved[1];
    const int64_t window = context->saved_data["window"].toInt();
    const int64_t stride = context->saved_data["stride"].toInt();
    const auto gradient = gradients[0].contiguous();
    at::Tensor to_matrix, to_rows;
    if (context->needs_input_grad(0))
      to_matrix = matrix_gradient(matrix, rows, gradient, window, stride);
    if (context->needs_input_grad(1))
      to_rows = rows_gradient(matrix, rows, gradient, window, stride);
    return {to_matrix, to_rows, {}, {}};
  }

 private:
  static at::Tensor rows_gradient(const at::Tensor& matrix, const at::Tensor& rows,
                                  const at::Tensor& gradient, int64_t window, int64_t stride) {
    const int64_t n = rows.size(0), t = rows.size(1), p = rows.size(2), c = rows.size(3);
    auto result = at::zeros_like(rows);
    const auto transposed = matrix.t();
    // Windows of a clip overlap, so a clip is one task.
    at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      for (int64_t clip = begin; clip < end; ++clip)
        for (int64_t i = 0; i < gradient.size(1); ++i) {
          const Window part(i, window, stride, t);
          auto to =
              result[clip].narrow(0, part.first_frame, part.frames).view({part.frames * p, c});
          to.addmm_(transposed.narrow(0, part.first_column * p, part.frames * p),
                    gradient[clip][i]);
        }
    });
    return result;
  }

  static at::Tensor matrix_gradient(const at::Tensor& matrix, const at::Tensor& rows,
                                    const at::Tensor& gradient, int64_t window, int64_t stride) {
    const int64_t n = rows.size(0), t = rows.size(1), p = rows.size(2), c = rows.size(3);
    const int64_t parts = std::min(n, kPartialSums);
    auto sums = at::zeros({parts, matrix.size(0), matrix.size(1)}, matrix.options());
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      for (int64_t s = begin; s < end; ++s)
        for (int64_t clip = s * n / parts; clip < (s + 1) * n / parts; ++clip)
          for (int64_t i = 0; i < gradient.size(1); ++i) {
            const Window part(i, window, stride, t);
            auto to = sums[s].narrow(1, part.first_column * p, part.frames * p);
            to.addmm_(
                gradient[clip][i],
                rows[clip].narrow(0, part.first_frame, part.frames).view({part.frames * p, c}).t());
          }
    });
    return sums.sum(0);
  }
};

}  // namespace

at::Tensor window_matmul(const at::Tensor& matrix, const at::Tensor& rows, int64_t window,
                         int64_t stride) {
  TORCH_CHECK(rows.dim() == 4 && matrix.dim() == 2 && matrix.size(1) == window * rows.size(2),
              "window_matmul: rows ", rows.sizes(), " (N,T,P,C) and a window of ", window,
              " do not fit a matrix ", matrix.sizes());
  if (rows.device().is_cpu()) return WindowMatmul::apply(matrix, rows, window, stride);
  const int64_t n = rows.size(0), p = rows.size(2), c = rows.size(3), pad = (window - 1) / 2;
  const auto windows = at::constant_pad_nd(rows, {0, 0, 0, 0, pad, pad})
                           .unfold(1, window, stride)  // (N, T', P, C, window)
                           .permute({0, 1, 4, 2, 3})   // (N, T', window, P, C)
                           .reshape({n, -1, window * p, c});
  return at::matmul(matrix, windows);
}

}  // namespace kinegraph
