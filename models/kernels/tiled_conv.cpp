#include "models/kernels/tiled_conv.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <vector>

#include "framework/model/cost_meter.h"
#include "models/kernels/remake.h"
#include "models/kernels/rows.h"
#include "models/kernels/tile_kernel.h"

namespace kinegraph {
namespace {

/// What a thread holds of points at once: about the second level cache.
constexpr int64_t kBytesOfChunk = 640 << 10;
/// What all threads hold at once for the gradient of the weight, whose sums go through the cache
/// for each chunk.
constexpr int64_t kBytesOfGradientChunk = 4 << 20;
/// Channels of the input whose gradients of weights a thread sums up at once.
constexpr int64_t kChannelsOfBlock = 50;

int64_t tiles_of(int64_t count, int64_t tile) { return (count + tile - 1) / tile; }

/// The taps that read every stride-th frame, counted from `phase`: tap a of them reads frame
/// t + a - offset of that sequence for output frame t.
struct TapSequence {
  int64_t taps, first_tap, phase, offset;
};

std::vector<TapSequence> tap_sequences(int64_t kernel, int64_t stride) {
  const int64_t padding = (kernel - 1) / 2;
  std::vector<TapSequence> result;
  for (int64_t first = 0; first < stride; ++first) {
    const int64_t phase = (first + padding) % stride;  // of first - padding, as stride is 1 or 2
    result.push_back(
        {tiles_of(kernel - first, stride), first, phase, (padding + phase - first) / stride});
  }
  return result;
}

/// Every step-th frame of clips (N, T, V, C), dense.
template <class Scalar>
struct FrameSequence {
  Scalar* data;
  int64_t clips, frames, clip_step, frame_step, joints, channels;

  static FrameSequence of(const at::Tensor& clips, int64_t phase, int64_t step) {
    const int64_t frame = clips.size(2) * clips.size(3);
    return {clips.data_ptr<std::remove_const_t<Scalar>>() + phase * frame,
            clips.size(0),
            tiles_of(clips.size(1) - phase, step),
            clips.size(1) * frame,
            step * frame,
            clips.size(2),
            clips.size(3)};
  }

  /// Where frames first, first + 1, ... of a clip begin; `outside` for those that there are not.
  template <class Pointer, size_t kCount>
  void find(int64_t clip, int64_t first, int64_t count, Pointer outside,
            std::array<Pointer, kCount>& to) const {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t t = first + i;
      to[static_cast<size_t>(i)] =
          t >= 0 && t < frames ? data + clip * clip_step + t * frame_step : outside;
    }
  }
};

template <class Scalar>
using TileFrames = std::array<Scalar*, kMostTileInputs>;

/// taps: (kernel, in, out), dense. The points of every stride-th tap as convolve() reads them,
/// (points, panels of outputs, in, panel).
template <class Scalar>
at::Tensor points_of_weight(const at::Tensor& taps, const std::vector<int64_t>& chosen,
                            const TileSizes& sizes) {
  const int64_t in = taps.size(1), out = taps.size(2), panel = panel_columns<Scalar>();
  const int64_t panels = tiles_of(out, panel);
  const auto zeros = at::zeros({in, out}, taps.options());
  std::array<const Scalar*, kMostTileTaps> from;
  from.fill(zeros.data_ptr<Scalar>());
  for (size_t k = 0; k < chosen.size(); ++k)
    from[k] = taps.data_ptr<Scalar>() + chosen[k] * in * out;
  auto points = at::empty({sizes.points, panels, in, panel}, taps.options());
  at::parallel_for(0, panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      auto columns = from;
      for (auto& tap : columns) tap += at * panel;
      points_from_taps<Scalar>(sizes, {in, std::min(panel, out - at * panel), out, panel},
                               columns.data(), points.data_ptr<Scalar>() + at * in * panel,
                               panels * in * panel);
    }
  });
  return points;
}

/// A convolution with stride 1 by the tiles of a filter: frame t of `to` from frames t - offset,
/// t - offset + 1, ... of `from`.
template <class Scalar>
class TilePass {
 public:
  TilePass(const TileSizes& sizes, int64_t offset, const FrameSequence<const Scalar>& from,
           const FrameSequence<Scalar>& to)
      : sizes_(sizes), offset_(offset), from_(from), to_(to) {}

