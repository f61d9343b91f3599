#include <ATen/ATen.h>
#include <torch/nn/init.h>

#include "framework/model/backbone.h"
#include "framework/model/cost_meter.h"
#include "framework/model/output_trace.h"
#include "models/layers/input_norm.h"
#include "models/layers/msg3d_blocks.h"

namespace kinegraph {
namespace {

struct DualheadOptions : Msg3dGraphOptions {
  int64_t width = 96;

  DualheadOptions() { graph_scales = 9; }

  template <class Fields>
  void describe(Fields& field) {
    Msg3dGraphOptions::describe(field);
    field("width", width,
          "channels of the stem, even; the fine branch ends at twice, the coarse "
          "at four times as many",
          Range{12, 4096});
  }
};

/// DualHead-Net (Chen et al., ACM MM 2021): a stem, then a fine branch on all frames and a coarse
/// one on every second frame, which attend to each other twice: the fine branch tells the coarse
/// one which frames matter, the coarse branch tells the fine one which joints do. Features "fine"
/// and "coarse", one head each.
class Dualhead : public Backbone {
 public:
  using Options = DualheadOptions;

  Dualhead(const Options& options, const Context& context) : options_(options) {
    if (options.width % 2 != 0) throw ConfigError("backbone 'dualhead': 'width' must be even");
    const InputShape& input = context.input("keypoints");
    const int64_t w = options.width;
    data_bn_ = register_module("data_bn", make_input_norm(input, InputNorm::kPerPerson));
    stem_ = add_stage("1", context, options.stage(), input.channels, w, w, 1);
    embed_fine_ = register_module("embed_fine", pointwise_conv(w, w / 2));
    fine2_ = add_stage("2_fine", context, options.stage(), w / 2, w / 2, w, 2);
    fine3_ = add_stage("3_fine", context, options.stage(), w, w, 2 * w, 2);
    auto coarse = options.stage();
    coarse.windows = {3};
    coarse.temporal.dilations = {1, 2};
    coarse2_ = add_stage("2_coarse", context, coarse, w, w, 2 * w, 2);
    coarse3_ = add_stage("3_coarse", context, coarse, 2 * w, 2 * w, 4 * w, 2);
    add_gates(context.skeleton.joint_count());
  }

  std::map<std::string, int64_t> feature_channels() const override {
    return {{"fine", 2 * options_.width}, {"coarse", 4 * options_.width}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    const PersonRows persons(data_bn_, InputNorm::kPerPerson, inputs.at("keypoints"));
    const auto stem = stem_->forward(persons.rows());
    auto coarse = frame_rows(stem).slice(1, 0, stem.size(2), 2).permute({0, 3, 1, 2});
    auto fine = convolve(stem, embed_fine_);
    show_output(*embed_fine_, fine);
    fine = fine2_->forward(fine);
    coarse = gate_frames(coarse, fine, frame_gate2_);
    coarse = coarse2_->forward(coarse);
    fine = gate_joints(fine, coarse, joint_gate2_);
    fine = fine3_->forward(fine);
    coarse = gate_frames(coarse, fine, frame_gate3_);
    coarse = coarse3_->forward(coarse);
    fine = gate_joints(fine, coarse, joint_gate3_);
    return {{"fine", persons.per_clip(fine)}, {"coarse", persons.per_clip(coarse)}};
  }

 private:
  std::unique_ptr<Msg3dStage> add_stage(const std::string& name, const Context& context,
                                        Msg3dStageOptions stage, int64_t in, int64_t middle,
                                        int64_t out, int64_t stride) {
    stage.in_channels = in;
    stage.middle_channels = middle;
    stage.out_channels = out;
    stage.stride = stride;
    return std::make_unique<Msg3dStage>(*this, name, context.skeleton, stage);
  }

  void add_gates(int64_t joints) {
    constexpr int64_t kFrames = 9;
    const int64_t w = options_.width, span = joints % 2 == 0 ? joints - 1 : joints;
    frame_gate2_ = add_gate("conv_ta_fine_to_coarse_block_2_to_1", w, kFrames);
    frame_gate3_ = add_gate("conv_ta_fine_to_coarse_block_3_to_2", 2 * w, kFrames);
    joint_gate2_ = add_gate("conv_sa_coarse_to_fine_block_2_to_2", 2 * w, span);
    joint_gate3_ = add_gate("conv_sa_coarse_to_fine_block_3_to_3", 4 * w, span);
    for (auto* gate : {&frame_gate2_, &frame_gate3_}) torch::nn::init::zeros_((*gate)->weight);
    for (auto* gate : {&joint_gate2_, &joint_gate3_})
      torch::nn::init::xavier_normal_((*gate)->weight);
  }

  torch::nn::Conv1d add_gate(const std::string& name, int64_t channels, int64_t kernel) {
    auto conv = register_module(
        name,
        torch::nn::Conv1d(torch::nn::Conv1dOptions(channels, 1, kernel).padding((kernel - 1) / 2)));
    torch::nn::init::zeros_(conv->bias);
    return conv;
  }

  /// sigmoid(conv) + 1 along L: rows (N, L, C) -> (N, L). A convolution to one channel takes
  /// LibTorch long: here it is one matrix product with all taps, then a sum along diagonals.
  static at::Tensor gate(const at::Tensor& rows, torch::nn::Conv1d& conv) {
    const int64_t length = rows.size(1), taps = conv->weight.size(2);
    const PublishedMacs published({rows.numel() * taps, /*graph=*/0});
    // Flipped: what an output reads behind itself, an input adds to the output before itself.
    const auto products = at::matmul(rows, conv->weight[0].flip(1)).transpose(1, 2);
    const auto sums =
        at::col2im(products, {1, length}, {1, taps}, {1, 1}, {0, (taps - 1) / 2}, {1, 1});
    const auto result = sums.squeeze(2) + conv->bias;  // (N, 1, L)
    show_output(*conv, result);
    return (at::sigmoid(result) + 1).squeeze(1);
  }

  /// x * g + x with one gate g for every frame, from `guide`, which has as many frames.
  static at::Tensor gate_frames(const at::Tensor& x, const at::Tensor& guide,
                                torch::nn::Conv1d& conv) {
    const auto g = gate(frame_rows(guide).mean(2), conv);
    return (frame_rows(x) * g.unsqueeze(2).unsqueeze(3)).permute({0, 3, 1, 2});
  }

  /// x * g + x with one gate g for every joint.
  static at::Tensor gate_joints(const at::Tensor& x, const at::Tensor& guide,
                                torch::nn::Conv1d& conv) {
    const auto g = gate(frame_rows(guide).mean(1), conv);
    return (frame_rows(x) * g.unsqueeze(1).unsqueeze(3)).permute({0, 3, 1, 2});
  }

  /// Rows as they lie in memory, (N, T, V, C), so that gradients lie there alike.
  static at::Tensor frame_rows(const at::Tensor& x) { return x.permute({0, 2, 3, 1}); }

  Options options_;
  torch::nn::BatchNorm1d data_bn_{nullptr};
  torch::nn::Conv2d embed_fine_{nullptr};
  std::unique_ptr<Msg3dStage> stem_, fine2_, fine3_, coarse2_, coarse3_;
  torch::nn::Conv1d frame_gate2_{nullptr}, frame_gate3_{nullptr}, joint_gate2_{nullptr},
      joint_gate3_{nullptr};
};

KINEGRAPH_REGISTER(Backbone, "dualhead", Dualhead,
                   "DualHead-Net: fine and coarse motion, one head each (Chen et al., MM 2021)")

}  // namespace
}  // namespace kinegraph
