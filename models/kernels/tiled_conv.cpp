#include "models/kernels/tiled_conv.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "framework/model/cost_meter.h"
#include "models/kernels/fast_filter.h"
#include "models/kernels/remake.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kTileFrames = 3;  // output frames, and taps of a group

/// Elements of x that are transformed at once: their tiles stay in the cache until they are used.
constexpr int64_t kElementsOfChunk = int64_t{1} << 21;

/// How frames become the points of tiles: point p of tile k is the sum over i of factors[p][i]
/// times frame 3 k + i - offset; frames outside of the clip are 0.
struct TileMap {
  double factors[FastFilter::kMostPoints][FastFilter::kMostInputs];
  int64_t frames, offset;
};

TileMap map_of_inputs(int64_t kernel) {
  const auto& filter = tiled_filter();
  TileMap map{{}, filter.inputs(), (kernel - 1) / 2};
  for (int64_t p = 0; p < filter.points; ++p)
    for (int64_t i = 0; i < filter.inputs(); ++i) map.factors[p][i] = filter.from_inputs[p][i];
  return map;
}

/// The gradient of the points from that of the output frames.
TileMap map_of_gradients() {
  const auto& filter = tiled_filter();
  TileMap map{{}, filter.outputs, 0};
  for (int64_t p = 0; p < filter.points; ++p)
    for (int64_t o = 0; o < filter.outputs; ++o) map.factors[p][o] = filter.to_outputs[o][p];
  return map;
}

/// frames (N, T, V, C), dense -> (points, N, tiles, V, C)
at::Tensor tiles_of(const at::Tensor& frames, int64_t tiles, const TileMap& map) {
  const int64_t n = frames.size(0), t = frames.size(1), points = tiled_filter().points;
  const int64_t width = frames.size(2) * frames.size(3);
  auto out = at::empty({points, n, tiles, frames.size(2), frames.size(3)}, frames.options());
  AT_DISPATCH_FLOATING_TYPES(frames.scalar_type(), "tiles_of", [&] {
    const auto* from = frames.data_ptr<scalar_t>();
    auto* to = out.data_ptr<scalar_t>();
    at::parallel_for(0, n * tiles, 1, [&](int64_t begin, int64_t end) {
      for (int64_t at = begin; at < end; ++at) {
        const int64_t first = at % tiles * kTileFrames - map.offset;
        for (int64_t p = 0; p < points; ++p) {
          Terms<scalar_t> terms;
          for (int64_t i = std::max<int64_t>(0, -first); i < std::min(map.frames, t - first); ++i)
            terms.add(from + (at / tiles * t + first + i) * width, 0, map.factors[p][i]);
          terms.combine_to(to + (p * n * tiles + at) * width, 0, 1, width);
        }
      }
    });
  });
  return out;
}

/// The products of each point, (N, tiles, V, C), dense -> to (N, T, V, C)
void frames_of(const std::vector<at::Tensor>& products, const at::Tensor& to) {
  const int64_t n = to.size(0), t = to.size(1), width = to.size(2) * to.size(3);
  const int64_t tiles = products.front().size(1);
  AT_DISPATCH_FLOATING_TYPES(to.scalar_type(), "frames_of", [&] {
    auto* frames = to.data_ptr<scalar_t>();
    at::parallel_for(0, n * t, kTileFrames, [&](int64_t begin, int64_t end) {
      for (int64_t at = begin; at < end; ++at) {
        const int64_t tile = at / t * tiles + at % t / kTileFrames;
        Terms<scalar_t> terms;
        for (size_t p = 0; p < products.size(); ++p)
          terms.add(products[p].data_ptr<scalar_t>() + tile * width, 0,
                    tiled_filter().to_outputs[at % t % kTileFrames][p]);
        terms.combine_to(frames + at * width, 0, 1, width);
      }
    });
  });
}

/// (points, taps of a tile)
at::Tensor from_taps() {
  const auto& filter = tiled_filter();
  auto factors = at::empty({filter.points, filter.taps}, at::kDouble);
  for (int64_t p = 0; p < filter.points; ++p)
    for (int64_t j = 0; j < filter.taps; ++j) factors[p][j] = filter.from_taps[p][j];
  return factors;
}

/// weight (C_out, C_in, kernel, 1) -> (points, C_out, C_in, groups, 1)
at::Tensor point_weights(const at::Tensor& weight) {
  const int64_t kernel = weight.size(2), groups = (kernel + kTileFrames - 1) / kTileFrames;
  const auto taps =
      at::constant_pad_nd(weight.squeeze(3).to(at::kDouble), {0, groups * kTileFrames - kernel})
          .view({weight.size(0), weight.size(1), groups, kTileFrames});
  return at::matmul(taps, from_taps().t())
      .permute({3, 0, 1, 2})
      .to(weight.scalar_type(), /*non_blocking=*/false, /*copy=*/false,
          at::MemoryFormat::Contiguous)
      .unsqueeze(4);
}

