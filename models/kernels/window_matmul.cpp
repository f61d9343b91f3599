#include "models/kernels/window_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "models/kernels/frame_matmul.h"
#include "models/kernels/rows.h"
#include "models/kernels/window_plan.h"

namespace kinegraph {
namespace {

/// Partial sums of the matrix' gradient, so that its bits do not depend on the number of threads.
constexpr int64_t kPartialSums = 8;

/// Columns that the products should have at least, lest packing the matrix costs more than they.
constexpr int64_t kColumns = 192;

/// A range of output frames of a clip.
struct Block {
  int64_t clip, first, count;

  int64_t tiles(const FastFilter& filter) const {
    return (count + filter.outputs - 1) / filter.outputs;
  }
};

/// The products of the blocks of one call, with P rows a frame coming in and R going out. Operands
/// of a product have the tiles' channels side by side: (P or R, tiles * C).
template <class Scalar>
class BlockProducts {
 public:
  BlockProducts(const at::Tensor& rows, const at::Tensor& out, int64_t window, int64_t stride)
      : plan_(window, stride),
        frames_(rows.size(1)),
        out_frames_(out.size(1)),
        p_(rows.size(2)),
        r_(out.size(2)),
        c_(rows.size(3)),
        options_(rows.options()) {
    // A multiple of every filter's outputs.
    constexpr int64_t kOutputs = 6;
    const int64_t columns = kOutputs / FastFilter::kMostTaps * c_;
    length_ = kOutputs * ((kColumns + columns - 1) / columns);
  }

  const WindowPlan& plan() const { return plan_; }
  int64_t blocks_of_clip() const { return (out_frames_ + length_ - 1) / length_; }
  Block block(int64_t clip, int64_t index) const {
    const int64_t first = index * length_;
    return {clip, first, std::min(length_, out_frames_ - first)};
  }

  void forward(const Block& block, const at::Tensor& matrices, const Scalar* rows,
               const Scalar* bias, Scalar* out) const {
    for (const auto& group : plan_.groups()) {
      const int64_t columns = block.tiles(*group.filter) * c_;
      auto operand = at::empty({p_, columns}, options_);
      auto products = at::empty({group.filter->points, r_, columns}, options_);
      for (int64_t point = 0; point < group.filter->points; ++point) {
        gather_inputs(block, group, point, rows, operand);
        auto product = products[point];
        at::mm_out(product, matrices[group.first_point + point], operand);
      }
      scatter_outputs(block, group, products, bias, out);
    }
  }

  /// Adds to the gradients of the block's input rows and of the matrices.
  void backward(const Block& block, const at::Tensor& matrices, const Scalar* rows,
                const Scalar* gradient, Scalar* to_rows, at::Tensor& to_matrices) const {
    for (const auto& group : plan_.groups()) {
      const int64_t columns = block.tiles(*group.filter) * c_;
      auto operand = at::empty({p_, columns}, options_);
      auto from_product = at::empty({r_, columns}, options_);
      auto from_inputs = at::empty({group.filter->points, p_, columns}, options_);
      for (int64_t point = 0; point < group.filter->points; ++point) {
        gather_inputs(block, group, point, rows, operand);
        gather_gradient(block, group, point, gradient, from_product);
        to_matrices[group.first_point + point].addmm_(from_product, operand.t());
        auto from_input = from_inputs[point];
        at::mm_out(from_input, matrices[group.first_point + point].t(), from_product);
      }
      scatter_inputs(block, group, from_inputs, to_rows);
    }
  }

 private:
  int64_t input_of(const Block& block, int64_t frame) const {
    return (block.clip * frames_ + frame) * p_ * c_;
  }
  int64_t output_of(const Block& block, int64_t frame) const {
    return (block.clip * out_frames_ + block.first + frame) * r_ * c_;
  }

  void gather_inputs(const Block& block, const TapGroup& group, int64_t point, const Scalar* rows,
                     at::Tensor& operand) const {
    const auto& filter = *group.filter;
    auto* to = operand.data_ptr<Scalar>();
    for (int64_t tile = 0; tile < block.tiles(filter); ++tile) {
      Terms<Scalar> terms;
      for (int64_t i = 0; i < filter.inputs(); ++i) {
        const int64_t frame = plan_.frame(group, block.first + tile * filter.outputs, i);
        if (frame >= 0 && frame < frames_)
          terms.add(rows + input_of(block, frame), c_, filter.from_inputs[point][i]);
      }
      terms.combine_to(to + tile * c_, operand.size(1), p_, c_);
    }
  }

  void scatter_outputs(const Block& block, const TapGroup& group, const at::Tensor& products,
                       const Scalar* bias, Scalar* out) const {
    const auto& filter = *group.filter;
    const auto* from = products.data_ptr<Scalar>();
    const int64_t columns = products.size(2);
    for (int64_t frame = 0; frame < block.count; ++frame) {
      const int64_t tile = frame / filter.outputs;
      auto* to = out + output_of(block, frame);
      Terms<Scalar> terms;
      for (int64_t point = 0; point < filter.points; ++point)
        terms.add(from + point * r_ * columns + tile * c_, columns,
                  filter.to_outputs[frame % filter.outputs][point]);
      if (group.first_point > 0)
        terms.add(to, c_, 1);
      else
        terms.add(bias, 0, 1);
      terms.combine_to(to, c_, r_, c_);
    }
  }

