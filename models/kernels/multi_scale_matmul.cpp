#include "models/kernels/multi_scale_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "framework/model/cost_meter.h"
#include "models/kernels/divide_up.h"
#include "models/kernels/frame_kernel.h"
#include "models/kernels/multiversion.h"
#include "models/kernels/row_product.h"
#include "models/kernels/rows.h"

namespace kinegraph {
namespace {

constexpr int64_t kMostChannels = 64;       // of a panel
constexpr int64_t kBytesInCache = 1 << 18;  // of what lies between the products
constexpr int64_t kFramesOfTask = 64;
/// Partial sums of gradients, so that their bits do not depend on the number of threads.
constexpr int64_t kPartialSums = 8, kFramesOfPartialSum = 40;  // at least

/// Channels in panels of equal width, whole registers.
struct Panels {
  int64_t channels, count, width;

  template <class Scalar>
  static Panels of(int64_t channels) {
    const int64_t count = divide_up(channels, kMostChannels);
    return {channels, count, full_lanes<Scalar>(divide_up(channels, count))};
  }

  /// One panel for some of the frames.
  struct Task {
    int64_t panel, first_channel, channels, begin, end;
  };
  /// Task i of those that take `length` frames each.
  Task task(int64_t i, int64_t length, int64_t frames) const {
    const int64_t panel = i % count, first = panel * width, begin = i / count * length;
    return {panel, first, std::min(width, channels - first), begin,
            std::min(frames, begin + length)};
  }

  /// x: (..., channels) -> (count, ..., width), 0 behind the channels.
  at::Tensor split(const at::Tensor& x) const {
    return at::constant_pad_nd(x, {0, count * width - channels})
        .unflatten(-1, {count, width})
        .movedim(-2, 0)
        .contiguous();
  }
  /// The reverse of split().
  at::Tensor joined(const at::Tensor& x) const {
    return x.movedim(0, -2).flatten(-2).narrow(-1, 0, channels);
  }
};

struct Sizes {
  int64_t frames, inputs, outputs, scales, in, out;

  Sizes(const at::Tensor& graph, const at::Tensor& rows, const at::Tensor& weight)
      : frames(rows.size(0) * rows.size(1)),
        inputs(graph.size(2)),
        outputs(graph.size(1)),
        scales(graph.size(0)),
        in(weight.size(2)),
        out(weight.size(0)) {}

