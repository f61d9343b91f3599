#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>

#include <cmath>

#include "framework/model/backbone.h"
#include "models/kernels/dropout.h"

namespace kinegraph {
namespace {

/// Mean over frames and joints, then over persons (absent ones count, as published), dropout, one
/// linear layer.
class GcnHead : public Head {
 public:
  struct Options {
    std::string feature = "features";
    double dropout = 0.0;
    std::string init = "normal";
    double init_std = 0.01;

    template <class Fields>
    void describe(Fields& field) {
      field("feature", feature, "feature of the backbone that it reads");
      field("dropout", dropout, "before the linear layer", Range{0, 1});
      field("init", init,
            "normal: weights N(0, init_std), biases 0 (PYSKL); classes: weights N(0, sqrt(2 / K)) "
            "(2s-AGCN, CTR-GCN, Shift-GCN); default: LibTorch's own (MS-G3D, DualHead-Net)",
            OneOf{{"normal", "classes", "default"}});
      field("init_std", init_std, "see init", Range{0});
    }
  };

  GcnHead(const Options& options, const Context& context) : options_(options) {
    const int64_t channels = channels_of(context.feature_channels, options.feature);
    fc_ = register_module("fc", torch::nn::Linear(channels, context.num_classes));
    if (options.init == "classes")
      torch::nn::init::normal_(fc_->weight, 0,
                               std::sqrt(2.0 / static_cast<double>(context.num_classes)));
    if (options.init != "normal") return;
    torch::nn::init::normal_(fc_->weight, 0, options.init_std);
    torch::nn::init::zeros_(fc_->bias);
  }

  at::Tensor forward(const NamedTensors& features) override {
    const auto& x = features.at(options_.feature);
    TORCH_CHECK(x.dim() == 5, "head 'gcn': expected (N,M,C,T,V), found ", x.sizes());
    // Channels last as in memory, so that the gradient lies there alike.
    const auto mean = x.permute({0, 1, 3, 4, 2}).mean({2, 3}).mean(1);
    return fc_(parallel_dropout(mean, options_.dropout, is_training()));
  }

 private:
  Options options_;
  torch::nn::Linear fc_{nullptr};
};

KINEGRAPH_REGISTER(Head, "gcn", GcnHead, "mean over frames, joints and persons, one linear layer")

}  // namespace
}  // namespace kinegraph
