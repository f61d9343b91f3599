#include "models/kernels/frame_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "framework/model/cost_meter.h"
#include "models/kernels/divide_up.h"
#include "models/kernels/frame_kernel.h"

namespace kinegraph {
namespace {

constexpr int64_t kFrameBlock = 16;  // frames of one task
constexpr int64_t kClipBlocks = 8;   // partial sums over clips, alike for any number of threads

at::Tensor with_adjacent_channels(const at::Tensor& rows) {
  return rows.stride(3) == 1 || rows.size(3) == 1 ? rows : rows.contiguous();
}

template <class Scalar>
FrameRows<const Scalar> frame_rows_of(const at::Tensor& rows, int64_t clip, int64_t frame) {
  return {rows.data_ptr<Scalar>() + clip * rows.stride(0) + frame * rows.stride(1), rows.stride(1),
          rows.stride(2)};
}

at::Tensor mixed(const at::Tensor& matrix, const at::Tensor& rows_in) {
  const auto rows = with_adjacent_channels(rows_in);
  const int64_t n = rows.size(0), t = rows.size(1), p = rows.size(2), c = rows.size(3);
  const int64_t m = matrix.size(-2), blocks = divide_up(t, kFrameBlock);
  const int64_t clip_stride = matrix.dim() == 3 ? matrix.stride(0) : 0;
  auto out = at::empty({n, t, m, c}, rows.options());
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "frame_matmul", [&] {
    const auto* values = matrix.data_ptr<scalar_t>();
    auto* to = out.data_ptr<scalar_t>();
    at::parallel_for(0, n * blocks, 1, [&](int64_t begin, int64_t end) {
      std::vector<scalar_t> tiled;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t clip = i / blocks, frame = i % blocks * kFrameBlock;
        if (i == begin || (clip_stride != 0 && frame == 0))
          tiled =
              tile_matrix(values + clip * clip_stride, m, p, matrix.stride(-2), matrix.stride(-1));
        mix_frames<scalar_t>({std::min(kFrameBlock, t - frame), m, p, c}, tiled,
                             frame_rows_of<scalar_t>(rows, clip, frame),
                             {to + (clip * t + frame) * m * c, m * c, c});
      }
    });
  });
  return out;
}

/// (N, M, P), or (M, P) as the sum over clips.
at::Tensor products(const at::Tensor& a_in, const at::Tensor& b_in, bool is_summed) {
  const auto a = with_adjacent_channels(a_in), b = with_adjacent_channels(b_in);
  const int64_t n = a.size(0), t = a.size(1), m = a.size(2), p = b.size(2), c = a.size(3);
  const int64_t parts = is_summed ? std::min(n, kClipBlocks) : n;
  auto sums = at::zeros({parts, m, p}, a.options().dtype(at::kDouble));
  AT_DISPATCH_FLOATING_TYPES(a.scalar_type(), "frame_products", [&] {
    auto* to = sums.data_ptr<double>();
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      RowProducts<scalar_t> products(m, p);
      for (int64_t part = begin; part < end; ++part) {
        for (int64_t clip = part * n / parts; clip < (part + 1) * n / parts; ++clip)
          products.add({t, m, p, c}, frame_rows_of<scalar_t>(a, clip, 0),
                       frame_rows_of<scalar_t>(b, clip, 0));
        products.move_to(to + part * m * p);
      }
    });
  });
  return (is_summed ? sums.sum(0) : sums).to(a.scalar_type());
}

class FrameMatmul : public torch::autograd::Function<FrameMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& matrix,
                            const at::Tensor& rows) {
    context->save_for_backward({matrix, rows});
    return mixed(matrix, rows);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &matrix = saved[0], &rows = saved[1];
    at::Tensor to_matrix, to_rows;
    if (context->needs_input_grad(0)) to_matrix = products(grads[0], rows, matrix.dim() == 2);
    if (context->needs_input_grad(1)) to_rows = mixed(matrix.transpose(-1, -2), grads[0]);
    return {to_matrix, to_rows};
  }
};

class FrameProducts : public torch::autograd::Function<FrameProducts> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& a,
                            const at::Tensor& b) {
    context->save_for_backward({a, b});
    return products(a, b, /*is_summed=*/false);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = context->get_saved_variables();
    at::Tensor to_a, to_b;
    if (context->needs_input_grad(0)) to_a = mixed(grads[0], saved[1]);
    if (context->needs_input_grad(1)) to_b = mixed(grads[0].transpose(1, 2), saved[0]);
    return {to_a, to_b};
  }
};

}  // namespace

at::Tensor frame_matmul(const at::Tensor& matrix, const at::Tensor& rows) {
  TORCH_CHECK(
      rows.dim() == 4 && (matrix.dim() == 2 || matrix.dim() == 3) &&
          matrix.size(-1) == rows.size(2) && (matrix.dim() == 2 || matrix.size(0) == rows.size(0)),
      "frame_matmul: rows ", rows.sizes(), " (N,T,P,C) do not fit a matrix ", matrix.sizes());
  if (rows.device().is_cpu()) {
    count_executed_macs(rows.numel() * matrix.size(-2));
    return FrameMatmul::apply(matrix, rows);
  }
  return at::matmul(matrix.dim() == 3 ? matrix.unsqueeze(1) : matrix, rows);
}

at::Tensor frame_products(const at::Tensor& a, const at::Tensor& b) {
  TORCH_CHECK(a.dim() == 4 && b.dim() == 4 && a.size(0) == b.size(0) && a.size(1) == b.size(1) &&
                  a.size(3) == b.size(3),
              "frame_products: ", a.sizes(), " and ", b.sizes(), " are not (N,T,M,C), (N,T,P,C)");
  if (a.device().is_cpu()) {
    count_executed_macs(a.numel() * b.size(2));
    return FrameProducts::apply(a, b);
  }
  return at::einsum("ntmc,ntpc->nmp", {a, b});
}

}  // namespace kinegraph