  void gather_gradient(const Block& block, const TapGroup& group, int64_t point,
                       const Scalar* gradient, at::Tensor& from_product) const {
    const auto& filter = *group.filter;
    auto* to = from_product.data_ptr<Scalar>();
    for (int64_t tile = 0; tile < block.tiles(filter); ++tile) {
      const int64_t first = tile * filter.outputs;
      Terms<Scalar> terms;
      for (int64_t i = 0; i < std::min(filter.outputs, block.count - first); ++i)
        terms.add(gradient + output_of(block, first + i), c_, filter.to_outputs[i][point]);
      terms.combine_to(to + tile * c_, from_product.size(1), r_, c_);
    }
  }

  void scatter_inputs(const Block& block, const TapGroup& group, const at::Tensor& from_inputs,
                      Scalar* to_rows) const {
    const auto& filter = *group.filter;
    const auto* from = from_inputs.data_ptr<Scalar>();
    const int64_t columns = from_inputs.size(2);
    for (int64_t tile = 0; tile < block.tiles(filter); ++tile)
      for (int64_t i = 0; i < filter.inputs(); ++i) {
        const int64_t frame = plan_.frame(group, block.first + tile * filter.outputs, i);
        if (frame < 0 || frame >= frames_) continue;
        auto* to = to_rows + input_of(block, frame);
        Terms<Scalar> terms;
        for (int64_t point = 0; point < filter.points; ++point)
          terms.add(from + point * p_ * columns + tile * c_, columns, filter.from_inputs[point][i]);
        terms.add(to, c_, 1);
        terms.combine_to(to, c_, p_, c_);
      }
  }

  WindowPlan plan_;
  int64_t frames_, out_frames_, p_, r_, c_, length_;
  at::TensorOptions options_;
};

class WindowMatmul : public torch::autograd::Function<WindowMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& matrix,
                            const at::Tensor& rows_in, const at::Tensor& bias_in, int64_t window,
                            int64_t stride) {
    const auto rows = rows_in.contiguous(), bias = bias_in.contiguous();
    context->save_for_backward({matrix, rows});
    context->saved_data["window"] = window;
    context->saved_data["stride"] = stride;
    const int64_t n = rows.size(0), out_frames = (rows.size(1) + stride - 1) / stride;
    auto out = at::empty({n, out_frames, matrix.size(0), rows.size(3)}, rows.options());
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "window_matmul", [&] {
      const BlockProducts<scalar_t> products(rows, out, window, stride);
      const auto matrices = products.plan().point_matrices(matrix);
      const int64_t blocks = products.blocks_of_clip();
      at::parallel_for(0, n * blocks, 1, [&](int64_t begin, int64_t end) {
        const at::NoGradGuard no_grad;
        for (int64_t i = begin; i < end; ++i)
          products.forward(products.block(i / blocks, i % blocks), matrices,
                           rows.data_ptr<scalar_t>(), bias.data_ptr<scalar_t>(),
                           out.data_ptr<scalar_t>());
      });
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
    auto to_rows = at::zeros_like(rows);
    at::Tensor to_matrix;
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "window_matmul", [&] {
      const BlockProducts<scalar_t> products(rows, gradient, window, stride);
      to_matrix = products.plan().matrix_gradient(backward_of_clips(
          products, products.plan().point_matrices(matrix), rows, gradient, to_rows));
    });
    return {to_matrix, to_rows, sum_of_rows(gradient.view({-1, gradient.size(3)})), {}, {}};
  }

 private:
  /// Adds to the gradient of the rows and returns that of the matrices.
  template <class Scalar>
  static at::Tensor backward_of_clips(const BlockProducts<Scalar>& products,
                                      const at::Tensor& matrices, const at::Tensor& rows,
                                      const at::Tensor& gradient, at::Tensor& to_rows) {
    const int64_t n = rows.size(0), parts = std::min(n, kPartialSums);
    auto sums = at::zeros({parts, matrices.size(0), matrices.size(1), matrices.size(2)},
                          matrices.options());
    // The windows of a clip overlap, so a clip belongs to one task.
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      for (int64_t part = begin; part < end; ++part) {
        auto sum = sums[part];
        for (int64_t clip = part * n / parts; clip < (part + 1) * n / parts; ++clip)
          for (int64_t i = 0; i < products.blocks_of_clip(); ++i)
            products.backward(products.block(clip, i), matrices, rows.data_ptr<Scalar>(),
                              gradient.data_ptr<Scalar>(), to_rows.data_ptr<Scalar>(), sum);
      }
    });
    return sums.sum(0);
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
  TORCH_CHECK(rows.dim() == 4 && matrix.dim() == 2 && matrix.size(1) == window * rows.size(2),
              "window_matmul: rows ", rows.sizes(), " (N,T,P,C) and a window of ", window,
              " do not fit a matrix ", matrix.sizes());
  if (rows.device().is_cpu()) {
    if (window == 1 && stride == 1) return frame_matmul(matrix, rows) + bias;
    return WindowMatmul::apply(matrix, rows, bias, window, stride);
  }
  return at::matmul(matrix, window_rows(rows, window, stride)) + bias;
}

}  // namespace kinegraph