  /// weight: of points_of_weight(); bias: null for none; adds to the frames if `is_added`.
  void run(const at::Tensor& weight, const Scalar* bias, bool is_added) const {
    const int64_t row_bytes = sizes_.points * (in_row_ + panel_) * int64_t{sizeof(Scalar)};
    const int64_t chunk = chunk_of(kBytesOfChunk, row_bytes);
    at::parallel_for(0, tiles_of(tiles(), chunk), 1, [&](int64_t begin, int64_t end) {
      const int64_t rows = chunk * from_.joints, lanes = lane_count<Scalar>();
      const Scratch<Scalar> points(sizes_.points * rows * in_row_ / lanes),
          products(sizes_.points * rows * panel_ / lanes);
      const Outside outside(from_.joints * from_.channels);
      std::vector<Scalar> unused(to_.joints * to_.channels);
      for (int64_t at = begin * chunk; at < std::min(end * chunk, tiles()); at += chunk) {
        const int64_t last = std::min(at + chunk, tiles());
        for (int64_t tile = at; tile < last; ++tile)
          make_points(tile, outside.data(), points.data + (tile - at) * from_.joints * in_row_,
                      rows * in_row_);
        for (int64_t c = 0; c < to_.channels; c += panel_) {
          multiply(points.data, weight, c, rows, (last - at) * from_.joints, products.data);
          for (int64_t tile = at; tile < last; ++tile)
            make_frames(tile, c, products.data + (tile - at) * from_.joints * panel_, rows * panel_,
                        bias, is_added, unused.data());
        }
      }
    });
    count_executed_macs(sizes_.points * tiles() * from_.joints * from_.channels * to_.channels);
  }

  /// sums: (points, in, full_lanes(out)), written: the gradient of the points of the weight, where
  /// `to` holds the gradient of the output.
  void sum_weight_gradient(Scalar* sums) const {
    const int64_t row_bytes = sizes_.points * (in_row_ + out_row_) * int64_t{sizeof(Scalar)};
    const int64_t chunk = chunk_of(kBytesOfGradientChunk, row_bytes);
    const int64_t rows = chunk * from_.joints, lanes = lane_count<Scalar>();
    const Scratch<Scalar> inputs(sizes_.points * rows * in_row_ / lanes),
        outputs(sizes_.points * rows * out_row_ / lanes);
    const Outside outside(from_.joints * std::max(from_.channels, to_.channels));
    const int64_t blocks = tiles_of(from_.channels, kChannelsOfBlock);
    for (int64_t at = 0; at < tiles(); at += chunk) {
      const int64_t last = std::min(at + chunk, tiles());
      at::parallel_for(at, last, 1, [&](int64_t begin, int64_t end) {
        for (int64_t tile = begin; tile < end; ++tile) {
          const int64_t row = (tile - at) * from_.joints;
          make_points(tile, outside.data(), inputs.data + row * in_row_, rows * in_row_);
          make_gradient_points(tile, outside.data(), outputs.data + row * out_row_,
                               rows * out_row_);
        }
      });
      at::parallel_for(0, sizes_.points * blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t p = i / blocks, c = i % blocks * kChannelsOfBlock;
          multiply_rows<Scalar>({std::min(kChannelsOfBlock, from_.channels - c),
                                 (last - at) * from_.joints, out_row_},
                                {inputs.data + p * rows * in_row_ + c, 1, in_row_},
                                {outputs.data + p * rows * out_row_, out_row_, 1},
                                {sums + (p * from_.channels + c) * out_row_, out_row_, 1},
                                /*is_added=*/at > 0);
        }
      });
    }
    count_executed_macs(sizes_.points * tiles() * from_.joints * from_.channels * to_.channels);
  }

 private:
  /// Frames before the first and after the last.
  using Outside = std::vector<Scalar>;

  int64_t tiles_of_clip() const { return tiles_of(to_.frames, sizes_.outputs); }
  int64_t tiles() const { return to_.clips * tiles_of_clip(); }
  int64_t chunk_of(int64_t bytes, int64_t row_bytes) const {
    return std::min(std::max<int64_t>(1, bytes / (row_bytes * from_.joints)), tiles());
  }

  void make_points(int64_t tile, const Scalar* outside, Scalar* points, int64_t step) const {
    TileFrames<const Scalar> frames;
    from_.find(tile / tiles_of_clip(), tile % tiles_of_clip() * sizes_.outputs - offset_,
               sizes_.inputs, outside, frames);
    points_from_inputs<Scalar>(sizes_, {from_.joints, from_.channels, from_.channels, in_row_},
                               frames.data(), points, step);
  }

  void make_gradient_points(int64_t tile, const Scalar* outside, Scalar* points,
                            int64_t step) const {
    TileFrames<const Scalar> frames;
    to_.find(tile / tiles_of_clip(), tile % tiles_of_clip() * sizes_.outputs, sizes_.outputs,
             outside, frames);
    points_from_outputs<Scalar>(sizes_, {to_.joints, to_.channels, to_.channels, out_row_},
                                frames.data(), points, step);
  }

  /// The products of all points for the panel of channels from c on.
  void multiply(const Scalar* points, const at::Tensor& weight, int64_t c, int64_t point_rows,
                int64_t rows, Scalar* products) const {
    const Scalar* matrix = weight.data_ptr<Scalar>() + c * from_.channels;
    const int64_t columns = full_lanes<Scalar>(std::min(panel_, to_.channels - c));
    for (int64_t p = 0; p < sizes_.points; ++p)
      multiply_rows<Scalar>({rows, from_.channels, columns},
                            {points + p * point_rows * in_row_, in_row_, 1},
                            {matrix + p * weight.stride(0), panel_, 1},
                            {products + p * point_rows * panel_, panel_, 1}, /*is_added=*/false);
  }

  void make_frames(int64_t tile, int64_t c, const Scalar* products, int64_t step,
                   const Scalar* bias, bool is_added, Scalar* unused) const {
    TileFrames<Scalar> frames;
    to_.find(tile / tiles_of_clip(), tile % tiles_of_clip() * sizes_.outputs, sizes_.outputs,
             unused, frames);
    for (int64_t i = 0; i < sizes_.outputs; ++i) frames[static_cast<size_t>(i)] += c;
    outputs_from_points<Scalar>(
        sizes_, {to_.joints, std::min(panel_, to_.channels - c), to_.channels, panel_}, products,
        step, bias ? bias + c : nullptr, is_added, frames.data());
  }

  const TileSizes sizes_;
  const int64_t offset_;
  const FrameSequence<const Scalar> from_;
  const FrameSequence<Scalar> to_;
  const int64_t panel_ = panel_columns<Scalar>();
  const int64_t in_row_ = full_lanes<Scalar>(from_.channels),
                out_row_ = full_lanes<Scalar>(to_.channels);
};

