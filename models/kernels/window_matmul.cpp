#include "models/kernels/window_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "framework/model/cost_meter.h"
#include "models/kernels/frame_matmul.h"
#include "models/kernels/frame_tiles.h"
#include "models/kernels/row_product.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

/// Partial sums of the matrix' gradient, so that its bits do not depend on the number of threads.
constexpr int64_t kPartialSums = 8;

/// Channels that a thread takes at once: fewer cost more time than the cache saves.
constexpr int64_t kMostColumns = 192;

/// taps: (window, R, P), dense. The points of the chosen taps, (points, R, P).
template <class Scalar>
at::Tensor points_of_taps(const at::Tensor& taps, const std::vector<int64_t>& chosen) {
  const auto sizes = tile_sizes(static_cast<int64_t>(chosen.size()));
  const int64_t size = taps[0].numel(), row = full_lanes<Scalar>(size);
  const auto points = at::empty({sizes.points, row}, taps.options());
  const auto zeros = at::zeros_like(taps[0]);
  points_from_taps<Scalar>(sizes, {1, size, size, row},
                           tap_pointers<const Scalar>(taps, chosen, zeros).data(),
                           points.data_ptr<Scalar>(), row);
  return points.narrow(1, 0, size).contiguous().view({sizes.points, taps.size(1), taps.size(2)});
}

/// A filter with stride 1 whose taps are matrices (R, P): frames of R rows from frames of P rows.
template <class Scalar>
class WindowPass {
 public:
  explicit WindowPass(const FrameTiles<Scalar>& tiles) : tiles_(tiles) {}

  /// matrices: of points_of_taps()
  void run(const at::Tensor& matrices, const TileEnding<Scalar>& ending) const {
    const int64_t panels = divide_up(to_.channels, kMostColumns);
    const int64_t panel = full_lanes<Scalar>(divide_up(to_.channels, panels));
    at::parallel_for(0, tiles_.count() * panels, 1, [&](int64_t begin, int64_t end) {
      const Scratch<Scalar> points(tiles_.registers(from_.rows * panel)),
          products(tiles_.registers(to_.rows * panel));
      const std::vector<Scalar> outside(from_.size_of_frame());
      std::vector<Scalar> unused(to_.size_of_frame());
      for (int64_t i = begin; i < end; ++i) {
        const int64_t c = i % panels * panel, channels = std::min(panel, to_.channels - c);
        make_points(i / panels, c, channels, panel, outside.data(), points.data);
        multiply(matrices, full_lanes<Scalar>(channels), panel, points.data, products.data);
        auto ending_here = ending;
        if (ending.bias) ending_here.bias += c;
        outputs_from_points<Scalar>(sizes_, {to_.rows, channels, to_.channels, panel},
                                    products.data, to_.rows * panel, ending_here,
                                    tiles_.outputs(i / panels, c, unused.data()).data());
      }
    });
    count_executed_macs(sizes_.points * tiles_.count() * from_.rows * to_.rows * to_.channels);
  }

  /// Adds the gradient of the matrices by clips [begin, end) to sums, (points, R, P), where `to`
  /// holds the gradient of the output.
  void add_matrix_gradient(int64_t begin, int64_t end, const at::Tensor& sums) const {
    const int64_t row = full_lanes<Scalar>(to_.channels);
    const at::Tensor inputs = at::empty({sizes_.points, from_.rows, row}, sums.options());
    const at::Tensor outputs = at::empty({sizes_.points, to_.rows, row}, sums.options());
    const auto sums_of_points = sums.unbind(), outputs_of_points = outputs.unbind(),
               inputs_of_points = inputs.transpose(1, 2).unbind();
    const std::vector<Scalar> outside(std::max(from_.size_of_frame(), to_.size_of_frame()));
    for (int64_t tile = begin * tiles_.count_of_clip(); tile < end * tiles_.count_of_clip();
         ++tile) {
      make_points(tile, 0, to_.channels, row, outside.data(), inputs.data_ptr<Scalar>());
      points_from_outputs<Scalar>(
          sizes_, {to_.rows, to_.channels, to_.channels, row},
          tiles_.outputs(tile, 0, static_cast<const Scalar*>(outside.data())).data(),
          outputs.data_ptr<Scalar>(), to_.rows * row);
      for (size_t p = 0; p < sums_of_points.size(); ++p)
        sums_of_points[p].addmm_(outputs_of_points[p], inputs_of_points[p]);
    }
  }

