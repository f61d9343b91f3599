#include "models/layers/adaptive_graph_conv.h"

namespace kinegraph {
namespace {

class Agcn : public Backbone {
 public:
  using Options = AgcnOptions;

  Agcn(const Options& options, const Context& context)
      : trunk_(make_agcn_trunk(*this, options, context.skeleton, context.input("keypoints"),
                               "agcn")) {}

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"features", trunk_.out_channels()}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    return {{"features", trunk_.forward(inputs.at("keypoints"))}};
  }

 private:
  UnitTrunk trunk_;
};

KINEGRAPH_REGISTER(Backbone, "agcn", Agcn,
                   "one stream of 2s-AGCN: adaptive graph convolutions (Shi et al., CVPR 2019)")

}  // namespace
}  // namespace kinegraph