/// first, first + step, ... : `count` of them
std::vector<int64_t> numbers(int64_t first, int64_t step, int64_t count) {
  std::vector<int64_t> result;
  for (int64_t i = 0; i < count; ++i) result.push_back(first + i * step);
  return result;
}

/// (N, C, T, V) -> (N, T, V, C), dense.
at::Tensor frames_in(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

/// frames: (N, T, V, C_in), dense. Returns (N, ceil(T / stride), V, C_out).
template <class Scalar>
at::Tensor convolved(const at::Tensor& frames, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride) {
  const auto taps = weight.squeeze(3).permute({2, 1, 0}).contiguous();
  auto out =
      at::empty({frames.size(0), tiles_of(frames.size(1), stride), frames.size(2), weight.size(0)},
                frames.options());
  const auto to = FrameSequence<Scalar>::of(out, 0, 1);
  for (const auto& sequence : tap_sequences(weight.size(2), stride)) {
    const auto sizes = tile_sizes(sequence.taps);
    const auto points =
        points_of_weight<Scalar>(taps, numbers(sequence.first_tap, stride, sequence.taps), sizes);
    const bool is_first = sequence.first_tap == 0;
    TilePass<Scalar>(sizes, sequence.offset,
                     FrameSequence<const Scalar>::of(frames, sequence.phase, stride), to)
        .run(points, is_first && bias.defined() ? bias.contiguous().data_ptr<Scalar>() : nullptr,
             !is_first);
  }
  return out;
}

/// The gradient of frames (N, T, V, C_in): that of the output, (N, ceil(T / stride), V, C_out), by
/// the taps in reverse.
template <class Scalar>
at::Tensor input_gradient(const at::Tensor& gradient, const at::Tensor& weight, int64_t frames,
                          int64_t stride) {
  const auto taps = weight.squeeze(3).permute({2, 0, 1}).contiguous();
  auto to =
      at::empty({gradient.size(0), frames, gradient.size(2), weight.size(1)}, gradient.options());
  const auto from = FrameSequence<const Scalar>::of(gradient, 0, 1);
  for (const auto& sequence : tap_sequences(weight.size(2), stride)) {
    if (sequence.phase >= frames) continue;
    const auto sizes = tile_sizes(sequence.taps);
    const int64_t last = sequence.first_tap + (sequence.taps - 1) * stride;
    const auto points =
        points_of_weight<Scalar>(taps, numbers(last, -stride, sequence.taps), sizes);
    TilePass<Scalar>(sizes, sequence.taps - 1 - sequence.offset, from,
                     FrameSequence<Scalar>::of(to, sequence.phase, stride))
        .run(points, nullptr, /*is_added=*/false);
  }
  return to;
}

template <class Scalar>
at::Tensor weight_gradient(const at::Tensor& frames, const at::Tensor& gradient,
                           const at::Tensor& weight, int64_t stride) {
  const int64_t in = weight.size(1), out = weight.size(0), row = full_lanes<Scalar>(out);
  auto taps = at::empty({weight.size(2), in, out}, weight.options());
  const auto unused = at::empty({in, out}, weight.options());
  for (const auto& sequence : tap_sequences(weight.size(2), stride)) {
    const auto sizes = tile_sizes(sequence.taps);
    const auto sums = at::empty({sizes.points, in, row}, weight.options());
    TilePass<Scalar>(sizes, sequence.offset,
                     FrameSequence<const Scalar>::of(frames, sequence.phase, stride),
                     FrameSequence<Scalar>::of(gradient, 0, 1))
        .sum_weight_gradient(sums.data_ptr<Scalar>());
    std::array<Scalar*, kMostTileTaps> to;
    to.fill(unused.data_ptr<Scalar>());
    for (int64_t a = 0; a < sequence.taps; ++a)
      to[static_cast<size_t>(a)] =
          taps.data_ptr<Scalar>() + (sequence.first_tap + a * stride) * in * out;
    taps_from_points<Scalar>(sizes, {in, out, out, row}, sums.data_ptr<Scalar>(), in * row,
                             to.data());
  }
  return taps.permute({2, 1, 0}).contiguous().unsqueeze(3);
}

class TiledConv : public torch::autograd::Function<TiledConv> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                            int64_t stride) {
    const auto frames = frames_in(x);
    save_for_backward(*context, frames, followed_by(remake_of(x), frames_in), {weight});
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["stride"] = stride;
    context->saved_data["frames"] = frames.size(1);
    at::Tensor y;
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "tiled_conv", [&] {
      y = convolved<scalar_t>(frames, weight, bias.value_or(at::Tensor()), stride);
    });
    return y.permute({0, 3, 1, 2});
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = saved_variables(*context, context->needs_input_grad(1));
    const auto &frames = saved[0], &weight = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt();
    const auto gradient = frames_in(gradients[0]);
    at::Tensor to_x, to_weight, to_bias;
    AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "tiled_conv_backward", [&] {
      if (context->needs_input_grad(0))
        to_x = input_gradient<scalar_t>(gradient, weight, context->saved_data["frames"].toInt(),
                                        stride)
                   .permute({0, 3, 1, 2});
      if (context->needs_input_grad(1))
        to_weight = weight_gradient<scalar_t>(frames, gradient, weight, stride);
    });
    if (context->saved_data["has_bias"].toBool())
      to_bias = sum_of_rows(gradient.view({-1, gradient.size(3)}));
    return {to_x, to_weight, to_bias, at::Tensor()};
  }
};

}  // namespace

bool is_for_tiled_conv(const at::Tensor& x, const at::Tensor& weight, int64_t stride) {
  constexpr int64_t kChannels = 32;  // of fewer, making the points costs more than it saves
  const int64_t kernel = weight.size(2);
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) &&
         kernel % 2 == 1 && kernel <= kMostTileTaps &&
         (stride == 1 ? kernel >= 3 : stride == 2 && kernel >= 5) &&
         std::min(weight.size(0), weight.size(1)) >= kChannels;
}

at::Tensor tiled_conv(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      int64_t stride) {
  const PublishedMacs published(
      {x.size(0) * tiles_of(x.size(2), stride) * x.size(3) * weight.numel(), /*graph=*/0});
  c10::optional<at::Tensor> given;
  if (bias.defined()) given = bias;
  return TiledConv::apply(x, weight, given, stride);
}

}  // namespace kinegraph