 private:
  /// (points, P, row) of `channels` channels from c on.
  void make_points(int64_t tile, int64_t c, int64_t channels, int64_t row, const Scalar* outside,
                   Scalar* points) const {
    points_from_inputs<Scalar>(sizes_, {from_.rows, channels, from_.channels, row},
                               tiles_.inputs(tile, c, outside).data(), points, from_.rows * row);
  }

  void multiply(const at::Tensor& matrices, int64_t columns, int64_t panel, const Scalar* points,
                Scalar* products) const {
    const auto* matrix = matrices.data_ptr<Scalar>();
    for (int64_t p = 0; p < sizes_.points; ++p)
      multiply_rows<Scalar>({to_.rows, from_.rows, columns},
                            {matrix + p * to_.rows * from_.rows, from_.rows, 1},
                            {points + p * from_.rows * panel, panel, 1},
                            {products + p * to_.rows * panel, panel, 1}, /*is_added=*/false);
  }

  const FrameTiles<Scalar> tiles_;
  const TileSizes& sizes_ = tiles_.sizes;
  const FrameSequence<const Scalar>& from_ = tiles_.from;
  const FrameSequence<Scalar>& to_ = tiles_.to;
};

/// matrix: (R, window * P) -> (window, R, P), dense.
at::Tensor taps_of(const at::Tensor& matrix, int64_t window) {
  return matrix.reshape({matrix.size(0), window, -1}).transpose(0, 1).contiguous();
}

/// rows: (N, T, P, C), dense; bias: (C), dense. Returns (N, ceil(T / stride), R, C), with ReLU if
/// `has_relu`.
template <class Scalar>
at::Tensor product(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& bias,
                   int64_t window, int64_t stride, bool has_relu) {
  const auto taps = taps_of(matrix, window);
  auto out =
      at::empty({rows.size(0), divide_up(rows.size(1), stride), matrix.size(0), rows.size(3)},
                rows.options());
  const auto sequences = tap_sequences(window, stride);
  for (size_t i = 0; i < sequences.size(); ++i)
    WindowPass<Scalar>({tile_sizes(sequences[i].count), sequences[i].offset,
                        FrameSequence<const Scalar>::of(rows, sequences[i].phase, stride),
                        FrameSequence<Scalar>::of(out, 0, 1)})
        .run(points_of_taps<Scalar>(taps, sequences[i].taps()),
             {i == 0 ? bias.data_ptr<Scalar>() : nullptr, /*is_added=*/i > 0,
              has_relu && i + 1 == sequences.size()});
  return out;
}

/// The gradient of rows (N, T, P, C) from that of the output, (N, ceil(T / stride), R, C).
template <class Scalar>
at::Tensor rows_gradient(const at::Tensor& gradient, const at::Tensor& matrix, int64_t frames,
                         int64_t window, int64_t stride) {
  const auto taps = taps_of(matrix, window).transpose(1, 2).contiguous();
  const std::vector<int64_t> sizes{gradient.size(0), frames, taps.size(1), gradient.size(3)};
  // A window that is narrower than the stride leaves frames out.
  auto to =
      window < stride ? at::zeros(sizes, gradient.options()) : at::empty(sizes, gradient.options());
  for (const auto& sequence : tap_sequences(window, stride))
    WindowPass<Scalar>({tile_sizes(sequence.count), sequence.reversed_offset(),
                        FrameSequence<const Scalar>::of(gradient, 0, 1),
                        FrameSequence<Scalar>::of(to, sequence.phase, stride)})
        .run(points_of_taps<Scalar>(taps, sequence.reversed_taps()),
             {nullptr, /*is_added=*/!sequence.is_first_of_phase, /*has_relu=*/false});
  return to;
}

