#include <ATen/ATen.h>

#include "framework/model/backbone.h"
#include "models/layers/graph_conv.h"
#include "models/layers/input_norm.h"
#include "models/layers/msg3d_blocks.h"

namespace kinegraph {
namespace {

struct Msg3dOptions : Msg3dGraphOptions {
  std::vector<int64_t> channels{96, 192, 384};

  template <class Fields>
  void describe(Fields& field) {
    Msg3dGraphOptions::describe(field);
    field("channels", channels, "width of each stage; all but the first halve the frames",
          Range{6, 4096});
  }
};

/// Three stages of factorised and windowed graph convolutions (Liu et al., CVPR 2020).
class Msg3d : public Backbone {
 public:
  using Options = Msg3dOptions;

  Msg3d(const Options& options, const Context& context) {
    if (options.channels.empty()) throw ConfigError("backbone 'msg3d': 'channels' is empty");
    const InputShape& input = context.input("keypoints");
    GraphOptions edges;
    edges.partition = "binary";
    edges.edge_set = options.graph.edge_set;
    register_buffer("const_A", to_tensor(build_graph(context.skeleton, edges))[0]);
    data_bn_ = register_module("data_bn", make_input_norm(input, InputNorm::kPerPerson));
    auto stage = options.stage();
    stage.in_channels = input.channels;
    for (size_t i = 0; i < options.channels.size(); ++i) {
      stage.out_channels = options.channels[i];
      stage.middle_channels = i == 0 ? stage.out_channels : stage.in_channels;
      stage.stride = i == 0 ? 1 : 2;
      stages_.emplace_back(*this, std::to_string(i + 1), context.skeleton, stage);
      stage.in_channels = out_channels_ = stage.out_channels;
    }
  }

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"features", out_channels_}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    const PersonRows persons(data_bn_, InputNorm::kPerPerson, inputs.at("keypoints"));
    auto y = persons.rows();
    for (auto& stage : stages_) y = stage.forward(y);
    return {{"features", persons.per_clip(y)}};
  }

 private:
  torch::nn::BatchNorm1d data_bn_{nullptr};
  std::vector<Msg3dStage> stages_;
  int64_t out_channels_ = 0;
};

KINEGRAPH_REGISTER(Backbone, "msg3d", Msg3d,
                   "MS-G3D: multi-scale and windowed graph convolutions (Liu et al., CVPR 2020)")

}  // namespace
}  // namespace kinegraph
