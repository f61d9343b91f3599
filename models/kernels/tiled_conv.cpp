#include "models/kernels/tiled_conv.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "framework/model/cost_meter.h"
#include "models/kernels/frame_tiles.h"
#include "models/kernels/remake.h"
#include "models/kernels/row_product.h"
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

/// taps: (kernel, in, out), dense. The points of the chosen taps as TilePass reads them, (points,
/// panels of outputs, in, panel).
template <class Scalar>
at::Tensor points_of_weight(const at::Tensor& taps, const std::vector<int64_t>& chosen) {
  const auto sizes = tile_sizes(static_cast<int64_t>(chosen.size()));
  const int64_t in = taps.size(1), out = taps.size(2), panel = panel_columns<Scalar>();
  const int64_t panels = divide_up(out, panel);
  const auto zeros = at::zeros({in, out}, taps.options());
  const auto from = tap_pointers<const Scalar>(taps, chosen, zeros);
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

/// A convolution with stride 1.
template <class Scalar>
class TilePass {
 public:
  explicit TilePass(const FrameTiles<Scalar>& tiles) : tiles_(tiles) {}

  /// weight: of points_of_weight()
  void run(const at::Tensor& weight, const TileEnding<Scalar>& ending) const {
    const int64_t chunk = chunk_of(kBytesOfChunk, in_row_ + panel_);
    const int64_t rows = chunk * from_.rows;
    at::parallel_for(0, divide_up(tiles_.count(), chunk), 1, [&](int64_t begin, int64_t end) {
      const Scratch<Scalar> points(tiles_.registers(rows * in_row_)),
          products(tiles_.registers(rows * panel_));
      const std::vector<Scalar> outside(from_.size_of_frame());
      std::vector<Scalar> unused(to_.size_of_frame());
      for (int64_t at = begin * chunk; at < std::min(end * chunk, tiles_.count()); at += chunk) {
        const int64_t last = std::min(at + chunk, tiles_.count());
        for (int64_t tile = at; tile < last; ++tile)
          make_points(tile, outside.data(), points.data + (tile - at) * from_.rows * in_row_,
                      rows * in_row_);
        for (int64_t c = 0; c < to_.channels; c += panel_) {
          multiply(points.data, weight, c, rows, (last - at) * from_.rows, products.data);
          for (int64_t tile = at; tile < last; ++tile)
            make_frames(tile, c, products.data + (tile - at) * from_.rows * panel_, rows * panel_,
                        ending, unused.data());
        }
      }
    });
    count_executed_macs(sizes_.points * tiles_.count() * from_.rows * from_.channels *
                        to_.channels);
  }

  /// sums: (points, in, full_lanes(out)), written if there are clips: the gradient of the points of
  /// the weight, where `to` holds the gradient of the output.
  void sum_weight_gradient(Scalar* sums) const {
    const int64_t chunk = chunk_of(kBytesOfGradientChunk, in_row_ + out_row_);
    const int64_t rows = chunk * from_.rows, blocks = divide_up(from_.channels, kChannelsOfBlock);
    const Scratch<Scalar> inputs(tiles_.registers(rows * in_row_)),
        outputs(tiles_.registers(rows * out_row_));
    const std::vector<Scalar> outside(std::max(from_.size_of_frame(), to_.size_of_frame()));
    for (int64_t at = 0; at < tiles_.count(); at += chunk) {
      const int64_t last = std::min(at + chunk, tiles_.count());
      at::parallel_for(at, last, 1, [&](int64_t begin, int64_t end) {
        for (int64_t tile = begin; tile < end; ++tile) {
          const int64_t row = (tile - at) * from_.rows;
          make_points(tile, outside.data(), inputs.data + row * in_row_, rows * in_row_);
          make_gradient_points(tile, outside.data(), outputs.data + row * out_row_,
                               rows * out_row_);
        }
      });
      at::parallel_for(0, sizes_.points * blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t p = i / blocks, c = i % blocks * kChannelsOfBlock;
          multiply_rows<Scalar>(
              {std::min(kChannelsOfBlock, from_.channels - c), (last - at) * from_.rows, out_row_},
              {inputs.data + p * rows * in_row_ + c, 1, in_row_},
              {outputs.data + p * rows * out_row_, out_row_, 1},
              {sums + (p * from_.channels + c) * out_row_, out_row_, 1}, /*is_added=*/at > 0);
        }
      });
    }
    count_executed_macs(sizes_.points * tiles_.count() * from_.rows * from_.channels *
                        to_.channels);
  }

 private:
  /// Tiles whose points take that many bytes; they have this many elements a row.
  int64_t chunk_of(int64_t bytes, int64_t row) const {
    const int64_t tile = sizes_.points * from_.rows * row * int64_t{sizeof(Scalar)};
    return std::clamp<int64_t>(bytes / tile, 1, std::max<int64_t>(tiles_.count(), 1));
  }
  void make_points(int64_t tile, const Scalar* outside, Scalar* points, int64_t step) const {
    points_from_inputs<Scalar>(sizes_, {from_.rows, from_.channels, from_.channels, in_row_},
                               tiles_.inputs(tile, 0, outside).data(), points, step);
  }

  void make_gradient_points(int64_t tile, const Scalar* outside, Scalar* points,
                            int64_t step) const {
    points_from_outputs<Scalar>(sizes_, {to_.rows, to_.channels, to_.channels, out_row_},
                                tiles_.outputs(tile, 0, outside).data(), points, step);
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
                   TileEnding<Scalar> ending, Scalar* unused) const {
    if (ending.bias) ending.bias += c;
    outputs_from_points<Scalar>(
        sizes_, {to_.rows, std::min(panel_, to_.channels - c), to_.channels, panel_}, products,
        step, ending, tiles_.outputs(tile, c, unused).data());
  }

  const FrameTiles<Scalar> tiles_;
  const TileSizes& sizes_ = tiles_.sizes;
  const FrameSequence<const Scalar>& from_ = tiles_.from;
  const FrameSequence<Scalar>& to_ = tiles_.to;
  const int64_t panel_ = panel_columns<Scalar>();
  const int64_t in_row_ = full_lanes<Scalar>(from_.channels),
                out_row_ = full_lanes<Scalar>(to_.channels);
};