/// Of (R, window * P).
template <class Scalar>
at::Tensor matrix_gradient(const at::Tensor& rows, const at::Tensor& gradient, int64_t window,
                           int64_t stride) {
  const int64_t n = rows.size(0), p = rows.size(2), r = gradient.size(2);
  const int64_t parts = std::min(n, kPartialSums), size = r * p;
  const auto taps = at::empty({window, r, p}, rows.options()), unused = at::empty_like(taps[0]);
  for (const auto& sequence : tap_sequences(window, stride)) {
    const auto sizes = tile_sizes(sequence.count);
    const WindowPass<Scalar> pass({sizes, sequence.offset,
                                   FrameSequence<const Scalar>::of(rows, sequence.phase, stride),
                                   FrameSequence<Scalar>::of(gradient, 0, 1)});
    const auto sums = at::zeros({parts, sizes.points, r, p}, rows.options());
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      for (int64_t part = begin; part < end; ++part)
        pass.add_matrix_gradient(part * n / parts, (part + 1) * n / parts, sums[part]);
    });
    const at::Tensor sum = at::constant_pad_nd(sums.sum(0).view({sizes.points, size}),
                                               {0, full_lanes<Scalar>(size) - size});
    taps_from_points<Scalar>(sizes, {1, size, size, sum.size(1)}, sum.data_ptr<Scalar>(),
                             sum.size(1),
                             tap_pointers<Scalar>(taps, sequence.taps(), unused).data());
  }
  return taps.transpose(0, 1).reshape({r, window * p});
}

void check_window(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& bias,
                  int64_t window) {
  TORCH_CHECK(rows.dim() == 4 && matrix.dim() == 2 && matrix.size(1) == window * rows.size(2) &&
                  bias.numel() == rows.size(3),
              "window_matmul: rows ", rows.sizes(), " (N,T,P,C) and a window of ", window,
              " do not fit a matrix ", matrix.sizes(), " and a bias ", bias.sizes());
}

class WindowMatmul : public torch::autograd::Function<WindowMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& matrix,
                            const at::Tensor& rows_in, const at::Tensor& bias, int64_t window,
                            int64_t stride) {
    const auto rows = rows_in.contiguous();
    context->save_for_backward({rows, matrix});
    context->saved_data["window"] = window;
    context->saved_data["frames"] = rows.size(1);
    context->saved_data["stride"] = stride;
    at::Tensor out;
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "window_matmul", [&] {
      out = product<scalar_t>(matrix, rows, bias.contiguous(), window, stride,
                              /*has_relu=*/false);
    });
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &rows = saved[0], &matrix = saved[1];
    const int64_t window = context->saved_data["window"].toInt();
    const int64_t stride = context->saved_data["stride"].toInt();
    const auto gradient = gradients[0].contiguous();
    at::Tensor to_matrix, to_rows;
    AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "window_matmul_backward", [&] {
      if (context->needs_input_grad(0))
        to_matrix = matrix_gradient<scalar_t>(rows, gradient, window, stride);
      if (context->needs_input_grad(1))
        to_rows = rows_gradient<scalar_t>(gradient, matrix, context->saved_data["frames"].toInt(),
                                          window, stride);
    });
    return {to_matrix, to_rows, sum_of_rows(gradient.view({-1, gradient.size(3)})), {}, {}};
  }
};

}  // namespace

at::Tensor window_rows(const at::Tensor& rows, int64_t window, int64_t stride) {
  const int64_t n = rows.size(0), p = rows.size(2), c = rows.size(3), pad = (window - 1) / 2;
  return at::constant_pad_nd(rows, {0, 0, 0, 0, pad, pad})
      .unfold(1, window, stride)  // (N, T', P, C, window)
      .permute({0, 1, 4, 2, 3})   // (N, T', window, P, C)
      .reshape({n, -1, window * p, c});
}

at::Tensor window_matmul(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& bias,
                         int64_t window, int64_t stride) {
  check_window(matrix, rows, bias, window);
  if (rows.device().is_cpu()) {
    if (window == 1 && stride == 1) return frame_matmul(matrix, rows) + bias;
    return WindowMatmul::apply(matrix, rows, bias, window, stride);
  }
  return at::matmul(matrix, window_rows(rows, window, stride)) + bias;
}

at::Tensor window_matmul_relu(const at::Tensor& matrix, const at::Tensor& rows,
                              const at::Tensor& bias, int64_t window, int64_t stride) {
  check_window(matrix, rows, bias, window);
  if (!rows.device().is_cpu()) return window_matmul(matrix, rows, bias, window, stride).relu_();
  at::Tensor out;
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "window_matmul_relu", [&] {
    out = product<scalar_t>(matrix, rows.contiguous(), bias.contiguous(), window, stride,
                            /*has_relu=*/true);
  });
  return out;
}

}  // namespace kinegraph
