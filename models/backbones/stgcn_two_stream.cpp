#include <ATen/ATen.h>

#include "framework/model/backbone.h"
#include "models/layers/stgcn_blocks.h"

namespace kinegraph {
namespace {

class Stream : public torch::nn::Module {
 public:
  Stream(const StgcnOptions& options, const Backbone::Context& context)
      : trunk_(*this, options, context.skeleton, context.inputs.at("keypoints").channels) {}
  at::Tensor forward(const at::Tensor& x) { return trunk_.forward(x); }
  int64_t out_channels() const { return trunk_.out_channels(); }

 private:
  StgcnTrunk trunk_;
};

/// x_t - (x_{t+1} + x_{t-1}) / 2 along T of (N, M, T, V, C), zero at both ends.
at::Tensor second_difference(const at::Tensor& x) {
  auto motion = at::zeros_like(x);
  const int64_t frames = x.size(2);
  if (frames > 2)
    motion.narrow(2, 1, frames - 2)
        .copy_(x.narrow(2, 1, frames - 2) - 0.5 * x.narrow(2, 2, frames - 2) -
               0.5 * x.narrow(2, 0, frames - 2));
  return motion;
}

/// Two ST-GCNs, on the joints and on their second difference; one feature each.
class StgcnTwoStream : public Backbone {
 public:
  using Options = StgcnOptions;

  StgcnTwoStream(const Options& options, const Context& context) {
    origin_ = register_module("origin_stream", std::make_shared<Stream>(options, context));
    motion_ = register_module("motion_stream", std::make_shared<Stream>(options, context));
  }

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"origin", origin_->out_channels()}, {"motion", motion_->out_channels()}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    const auto& x = inputs.at("keypoints");
    return {{"origin", origin_->forward(x)}, {"motion", motion_->forward(second_difference(x))}};
  }

 private:
  std::shared_ptr<Stream> origin_, motion_;
};

KINEGRAPH_REGISTER(Backbone, "stgcn_two_stream", StgcnTwoStream,
                   "two ST-GCNs, on joints and on their second difference (st-gcn repository)")

}  // namespace
}  // namespace kinegraph
