#include "models/layers/adaptive_graph_conv.h"

namespace kinegraph {
namespace {

class Agcn : public TrunkBackbone {
 public:
  using Options = AgcnOptions;

  Agcn(const Options& options, const Context& context) {
    set_trunk(
        make_agcn_trunk(*this, options, context.skeleton, context.input("keypoints"), "agcn"));
  }
};

KINEGRAPH_REGISTER(Backbone, "agcn", Agcn,
                   "one stream of 2s-AGCN: adaptive graph convolutions (Shi et al., CVPR 2019)")

}  // namespace
}  // namespace kinegraph
