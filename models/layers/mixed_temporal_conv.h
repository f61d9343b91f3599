#pragma once

#include "models/layers/branched_temporal_conv.h"
#include "models/layers/unit_trunk.h"

namespace kinegraph {

struct MixedTemporalOptions {
  TemporalBranches branches{{1, 2, 3, 4}, 3, /*has_branch_norm=*/false, /*is_first_wider=*/true};
  double dropout = 0.0;
  /// Append the mean over all joints as one more joint; every joint then adds it to its own result,
  /// scaled by a learned factor that starts at 0 (DG-STGCN).
  bool has_global_joint = false;

  template <class Fields>
  void describe(Fields& field) {
    field("dilations", branches.dilations, "of the temporal branches beside pooling and 1x1",
          Range{1, 32});
    field("temporal_kernel", branches.kernel, "frames of the temporal branches, odd", Range{1, 99});
    field("dropout", dropout, "after each temporal part but the first unit's", Range{0, 1});
  }
};

/// Branches over time, then BatchNorm, ReLU and a 1x1 convolution that mixes them ("transform"),
/// BatchNorm and dropout: "mstcn" of ST-GCN++ (Duan et al., 2022), "dgmstcn" of DG-STGCN.
class MixedTemporalConv : public Layer {
 public:
  MixedTemporalConv(const MixedTemporalOptions& options, const UnitShape& shape, int64_t joints);
  at::Tensor forward(const at::Tensor& x) override;
  at::Tensor forward_finished(const at::Tensor& x, const Finish& finish) override;

 private:
  at::Tensor branch(const at::Tensor& x);

  BranchedTemporalConv branches_{nullptr};
  at::Tensor add_coeff_;
  torch::nn::BatchNorm2d transform_norm_{nullptr}, bn_{nullptr};
  torch::nn::Conv2d transform_conv_{nullptr};
  double dropout_;
};

/// The temporal parts of a UnitTrunk, the first one without dropout. Throws ConfigError, naming
/// `backbone`, for an even kernel.
std::function<std::shared_ptr<Layer>(const UnitShape&)> mixed_temporal_parts(
    MixedTemporalOptions options, int64_t joints, const std::string& backbone);

}  // namespace kinegraph