  /// Frames of a block, with `nodes` nodes.
  template <class Scalar>
  int64_t frames_in_cache(int64_t nodes, const Panels& panels) const {
    const auto bytes = static_cast<int64_t>(sizeof(Scalar)) * nodes * scales * panels.width;
    return std::clamp<int64_t>(kBytesInCache / bytes, 1, kFramesOfTask);
  }
};

template <class Scalar>
KINEGRAPH_INLINE void finish(Scalar* rows, int64_t count, int64_t row, const Scalar* bias,
                             int64_t channels, bool has_relu) {
  for (int64_t r = 0; r < count; ++r) {
    Scalar* __restrict to = rows + r * row;
    for (int64_t c = 0; c < channels; ++c) to[c] += bias[c];
    if (has_relu)
      for (int64_t c = 0; c < channels; ++c) to[c] = to[c] < 0 ? Scalar(0) : to[c];  // NaN stays
  }
}

#define KINEGRAPH_FINISH(Scalar)                                                                 \
  KINEGRAPH_MULTIVERSION void finish_rows(Scalar* rows, int64_t count, int64_t row,              \
                                          const Scalar* bias, int64_t channels, bool has_relu) { \
    finish(rows, count, row, bias, channels, has_relu);                                          \
  }
KINEGRAPH_FINISH(float)
KINEGRAPH_FINISH(double)
#undef KINEGRAPH_FINISH

template <class Scalar>
at::Tensor product(const at::Tensor& graph, const at::Tensor& rows, const at::Tensor& weight,
                   const at::Tensor& bias, bool has_relu) {
  const Sizes s(graph, rows, weight);
  const auto panels = Panels::of<Scalar>(s.out);
  const int64_t columns = s.scales * panels.width, nodes = s.inputs * s.scales;
  const at::Tensor packed = panels.split(weight.permute({2, 1, 0}));  // (panels, C_in, S, width)
  const at::Tensor matrix =                                           // (R, P*S)
      graph.permute({1, 2, 0}).reshape({s.outputs, nodes}).contiguous();
  const at::Tensor out = at::empty({rows.size(0), rows.size(1), s.outputs, s.out}, rows.options());
  const auto *x = rows.data_ptr<Scalar>(), *weights = packed.data_ptr<Scalar>(),
             *edges = matrix.data_ptr<Scalar>(), *offsets = bias.data_ptr<Scalar>();
  auto* y = out.data_ptr<Scalar>();
  const int64_t block = s.frames_in_cache<Scalar>(s.inputs, panels);
  const int64_t tasks = divide_up(s.frames, kFramesOfTask);
  at::parallel_for(0, tasks * panels.count, 1, [&](int64_t begin, int64_t end) {
    const Scratch<Scalar> mixed(block * s.inputs * columns / lane_count<Scalar>());
    for (int64_t i = begin; i < end; ++i) {
      const auto [panel, c, channels, first, last] = panels.task(i, kFramesOfTask, s.frames);
      for (int64_t t = first; t < last; t += block) {
        const int64_t count = std::min(block, last - t);
        multiply_rows<Scalar>({count * s.inputs, s.in, columns}, {x + t * s.inputs * s.in, s.in, 1},
                              {weights + panel * s.in * columns, columns, 1},
                              {mixed.data, columns, 1}, /*is_added=*/false);
        for (int64_t k = 0; k < count; ++k)
          multiply_rows<Scalar>({s.outputs, nodes, channels}, {edges, nodes, 1},
                                {mixed.data + k * s.inputs * columns, panels.width, 1},
                                {y + (t + k) * s.outputs * s.out + c, s.out, 1},
                                /*is_added=*/false);
        finish_rows(y + t * s.outputs * s.out + c, count * s.outputs, s.out, offsets + c, channels,
                    has_relu);
      }
    }
  });
  count_executed_macs(s.frames * nodes * s.out * (s.in + s.outputs));
  return out;
}

struct Gradients {
  at::Tensor graph, rows, weight;  // as the operands
};

/// gradient: (N, T, R, C_out), dense
template <class Scalar>
Gradients gradients_of(const at::Tensor& graph, const at::Tensor& rows, const at::Tensor& weight,
                       const at::Tensor& gradient) {
  const Sizes s(graph, rows, weight);
  const auto panels = Panels::of<Scalar>(s.in);
  const int64_t columns = s.scales * panels.width, nodes = s.outputs * s.scales;
  const int64_t length = std::max(divide_up(s.frames, kPartialSums), kFramesOfPartialSum);
  const int64_t parts = divide_up(s.frames, length);
  const at::Tensor packed = panels.split(weight);  // (panels, C_out, S, width)
  const at::Tensor matrix =
      graph.permute({1, 0, 2}).reshape({nodes, s.inputs}).contiguous();  // (R*S, P)
  const at::Tensor to_rows = at::empty(rows.sizes(), rows.options());
  const at::Tensor to_packed =
      at::zeros({parts, panels.count, s.out, s.scales, panels.width}, rows.options());
  const at::Tensor to_matrix =
      at::zeros({parts, panels.count, nodes, s.inputs}, rows.options().dtype(at::kDouble));
  const auto *x = rows.data_ptr<Scalar>(), *g = gradient.data_ptr<Scalar>(),
             *weights = packed.data_ptr<Scalar>(), *edges = matrix.data_ptr<Scalar>();
  auto *to_x = to_rows.data_ptr<Scalar>(), *to_weights = to_packed.data_ptr<Scalar>();
  auto* to_edges = to_matrix.data_ptr<double>();
  const int64_t block = s.frames_in_cache<Scalar>(s.outputs, panels);
  const int64_t frame_in = s.inputs * s.in, frame_out = s.outputs * s.out;
  at::parallel_for(0, parts * panels.count, 1, [&](int64_t begin, int64_t end) {
    const Scratch<Scalar> between(block * s.outputs * columns / lane_count<Scalar>());
    RowProducts<Scalar> of_nodes(nodes, s.inputs);
    for (int64_t i = begin; i < end; ++i) {
      const auto [panel, c, channels, first, last] = panels.task(i, length, s.frames);
      for (int64_t t = first; t < last; t += block) {
        const int64_t count = std::min(block, last - t);
        const auto* g_here = g + t * frame_out;
        // The gradient of what a gathered input is: gradient * weight, (count, R, S, width).
        multiply_rows<Scalar>({count * s.outputs, s.out, columns}, {g_here, s.out, 1},
                              {weights + panel * s.out * columns, columns, 1},
                              {between.data, columns, 1}, /*is_added=*/false);
        for (int64_t k = 0; k < count; ++k)
          multiply_rows<Scalar>({s.inputs, nodes, channels}, {edges, 1, s.inputs},
                                {between.data + k * s.outputs * columns, panels.width, 1},
                                {to_x + (t + k) * frame_in + c, s.in, 1}, /*is_added=*/false);
        of_nodes.add({count, nodes, s.inputs, channels},
                     {between.data, s.outputs * columns, panels.width},
                     {x + t * frame_in + c, frame_in, s.in});
        // The gathered inputs themselves, in the same place.
        for (int64_t k = 0; k < count; ++k)
          multiply_rows<Scalar>({nodes, s.inputs, channels}, {edges, s.inputs, 1},
                                {x + (t + k) * frame_in + c, s.in, 1},
                                {between.data + k * s.outputs * columns, panels.width, 1},
                                /*is_added=*/false);
        multiply_rows<Scalar>({s.out, count * s.outputs, columns}, {g_here, 1, s.out},
                              {between.data, columns, 1},
                              {to_weights + i * s.out * columns, columns, 1}, /*is_added=*/true);
      }
      of_nodes.move_to(to_edges + i * nodes * s.inputs);
    }
  });
  const auto to_graph = to_matrix.sum(at::IntArrayRef{0, 1})
                            .to(rows.scalar_type())
                            .view({s.outputs, s.scales, s.inputs})
                            .transpose(0, 1);
  return {to_graph, to_rows, panels.joined(to_packed.sum(0))};
}

class MultiScaleMatmul : public torch::autograd::Function<MultiScaleMatmul> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& graph,
                            const at::Tensor& rows_in, const at::Tensor& weight,
                            const at::Tensor& bias, const Remake& remake) {
    const auto rows = rows_in.contiguous();
    save_for_backward(*context, rows, remake, {graph, weight});
    at::Tensor out;
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "multi_scale_matmul", [&] {
      out = product<scalar_t>(graph, rows, weight, bias.contiguous(), /*has_relu=*/false);
    });
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = saved_variables(*context);
    const auto gradient = gradients[0].contiguous();
    Gradients to;
    AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "multi_scale_matmul_backward", [&] {
      to = gradients_of<scalar_t>(saved[1], saved[0].contiguous(), saved[2], gradient);
    });
    return {to.graph, to.rows, to.weight, sum_of_rows(gradient.view({-1, gradient.size(3)})), {}};
  }
};