/// The gradient of the weight from that of point_weights(weight).
at::Tensor weight_gradient_of(const at::Tensor& points, int64_t kernel) {
  const auto taps =
      at::matmul(points.squeeze(4).permute({1, 2, 3, 0}).to(at::kDouble), from_taps());
  return taps.reshape({taps.size(0), taps.size(1), -1})
      .narrow(2, 0, kernel)
      .to(points.scalar_type())
      .contiguous()
      .unsqueeze(3);
}

/// (N, C, T, V) -> (N, T, V, C), dense.
at::Tensor frames_in(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

/// (N, tiles, V, C) of a point -> (N, C, tiles, V), a view.
at::Tensor image(const at::Tensor& tiles) { return tiles.permute({0, 3, 1, 2}); }

/// Calls body(begin, count) for ranges of clips of frames (N, T, V, C).
template <class Body>
void for_chunks(const at::Tensor& frames, const Body& body) {
  const int64_t n = frames.size(0),
                size = std::max<int64_t>(1, frames.numel() / std::max<int64_t>(n, 1));
  const int64_t most = std::max<int64_t>(1, kElementsOfChunk / size);
  for (int64_t begin = 0; begin < n; begin += most) body(begin, std::min(most, n - begin));
}

int64_t output_tiles(const at::Tensor& frames) {
  return (frames.size(1) + kTileFrames - 1) / kTileFrames;
}

/// frames: (N, T, V, C_in), dense. Returns (N, T, V, C_out).
at::Tensor convolved_frames(const at::Tensor& frames, const at::Tensor& weight,
                            const at::Tensor& bias) {
  // Its product is in every output frame once.
  constexpr int64_t kPointOfBias = 1;
  const auto weights = point_weights(weight);
  const int64_t tiles = output_tiles(frames), groups = weights.size(3);
  auto out =
      at::empty({frames.size(0), frames.size(1), frames.size(2), weight.size(0)}, frames.options());
  for_chunks(frames, [&](int64_t begin, int64_t count) {
    const auto inputs =
        tiles_of(frames.narrow(0, begin, count), tiles + groups - 1, map_of_inputs(weight.size(2)));
    std::vector<at::Tensor> products;
    for (int64_t p = 0; p < inputs.size(0); ++p)
      products.push_back(frames_in(
          at::conv2d(image(inputs[p]), weights[p], p == kPointOfBias ? bias : at::Tensor())));
    frames_of(products, out.narrow(0, begin, count));
  });
  return out;
}

at::Tensor convolved_weight_gradient(const at::Tensor& frames, const at::Tensor& gradient,
                                     const at::Tensor& weight) {
  const auto weights = point_weights(weight);
  const int64_t tiles = output_tiles(frames), groups = weights.size(3);
  auto sums = at::zeros_like(weights);
  for_chunks(frames, [&](int64_t begin, int64_t count) {
    const auto inputs =
        tiles_of(frames.narrow(0, begin, count), tiles + groups - 1, map_of_inputs(weight.size(2)));
    const auto outputs = tiles_of(gradient.narrow(0, begin, count), tiles, map_of_gradients());
    for (int64_t p = 0; p < inputs.size(0); ++p)
      sums[p].add_(std::get<1>(at::convolution_backward(
          image(outputs[p]), image(inputs[p]), weights[p], c10::nullopt, {1, 1}, {0, 0}, {1, 1},
          /*transposed=*/false, {0, 0}, /*groups=*/1, {false, true, false})));
  });
  return weight_gradient_of(sums, weight.size(2));
}

class TiledConv : public torch::autograd::Function<TiledConv> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const c10::optional<at::Tensor>& bias) {
    const auto frames = frames_in(x);
    save_for_backward(*context, frames, followed_by(remake_of(x), frames_in), {weight});
    context->saved_data["has_bias"] = bias.has_value();
    return convolved_frames(frames, weight, bias.value_or(at::Tensor())).permute({0, 3, 1, 2});
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = saved_variables(*context, context->needs_input_grad(1));
    const auto &frames = saved[0], &weight = saved[1];
    const auto gradient = frames_in(gradients[0]);
    at::Tensor to_x, to_weight, to_bias;
    if (context->needs_input_grad(0))
      to_x = convolved_frames(gradient, weight.flip(2).transpose(0, 1), {}).permute({0, 3, 1, 2});
    if (context->needs_input_grad(1))
      to_weight = convolved_weight_gradient(frames, gradient, weight);
    if (context->saved_data["has_bias"].toBool())
      to_bias = sum_of_rows(gradient.view({-1, gradient.size(3)}));
    return {to_x, to_weight, to_bias};
  }
};

}  // namespace

bool is_for_tiled_conv(const at::Tensor& x, const at::Tensor& weight) {
  constexpr int64_t kChannels = 48;  // of fewer, making the tiles costs more than it saves
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) &&
         weight.size(2) >= kTileFrames && weight.size(2) % 2 == 1 &&
         std::min(weight.size(0), weight.size(1)) >= kChannels;
}

at::Tensor tiled_conv(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const PublishedMacs published({x.size(0) * x.size(2) * x.size(3) * weight.numel(), /*graph=*/0});
  c10::optional<at::Tensor> given;
  if (bias.defined()) given = bias;
  return TiledConv::apply(x, weight, given);
}

}  // namespace kinegraph
