#include "models/kernels/graph_conv_kernel.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <type_traits>

#include "models/kernels/divide_up.h"
#include "models/kernels/frame_kernel.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kPartFrames = 8;  // frames whose gathered channels are in the cache at once
constexpr int64_t kClipParts = 8;   // partial sums over clips, alike for any number of threads

struct MixSizes {
  int64_t clips, frames, joints, channels, gathered, out_channels;

  MixSizes(const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& weight)
      : clips(rows.size(0)),
        frames(rows.size(1)),
        joints(rows.size(2)),
        channels(rows.size(3)),
        gathered(matrix.size(-2)),
        out_channels(weight.size(0)) {}

  int64_t parts() const { return divide_up(frames, kPartFrames); }
  int64_t frames_of(int64_t part) const {
    return std::min(kPartFrames, frames - part * kPartFrames);
  }
  FrameShape gather(int64_t part) const { return {frames_of(part), gathered, joints, channels}; }
  FrameShape scatter(int64_t part) const { return {frames_of(part), joints, gathered, channels}; }
};

/// Frames of a part of a clip as (frames * joints, channels) of a contiguous (N, T, V, C).
at::Tensor part_of(const at::Tensor& rows, const MixSizes& sizes, int64_t clip, int64_t part) {
  return rows[clip]
      .narrow(0, part * kPartFrames, sizes.frames_of(part))
      .view({sizes.frames_of(part) * sizes.joints, rows.size(3)});
}

/// The frames of contiguous rows, `count` a frame. Pointed: Scalar or const Scalar.
template <class Pointed>
FrameRows<Pointed> pointers_to(const at::Tensor& rows, int64_t count, int64_t channels) {
  return {rows.data_ptr<std::remove_const_t<Pointed>>(), count * channels, channels};
}

template <class Scalar>
std::vector<Scalar> tiles_of(const at::Tensor& matrix, int64_t clip) {
  const auto own = matrix.dim() == 3 ? matrix[clip] : matrix;
  return tile_matrix<Scalar>(own.data_ptr<Scalar>(), own.size(0), own.size(1), own.stride(0),
                             own.stride(1));
}

at::Tensor mixed_parts(const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& weight,
                       const at::Tensor& bias) {
  const MixSizes sizes(rows, matrix, weight);
  auto out =
      at::empty({sizes.clips, sizes.frames, sizes.joints, sizes.out_channels}, rows.options());
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "gather_and_mix", [&] {
    at::parallel_for(0, sizes.clips * sizes.parts(), 1, [&](int64_t begin, int64_t end) {
      const at::NoGradGuard no_grad;
      const auto gathered = at::empty({kPartFrames * sizes.joints, weight.size(1)}, rows.options());
      std::vector<scalar_t> tiles;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t clip = i / sizes.parts(), part = i % sizes.parts();
        if (i == begin || (part == 0 && matrix.dim() == 3))
          tiles = tiles_of<scalar_t>(matrix, clip);
        const auto from = part_of(rows, sizes, clip, part);
        mix_frames<scalar_t>(sizes.gather(part), tiles,
                             pointers_to<const scalar_t>(from, sizes.joints, sizes.channels),
                             pointers_to<scalar_t>(gathered, sizes.gathered, sizes.channels));
        auto to = part_of(out, sizes, clip, part);
        to.view({-1, sizes.joints, sizes.out_channels}).copy_(bias);
        to.addmm_(gathered.narrow(0, 0, to.size(0)), weight.t());
      }
    });
  });
  return out;
}

/// Gradients of gather_and_mix(), one clip after the other.
template <class Scalar>
class MixGradients {
 public:
  MixGradients(const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& weight)
      : rows_(rows),
        matrix_(matrix),
        weight_(weight),
        sizes_(rows, matrix, weight),
        products_(sizes_.gathered, sizes_.joints),
        gathered_(at::empty({kPartFrames * sizes_.joints, weight.size(1)}, rows.options())),
        gradient_(at::empty_like(gathered_)) {}

