#include "models/kernels/channelwise.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "framework/model/cost_meter.h"
#include "models/kernels/channel_kernel.h"
#include "models/kernels/divide_up.h"

namespace kinegraph {
namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr int64_t kTaskChannels = 64;  // four cache lines of float32 side by side

/// As aggregate_channelwise() has them; K subsets side by side in the channels of `from`.
struct ChannelwiseSizes {
  int64_t clips, subsets, channels, frames, inputs, outputs;

  ChannelwiseSizes(const at::Tensor& from, at::TensorList graphs)
      : clips(from.size(0)),
        subsets(static_cast<int64_t>(graphs.size())),
        channels(graphs[0].size(1)),
        frames(from.size(2)),
        inputs(graphs[0].size(2)),
        outputs(graphs[0].size(3)) {}

  std::vector<int64_t> input_offsets() const {
    std::vector<int64_t> offsets;
    for (int64_t k = 0; k < subsets; ++k)
      for (int64_t u = 0; u < inputs; ++u) offsets.push_back((u * subsets + k) * channels);
    return offsets;
  }
  std::vector<int64_t> output_offsets() const {
    std::vector<int64_t> offsets;
    for (int64_t w = 0; w < outputs; ++w) offsets.push_back(w * channels);
    return offsets;
  }
  int64_t input_frame() const { return inputs * subsets * channels; }
  int64_t output_frame() const { return outputs * channels; }
};

/// Runs task(clip, first channel, channels) for every clip and block of channels.
template <class Task>
void for_each_block(const ChannelwiseSizes& sizes, const Task& task) {
  const int64_t blocks = divide_up(sizes.channels, kTaskChannels);
  at::parallel_for(0, sizes.clips * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kTaskChannels;
      task(i / blocks, first, std::min(kTaskChannels, sizes.channels - first));
    }
  });
}

/// Entry (u, 0) of every subset's graph for a clip, from channel `first` on.
template <class Scalar, class Entry>
std::vector<Entry*> graph_entries(at::TensorList graphs, int64_t clip, int64_t first) {
  std::vector<Entry*> entries;
  for (const auto& graph : graphs)
    for (int64_t u = 0; u < graph.size(2); ++u)
      entries.push_back(graph.data_ptr<Scalar>() + clip * graph.stride(0) + first +
                        u * graph.stride(2));
  return entries;
}

at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(kLast); }

/// Graphs with adjacent channels and strides alike.
std::vector<at::Tensor> with_equal_strides(at::TensorList graphs) {
  std::vector<at::Tensor> result;
  const bool is_fit = std::all_of(graphs.begin(), graphs.end(), [&](const at::Tensor& graph) {
    return graph.stride(1) == 1 && graph.strides() == graphs[0].strides() &&
           graph.is_non_overlapping_and_dense();
  });
  for (const auto& graph : graphs) result.push_back(is_fit ? graph : channels_last(graph));
  return result;
}

at::Tensor gathered(const at::Tensor& x, at::TensorList graphs) {
  const ChannelwiseSizes sizes(x, graphs);
  const auto in = sizes.input_offsets(), out = sizes.output_offsets();
  auto result = at::empty({sizes.clips, sizes.channels, sizes.frames, sizes.outputs},
                          x.options().memory_format(kLast));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "aggregate_channelwise", [&] {
    const auto* from = x.data_ptr<scalar_t>();
    auto* to = result.data_ptr<scalar_t>();
    for_each_block(sizes, [&](int64_t clip, int64_t first, int64_t channels) {
      const auto entries = graph_entries<scalar_t, const scalar_t>(graphs, clip, first);
      gather_channels<scalar_t>(
          {sizes.frames, channels},
          {from + clip * sizes.frames * sizes.input_frame() + first, sizes.input_frame(), in},
          {entries, graphs[0].stride(3)},
          {to + clip * sizes.frames * sizes.output_frame() + first, sizes.output_frame(), out});
    });
  });
  return result;
}

