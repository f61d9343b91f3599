#include "models/layers/adaptive_graph_conv.h"

namespace kinegraph {
namespace {

struct AagcnOptions : AgcnOptions {
  AagcnOptions() {
    similarity = "tanh";
    attention = true;
  }
};

class Aagcn : public Backbone {
 public:
  using Options = AagcnOptions;

  Aagcn(const Options& options, const Context& context)
      : trunk_(make_agcn_trunk(*this, options, context.skeleton, context.input("keypoints"),
                               "aagcn")) {}

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"features", trunk_.out_channels()}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    return {{"features", trunk_.forward(inputs.at("keypoints"))}};
  }

 private:
  UnitTrunk trunk_;
};

KINEGRAPH_REGISTER(Backbone, "aagcn", Aagcn,
                   "AGCN with a learned graph and attention (MS-AAGCN; Shi et al., TIP 2020)")

}  // namespace
}  // namespace kinegraph
