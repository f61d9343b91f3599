#include "models/layers/stgcn_blocks.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>

#include "framework/base/error.h"
#include "framework/model/output_trace.h"
#include "models/kernels/dropout.h"
#include "models/layers/input_norm.h"

namespace kinegraph {
namespace {

torch::nn::Conv2d temporal_conv(int64_t channels, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, {kernel, 1})
                               .stride({stride, 1})
                               .padding({(kernel - 1) / 2, 0}));
}

void initialise_as_authors(torch::nn::Module& owner) {
  for (const auto& module : owner.modules(/*include_self=*/false)) {
    if (auto* conv = module->as<torch::nn::Conv2d>()) {
      torch::nn::init::normal_(conv->weight, 0, 0.02);
      torch::nn::init::zeros_(conv->bias);
    } else if (auto* norm = module->as<torch::nn::BatchNorm2d>()) {
      torch::nn::init::normal_(norm->weight, 1, 0.02);
    } else if (auto* data_norm = module->as<torch::nn::BatchNorm1d>()) {
      torch::nn::init::normal_(data_norm->weight, 1, 0.02);
    }
  }
}

}  // namespace

StgcnTemporalImpl::StgcnTemporalImpl(int64_t channels, int64_t kernel, int64_t stride,
                                     double dropout)
    : dropout_(dropout) {
  norm_in = register_module("0", torch::nn::BatchNorm2d(channels));
  conv_ = register_module("2", temporal_conv(channels, kernel, stride));
  norm_out_ = register_module("3", torch::nn::BatchNorm2d(channels));
}

at::Tensor StgcnTemporalImpl::forward(const at::Tensor& x, const Finish& finish) {
  const bool has_dropout = dropout_ > 0 && is_training();
  if (!has_dropout && !is_traced()) return conv_norm(x, conv_, norm_out_, finish);
  const auto y = parallel_dropout(conv_norm(x, conv_, norm_out_), dropout_, is_training());
  show_output(*this, y);
  return finished(y, finish);
}

StgcnBlockImpl::StgcnBlockImpl(const StgcnBlockOptions& options) : residual_(options.residual) {
  gcn_ = register_module(
      "gcn",
      GraphConv(GraphConvOptions{options.in_channels, options.out_channels, options.num_subsets}));
  tcn_ = register_module("tcn", StgcnTemporal(options.out_channels, options.temporal_kernel,
                                              options.stride, options.dropout));
  if (residual_ == Residual::kProjection)
    projection_ = register_module(
        "residual", Projection(options.in_channels, options.out_channels, options.stride));
}

at::Tensor StgcnBlockImpl::activate(const at::Tensor& x, const at::Tensor& adjacency,
                                    const at::Tensor& is_edge, const Finish& finish) {
  if (!is_traced()) return gcn_->forward_normed(x, adjacency, is_edge, tcn_->norm_in, finish);
  const auto y = gcn_(x, adjacency, is_edge);
  show_output(*gcn_, y);
  return norm(y, {tcn_->norm_in}, finish);
}

at::Tensor StgcnBlockImpl::forward(const at::Tensor& x, const at::Tensor& adjacency,
                                   const at::Tensor& is_edge) {
  Finish finish{{}, /*relu=*/true};
  const auto active = activate(x, adjacency, is_edge, finish);
  if (residual_ == Residual::kIdentity) finish.add = x;
  if (residual_ == Residual::kProjection) {
    finish.add = projection_(x);
    show_output(*projection_, finish.add);
  }
  const auto y = tcn_(active, finish);
  show_output(*this, y);
  return y;
}

StgcnTrunk::StgcnTrunk(torch::nn::Module& owner, const StgcnOptions& options,
                       const Skeleton& skeleton, int64_t in_channels) {
  if (options.channels.empty()) throw ConfigError("backbone 'stgcn': 'channels' is empty");
  if (options.temporal_kernel % 2 == 0)
    throw ConfigError("backbone 'stgcn': 'temporal_kernel' must be odd");
  const Adjacency graph = build_graph(skeleton, options.graph);
  adjacency_ = owner.register_buffer("A", to_tensor(graph));
  data_bn_ = owner.register_module("data_bn", torch::nn::BatchNorm1d(in_channels * graph.nodes));
  add_blocks(owner, options, in_channels);
  if (options.edge_importance) {
    auto importance = owner.register_module("edge_importance", std::make_shared<NamedGroup>());
    for (size_t i = 0; i < blocks_.size(); ++i)
      edge_importance_.push_back(
          importance->register_parameter(std::to_string(i), at::ones_like(adjacency_)));
  }
  if (options.init == "authors") initialise_as_authors(owner);
}

void StgcnTrunk::add_blocks(torch::nn::Module& owner, const StgcnOptions& options,
                            int64_t in_channels) {
  auto networks = owner.register_module("st_gcn_networks", torch::nn::ModuleList());
  int64_t in = in_channels;
  for (const int64_t out : options.channels) {
    const bool is_first = blocks_.empty();
    StgcnBlockOptions block;
    block.in_channels = in;
    block.out_channels = out;
    block.num_subsets = adjacency_.size(0);
    block.temporal_kernel = options.temporal_kernel;
    block.stride = !is_first && out > in ? 2 : 1;
    block.dropout = is_first ? 0 : options.dropout;
    block.residual = is_first    ? Residual::kNone
                     : out == in ? Residual::kIdentity
                                 : Residual::kProjection;
    blocks_.emplace_back(block);
    networks->push_back(blocks_.back());
    in = out;
  }
  out_channels_ = in;
}

at::Tensor StgcnTrunk::forward(const at::Tensor& x) {
  const PersonRows persons(data_bn_, InputNorm::kShared, x);
  auto y = persons.rows();
  const auto is_edge = adjacency_.ne(0);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const auto adjacency = edge_importance_.empty() ? adjacency_ : adjacency_ * edge_importance_[i];
    y = blocks_[i](y, adjacency, is_edge);
  }
  return persons.per_clip(y);
}

}  // namespace kinegraph
