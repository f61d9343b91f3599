#include "models/layers/adaptive_graph_conv.h"

namespace kinegraph {
namespace {

struct AagcnOptions : AgcnOptions {
  AagcnOptions() {
    similarity = "tanh";
    attention = true;
  }
};

class Aagcn : public TrunkBackbone {
 public:
  using Options = AagcnOptions;

  Aagcn(const Options& options, const Context& context) {
    set_trunk(
        make_agcn_trunk(*this, options, context.skeleton, context.input("keypoints"), "aagcn"));
  }
};

KINEGRAPH_REGISTER(Backbone, "aagcn", Aagcn,
                   "AGCN with a learned graph and attention (MS-AAGCN; Shi et al., TIP 2020)")

}  // namespace
}  // namespace kinegraph