at::Tensor scattered(const at::Tensor& gradient, at::TensorList graphs) {
  const ChannelwiseSizes sizes(gradient, graphs);
  const auto in = sizes.input_offsets(), out = sizes.output_offsets();
  auto result = at::empty({sizes.clips, sizes.subsets * sizes.channels, sizes.frames, sizes.inputs},
                          gradient.options().memory_format(kLast));
  AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "aggregate_channelwise_grad", [&] {
    const auto* from = gradient.data_ptr<scalar_t>();
    auto* to = result.data_ptr<scalar_t>();
    for_each_block(sizes, [&](int64_t clip, int64_t first, int64_t channels) {
      const auto entries = graph_entries<scalar_t, const scalar_t>(graphs, clip, first);
      scatter_channels<scalar_t>(
          {sizes.frames, channels},
          {from + clip * sizes.frames * sizes.output_frame() + first, sizes.output_frame(), out},
          {entries, graphs[0].stride(3)},
          {to + clip * sizes.frames * sizes.input_frame() + first, sizes.input_frame(), in});
    });
  });
  return result;
}

std::vector<at::Tensor> graph_gradients(const at::Tensor& x, const at::Tensor& gradient,
                                        at::TensorList graphs) {
  const ChannelwiseSizes sizes(x, graphs);
  const auto in = sizes.input_offsets(), out = sizes.output_offsets();
  std::vector<at::Tensor> results;
  for (const auto& graph : graphs) results.push_back(at::empty_like(graph));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "aggregate_channelwise_grad", [&] {
    const auto* from = x.data_ptr<scalar_t>();
    const auto* to = gradient.data_ptr<scalar_t>();
    for_each_block(sizes, [&](int64_t clip, int64_t first, int64_t channels) {
      const auto entries = graph_entries<scalar_t, scalar_t>(results, clip, first);
      channel_products<scalar_t>(
          {sizes.frames, channels},
          {from + clip * sizes.frames * sizes.input_frame() + first, sizes.input_frame(), in},
          {to + clip * sizes.frames * sizes.output_frame() + first, sizes.output_frame(), out},
          {entries, results[0].stride(3)});
    });
  });
  return results;
}

class AggregateChannelwise : public torch::autograd::Function<AggregateChannelwise> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x_in,
                            at::TensorList graphs_in) {
    const auto x = channels_last(x_in);
    const auto graphs = with_equal_strides(graphs_in);
    auto saved = graphs;
    saved.push_back(x);
    context->save_for_backward(saved);
    return gathered(x, graphs);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    auto graphs = context->get_saved_variables();
    const auto x = graphs.back();
    graphs.pop_back();
    const auto gradient = channels_last(grads[0]);
    torch::autograd::tensor_list results(1 + graphs.size());
    if (context->needs_input_grad(0)) results[0] = scattered(gradient, graphs);
    if (context->needs_input_grad(1)) {
      const auto to_graphs = graph_gradients(x, gradient, graphs);
      std::copy(to_graphs.begin(), to_graphs.end(), results.begin() + 1);
    }
    return results;
  }
};

}  // namespace

at::Tensor aggregate_channelwise(const at::Tensor& x, at::TensorList graphs) {
  const auto subsets = static_cast<int64_t>(graphs.size());
  for (const auto& graph : graphs)
    TORCH_CHECK(x.dim() == 4 && graph.dim() == 4 && graph.sizes() == graphs[0].sizes() &&
                    graph.size(0) == x.size(0) && subsets * graph.size(1) == x.size(1) &&
                    graph.size(2) == x.size(3),
                "aggregate_channelwise: x ", x.sizes(), " (N,K*C,T,U) does not fit ", subsets,
                " graphs ", graph.sizes(), " (N,C,U,W)");
  if (x.device().is_cpu()) {
    count_executed_macs(x.numel() * graphs[0].size(3));
    return AggregateChannelwise::apply(x, graphs);
  }
  at::Tensor sum;
  for (int64_t k = 0; k < subsets; ++k) {
    const auto& graph = graphs[static_cast<size_t>(k)];
    const auto part = at::matmul(x.narrow(1, k * graph.size(1), graph.size(1)), graph);
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

}  // namespace kinegraph