  /// Writes the clip's to_rows, adds to the others; an undefined one is left out.
  void add(int64_t clip, const at::Tensor& gradient, const at::Tensor& to_rows, double* to_matrix,
           at::Tensor to_weight) {
    const auto gather_tiles = tiles_of<Scalar>(matrix_, clip);
    const auto scatter_tiles = tiles_of<Scalar>(matrix_.transpose(-1, -2), clip);
    for (int64_t part = 0; part < sizes_.parts(); ++part) {
      const auto from = part_of(rows_, sizes_, clip, part);
      const auto upstream = part_of(gradient, sizes_, clip, part);
      if (to_weight.defined()) {
        mix_frames<Scalar>(sizes_.gather(part), gather_tiles, joints_of<const Scalar>(from),
                           gathered_of<Scalar>(gathered_));
        to_weight.addmm_(upstream.t(), gathered_.narrow(0, 0, upstream.size(0)));
      }
      auto to_gathered = gradient_.narrow(0, 0, upstream.size(0));
      at::mm_out(to_gathered, upstream, weight_);
      if (to_rows.defined())
        mix_frames<Scalar>(sizes_.scatter(part), scatter_tiles,
                           gathered_of<const Scalar>(gradient_),
                           joints_of<Scalar>(part_of(to_rows, sizes_, clip, part)));
      if (to_matrix)
        products_.add(sizes_.gather(part), gathered_of<const Scalar>(gradient_),
                      joints_of<const Scalar>(from));
    }
    if (to_matrix) products_.move_to(to_matrix);
  }

 private:
  template <class Pointed>
  FrameRows<Pointed> joints_of(const at::Tensor& rows) const {
    return pointers_to<Pointed>(rows, sizes_.joints, sizes_.channels);
  }
  template <class Pointed>
  FrameRows<Pointed> gathered_of(const at::Tensor& rows) const {
    return pointers_to<Pointed>(rows, sizes_.gathered, sizes_.channels);
  }

  at::Tensor rows_, matrix_, weight_;
  MixSizes sizes_;
  RowProducts<Scalar> products_;
  at::Tensor gathered_, gradient_;
};

class GatherAndMix : public torch::autograd::Function<GatherAndMix> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& rows_in,
                            const at::Tensor& matrix, const at::Tensor& weight,
                            const at::Tensor& bias) {
    const auto rows = rows_in.contiguous();
    context->save_for_backward({rows, matrix, weight});
    return mixed_parts(rows, matrix, weight, bias);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &rows = saved[0], &matrix = saved[1], &weight = saved[2];
    const auto gradient = grads[0].contiguous();
    const int64_t n = rows.size(0), parts = std::min(n, kClipParts);
    const bool is_per_clip = matrix.dim() == 3;
    const int64_t m = matrix.size(-2), v = matrix.size(-1);
    at::Tensor to_rows, to_matrix, to_weight, to_bias;
    if (context->needs_input_grad(0)) to_rows = at::empty_like(rows);
    if (context->needs_input_grad(1))
      to_matrix = at::zeros({is_per_clip ? n : parts, m, v}, rows.options().dtype(at::kDouble));
    if (context->needs_input_grad(2))
      to_weight = at::zeros({parts, weight.size(0), weight.size(1)}, weight.options());
    if (context->needs_input_grad(3))
      to_bias = sum_of_rows(gradient.view({gradient.size(0) * gradient.size(1), -1}))
                    .view({gradient.size(2), gradient.size(3)});
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "gather_and_mix_grad", [&] {
      at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
        const at::NoGradGuard no_grad;
        MixGradients<scalar_t> gradients(rows, matrix, weight);
        for (int64_t part = begin; part < end; ++part)
          for (int64_t clip = part * n / parts; clip < (part + 1) * n / parts; ++clip)
            gradients.add(clip, gradient, to_rows,
                          to_matrix.defined()
                              ? to_matrix[is_per_clip ? clip : part].template data_ptr<double>()
                              : nullptr,
                          to_weight.defined() ? to_weight[part] : at::Tensor());
      });
    });
    if (to_matrix.defined())
      to_matrix = (is_per_clip ? to_matrix : to_matrix.sum(0)).to(matrix.scalar_type());
    return {to_rows, to_matrix, to_weight.defined() ? to_weight.sum(0) : at::Tensor(), to_bias};
  }
};

}  // namespace

at::Tensor gather_and_mix(const at::Tensor& rows, const at::Tensor& matrix,
                          const at::Tensor& weight, const at::Tensor& bias) {
  return GatherAndMix::apply(rows, matrix, weight, bias);
}

}  // namespace kinegraph
