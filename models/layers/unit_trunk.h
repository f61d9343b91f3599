// The trunk that AGCN, CTR-GCN, Shift-GCN, ST-GCN++ and DG-STGCN share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/layers/input_norm.h"
#include "models/layers/temporal_conv.h"

namespace kinegraph {

/// (N, C, T, V) -> (N, C', T', V).
class Layer : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& x) = 0;
  /// relu(forward(x) + finish.add); for layers that can do it as they make their result.
  virtual at::Tensor forward_finished(const at::Tensor& x, const Finish& finish) {
    return finished(forward(x), finish);
  }
};

/// A unit's place in the trunk.
struct UnitShape {
  int64_t in_channels = 3, out_channels = 64, stride = 1;
};

/// The published names of the parts.
struct UnitNames {
  std::string list;  // name of the list of units, counted from 0; empty: units are l1, l2, ...
  std::string spatial = "gcn1", temporal = "tcn1";
};

struct UnitTrunkParts {
  std::vector<int64_t> channels;  // of each unit; a unit that widens, but the first, halves T
  InputNorm input_norm = InputNorm::kPerPerson;
  UnitNames names;
  /// C_in -> C_out, T unchanged.
  std::function<std::shared_ptr<Layer>(const UnitShape&)> make_spatial;
  /// C_out -> C_out with the stride.
  std::function<std::shared_ptr<Layer>(const UnitShape&)> make_temporal;
  /// Initialises the projection of a residual path; may be empty (LibTorch's own).
  std::function<void(TemporalConv&)> init_projection;
};

/// The usual widths of ten units.
inline std::vector<int64_t> ten_unit_channels() {
  return {64, 64, 64, 64, 128, 128, 128, 256, 256, 256};
}

/// Input BatchNorm, then units y = relu(temporal(spatial(x)) + residual(x)); the residual is none
/// in the first unit, x itself where the shape stays, else a strided 1x1 convolution with
/// BatchNorm.
///
/// Not a module itself: the published names have no prefix for the trunk, so it registers its
/// parts in `owner`, which must outlive it. `backbone` names the component in messages.
class UnitTrunk {
 public:
  UnitTrunk(torch::nn::Module& owner, const InputShape& input, const UnitTrunkParts& parts,
            const std::string& backbone);
  /// (N, M, T, V, C) -> (N, M, C', T', V)
  at::Tensor forward(const at::Tensor& x);
  int64_t out_channels() const { return out_channels_; }

 private:
  struct Unit {
    const torch::nn::Module* module = nullptr;  // holds the parts; owned by the owner
    std::shared_ptr<Layer> spatial, temporal;
    TemporalConv projection{nullptr};
    bool has_residual = true;
  };

  static at::Tensor run(Unit& unit, const at::Tensor& x);
  void add_unit(torch::nn::Module& unit_module, const UnitShape& shape,
                const UnitTrunkParts& parts);

  InputNorm input_norm_kind_;
  torch::nn::BatchNorm1d data_bn_{nullptr};
  std::vector<Unit> units_;
  int64_t out_channels_ = 0;
};

/// A backbone that is a trunk and nothing else: "keypoints" to "features".
class TrunkBackbone : public Backbone {
 public:
  std::map<std::string, int64_t> feature_channels() const override {
    return {{"features", trunk_->out_channels()}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    return {{"features", trunk_->forward(inputs.at("keypoints"))}};
  }

 protected:
  /// For the constructor: the trunk registers its parts in the backbone.
  void set_trunk(UnitTrunk trunk) { trunk_ = std::move(trunk); }

 private:
  std::optional<UnitTrunk> trunk_;
};

}  // namespace kinegraph
