#include "models/layers/msg3d_blocks.h"

#include <ATen/ATen.h>

#include "framework/model/output_trace.h"

namespace kinegraph {

ResidualTemporalConvImpl::ResidualTemporalConvImpl(const TemporalBranches& branches, int64_t in,
                                                   int64_t out, int64_t stride, bool has_relu)
    : conv_(branches, in, out, stride), has_relu_(has_relu) {
  for (const auto& item : conv_->named_children()) register_module(item.key(), item.value());
  if (in != out || stride != 1)
    residual_ = register_module("residual",
                                TemporalConv(TemporalConvOptions{in, out, /*kernel=*/1, stride}));
}

at::Tensor ResidualTemporalConvImpl::forward(const at::Tensor& x) {
  return conv_(x, Finish{residual_ ? residual_(x) : x, has_relu_});
}

Msg3dStageOptions Msg3dGraphOptions::stage() const {
  Msg3dStageOptions options;
  options.graph = graph;
  options.graph_scales = graph_scales;
  options.window_scales = window_scales;
  options.receiver = receiver == "row" ? Receiver::kRow : Receiver::kColumn;
  return options;
}

Msg3dStage::Msg3dStage(torch::nn::Module& owner, const std::string& name, const Skeleton& skeleton,
                       const Msg3dStageOptions& options) {
  const int64_t in = options.in_channels, middle = options.middle_channels,
                out = options.out_channels;
  MultiScaleGraphOptions graph;
  graph.graph = options.graph;
  graph.receiver = options.receiver;
  graph.in_channels = in;

  auto windows = owner.register_module("gcn3d" + name, std::make_shared<NamedGroup>());
  auto list = windows->register_module("gcn3d", std::make_shared<NamedGroup>());
  graph.graph.num_scales = options.window_scales;
  graph.out_channels = out;
  graph.stride = options.stride;
  for (size_t i = 0; i < options.windows.size(); ++i) {
    graph.window = options.windows[i];
    // The first stage widens 3 coordinates; later ones keep their width until the window closes.
    const int64_t embedded = in < middle ? out : in;
    windows_.push_back(
        list->register_module(std::to_string(i), WindowGraphConv(skeleton, graph, embedded)));
  }

  auto path = owner.register_module("sgcn" + name, std::make_shared<NamedGroup>());
  graph.graph.num_scales = options.graph_scales;
  graph.out_channels = middle;
  graph.window = graph.stride = 1;
  graph_conv_ = path->register_module("0", MultiScaleGraphConv(skeleton, graph));
  first_ = path->register_module(
      "1", ResidualTemporalConv(options.temporal, middle, out, options.stride, true));
  second_ = path->register_module("2", ResidualTemporalConv(options.temporal, out, out, 1, false));
  last_ = owner.register_module("tcn" + name,
                                ResidualTemporalConv(options.temporal, out, out, 1, true));
}

at::Tensor Msg3dStage::forward(const at::Tensor& x) {
  const auto shown = [](const auto& layer, const at::Tensor& output) {
    show_output(*layer, output);
    return output;
  };
  auto y = shown(graph_conv_, graph_conv_(x));
  y = shown(first_, first_(y));
  y = shown(second_, second_(y));
  if (windows_.empty()) y = y.relu();
  for (auto& window : windows_) {
    const Finish finish{y, /*relu=*/&window == &windows_.back()};
    y = is_traced() ? finished(shown(window, window(x, Finish{})), finish) : window(x, finish);
  }
  return shown(last_, last_(y));
}

}  // namespace kinegraph