/// (N, C, T, V) -> (N, T, V, C), dense.
at::Tensor frames_in(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

/// frames: (N, T, V, C_in), dense. Returns (N, ceil(T / stride), V, C_out).
template <class Scalar>
at::Tensor convolved(const at::Tensor& frames, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride) {
  const auto taps = weight.squeeze(3).permute({2, 1, 0}).contiguous();
  auto out =
      at::empty({frames.size(0), divide_up(frames.size(1), stride), frames.size(2), weight.size(0)},
                frames.options());
  bool is_added = false;
  for (const auto& sequence : tap_sequences(weight.size(2), stride)) {
    const auto* first_bias = bias.defined() && !is_added ? bias.data_ptr<Scalar>() : nullptr;
    TilePass<Scalar>({tile_sizes(sequence.count), sequence.offset,
                      FrameSequence<const Scalar>::of(frames, sequence.phase, stride),
                      FrameSequence<Scalar>::of(out, 0, 1)})
        .run(points_of_weight<Scalar>(taps, sequence.taps()),
             {first_bias, is_added, /*has_relu=*/false});
    is_added = true;
  }
  return out;
}

/// The gradient of frames (N, T, V, C_in) from that of the output, (N, ceil(T / stride), V, C_out).
template <class Scalar>
at::Tensor input_gradient(const at::Tensor& gradient, const at::Tensor& weight, int64_t frames,
                          int64_t stride) {
  const auto taps = weight.squeeze(3).permute({2, 0, 1}).contiguous();
  auto to =
      at::empty({gradient.size(0), frames, gradient.size(2), weight.size(1)}, gradient.options());
  for (const auto& sequence : tap_sequences(weight.size(2), stride))
    TilePass<Scalar>({tile_sizes(sequence.count), sequence.reversed_offset(),
                      FrameSequence<const Scalar>::of(gradient, 0, 1),
                      FrameSequence<Scalar>::of(to, sequence.phase, stride)})
        .run(points_of_weight<Scalar>(taps, sequence.reversed_taps()),
             {nullptr, /*is_added=*/!sequence.is_first_of_phase, /*has_relu=*/false});
  return to;
}

template <class Scalar>
at::Tensor weight_gradient(const at::Tensor& frames, const at::Tensor& gradient,
                           const at::Tensor& weight, int64_t stride) {
  const int64_t in = weight.size(1), out = weight.size(0), row = full_lanes<Scalar>(out);
  const auto taps = at::empty({weight.size(2), in, out}, weight.options());
  const auto unused = at::empty({in, out}, weight.options());
  for (const auto& sequence : tap_sequences(weight.size(2), stride)) {
    const auto sizes = tile_sizes(sequence.count);
    const auto sums = at::zeros({sizes.points, in, row}, weight.options());
    TilePass<Scalar>({sizes, sequence.offset,
                      FrameSequence<const Scalar>::of(frames, sequence.phase, stride),
                      FrameSequence<Scalar>::of(gradient, 0, 1)})
        .sum_weight_gradient(sums.data_ptr<Scalar>());
    taps_from_points<Scalar>(sizes, {in, out, out, row}, sums.data_ptr<Scalar>(), in * row,
                             tap_pointers<Scalar>(taps, sequence.taps(), unused).data());
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
      y = convolved<scalar_t>(frames, weight, bias ? bias->contiguous() : at::Tensor(), stride);
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
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && x.size(1) == weight.size(1) &&
                  weight.size(2) % 2 == 1 && weight.size(3) == 1 &&
                  (!bias.defined() || bias.numel() == weight.size(0)),
              "tiled_conv: ", x.sizes(), " (N,C,T,V) does not fit weight ", weight.sizes(),
              " with its bias");
  const PublishedMacs published(
      {x.size(0) * divide_up(x.size(2), stride) * x.size(3) * weight.numel(), /*graph=*/0});
  c10::optional<at::Tensor> given;
  if (bias.defined()) given = bias;
  return TiledConv::apply(x, weight, given, stride);
}

}  // namespace kinegraph
