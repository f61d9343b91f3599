#include "models/layers/multi_scale_graph_conv.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

MultiScaleGraphOptions options_of(int64_t in, int64_t out, int64_t window, int64_t stride) {
  MultiScaleGraphOptions options;
  options.graph.partition = "k_hop";
  options.graph.num_scales = 3;
  options.in_channels = in;
  options.out_channels = out;
  options.window = window;
  options.stride = stride;
  return options;
}

/// Evaluation with weights and statistics that are not those of the start.
void settle(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  module.to(at::kDouble);
  for (auto& parameter : module.parameters()) parameter.add_(at::randn_like(parameter) * 0.1);
  for (auto& buffer : module.named_buffers())
    if (buffer.key().find("running") != std::string::npos) buffer.value().add_(0.5);
  module.eval();
}

at::Tensor input_of(int64_t channels) {
  return at::randn({2, channels, 11, 25}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast);
}

/// Without gradients the norms are folded and the ReLU is part of the product.
TEST(MultiScaleGraphConv, IsTheSameWithItsNormFolded) {
  at::manual_seed(1);
  for (int64_t in : {4, 20})  // gathers first, mixes first
    for (int64_t window : {1, 3})
      for (int64_t stride : {1, 2}) {
        MultiScaleGraphConv layer(Skeleton::load("ntu25"), options_of(in, 12, window, stride));
        settle(*layer);
        const auto x = input_of(in);
        const auto plain = layer(x).detach();
        const at::NoGradGuard no_grad;
        EXPECT_LE(error_of(layer(x), plain), 1e-13) << in << " " << window << " " << stride;
      }
}

TEST(WindowGraphConv, IsTheSameWithItsNormsFolded) {
  at::manual_seed(1);
  WindowGraphConv layer(Skeleton::load("ntu25"), options_of(6, 10, 3, 2), /*embedded_channels=*/5);
  settle(*layer);
  const auto x = input_of(6), add = at::randn({2, 10, 6, 25}, at::kDouble);
  const auto finished = [&] { return layer->forward(x, Finish{add, /*relu=*/true}); };
  const auto plain = finished().detach();
  const at::NoGradGuard no_grad;
  EXPECT_LE(error_of(finished(), plain), 1e-13);
}

}  // namespace
}  // namespace kinegraph
