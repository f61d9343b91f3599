#include "framework/model/backbone.h"
#include "models/layers/stgcn_blocks.h"

namespace kinegraph {
namespace {

class Stgcn : public Backbone {
 public:
  using Options = StgcnOptions;

  Stgcn(const Options& options, const Context& context)
      : trunk_(*this, options, context.skeleton, context.inputs.at("keypoints").channels) {}

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"features", trunk_.out_channels()}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    return {{"features", trunk_.forward(inputs.at("keypoints"))}};
  }

 private:
  StgcnTrunk trunk_;
};

KINEGRAPH_REGISTER(Backbone, "stgcn", Stgcn,
                   "ST-GCN: spatial temporal graph convolutions (Yan et al., AAAI 2018)")

}  // namespace
}  // namespace kinegraph