void check(const at::Tensor& graph, const at::Tensor& rows, const at::Tensor& weight,
           const at::Tensor& bias) {
  TORCH_CHECK(graph.dim() == 3 && rows.dim() == 4 && weight.dim() == 3 &&
                  graph.size(2) == rows.size(2) && weight.size(1) == graph.size(0) &&
                  weight.size(2) == rows.size(3) && bias.numel() == weight.size(0),
              "multi_scale_matmul: graph ", graph.sizes(), " (S,R,P), rows ", rows.sizes(),
              " (N,T,P,C_in), weight ", weight.sizes(), " (C_out,S,C_in) and bias ", bias.sizes(),
              " do not fit");
}

}  // namespace

at::Tensor multi_scale_matmul(const at::Tensor& graph, const at::Tensor& rows,
                              const at::Tensor& weight, const at::Tensor& bias,
                              const Remake& remake) {
  check(graph, rows, weight, bias);
  if (rows.device().is_cpu()) return MultiScaleMatmul::apply(graph, rows, weight, bias, remake);
  const int64_t s = graph.size(0), out = weight.size(0);
  const auto mixed = at::matmul(rows, weight.permute({2, 1, 0}).reshape({-1, s * out}))
                         .view({rows.size(0), rows.size(1), -1, out});  // (N, T, P*S, C_out)
  return at::matmul(graph.permute({1, 2, 0}).reshape({graph.size(1), -1}), mixed) + bias;
}

at::Tensor multi_scale_matmul_relu(const at::Tensor& graph, const at::Tensor& rows,
                                   const at::Tensor& weight, const at::Tensor& bias) {
  check(graph, rows, weight, bias);
  if (!rows.device().is_cpu()) return multi_scale_matmul(graph, rows, weight, bias).relu_();
  at::Tensor out;
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "multi_scale_matmul_relu", [&] {
    out = product<scalar_t>(graph, rows.contiguous(), weight, bias.contiguous(), /*has_relu=*/true);
  });
  return out;
}

}  // namespace kinegraph
