// A model with two inputs and two heads needs no special case anywhere. The toy backbone of this
// file also stands in the registry, so the conformance tests run on it.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "framework/run/experiment.h"
#include "tests/support/models/build_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

/// "fine" at every frame and joint; "coarse" at every second frame, for all joints together.
class ToyTwoInputs : public Backbone {
 public:
  using Options = NoOptions;

  ToyTwoInputs(const Options&, const Context& context) {
    keypoint_conv_ = register_module(
        "keypoint_conv",
        torch::nn::Conv2d(torch::nn::Conv2dOptions(context.input("keypoints").channels, kFine, 1)));
    motion_conv_ = register_module(
        "motion_conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(context.input("motion").channels,
                                                                  kCoarse, {2, 1})
                                             .stride({2, 1})));
    norm_ = register_module("norm", torch::nn::BatchNorm2d(kFine));
  }

  std::vector<std::string> input_names() const override { return {"keypoints", "motion"}; }
  std::map<std::string, int64_t> feature_channels() const override {
    return {{"fine", kFine}, {"coarse", kCoarse}};
  }

  NamedTensors forward(const NamedTensors& inputs) override {
    const auto fine = norm_(keypoint_conv_(rows_of(inputs.at("keypoints")))).relu();
    const auto coarse = motion_conv_(rows_of(inputs.at("motion"))).relu().mean(3, true);
    const int64_t clips = inputs.at("keypoints").size(0);
    return {{"fine", fine.unflatten(0, {clips, -1})}, {"coarse", coarse.unflatten(0, {clips, -1})}};
  }

 private:
  static constexpr int64_t kFine = 4, kCoarse = 6;

  /// (N, M, T, V, C) -> (N*M, C, T, V)
  static at::Tensor rows_of(const at::Tensor& x) { return x.flatten(0, 1).permute({0, 3, 1, 2}); }

  torch::nn::Conv2d keypoint_conv_{nullptr}, motion_conv_{nullptr};
  torch::nn::BatchNorm2d norm_{nullptr};
};

KINEGRAPH_REGISTER(Backbone, "toy_two_inputs", ToyTwoInputs, "of a test: two inputs, two features")

/// Four clips of noise in two classes.
class ToyClips : public Dataset {
 public:
  using Options = NoOptions;

  ToyClips(const Options&, const Context&) {
    info_.source = "toy";
    info_.skeleton = Skeleton::load("coco17");
    info_.class_names = {"sit", "stand"};
  }
  const DataInfo& info() const override { return info_; }
  int64_t size() const override { return 4; }
  void read(int64_t index, Sample& sample) const override {
    sample.id = fmt::format("clip {}", index);
    sample.labels = {index % 2};
    sample.keypoints.resize(/*m=*/2, /*t=*/8, info_.skeleton.joint_count(), /*c=*/3);
    Rng rng(/*seed=*/1, /*epoch=*/0, static_cast<uint64_t>(index));
    for (double& value : sample.keypoints.values) value = rng.normal();
  }

 private:
  DataInfo info_;
};

KINEGRAPH_REGISTER(Dataset, "toy_clips", ToyClips, "of a test: noise")

constexpr const char* kModel = R"(
backbone: toy_two_inputs
heads:
  fine: {type: gcn, feature: fine, init_std: 1}
  coarse: {type: gcn, feature: coarse, init_std: 1}
score: {outputs: [fine, coarse], reduce: mean}
loss: {type: cross_entropy, target: heads}
)";

ModelContext two_input_context() {
  auto context = model_context("coco17", /*persons=*/2, /*frames=*/8, /*num_classes=*/2);
  context.backbone.inputs["motion"] = context.backbone.inputs["keypoints"];
  return context;
}

NamedTensors random_inputs() {
  at::manual_seed(1);
  return {{"keypoints", at::randn({3, 2, 8, 17, 3})}, {"motion", at::randn({3, 2, 8, 17, 3})}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(TwoInputModel, FeaturesHaveShapesOfTheirOwn) {
  const auto backbone = model_options(kModel).backbone.build(two_input_context().backbone);
  const auto features = backbone->forward(random_inputs());
  EXPECT_EQ(features.at("fine").sizes(), (std::vector<int64_t>{3, 2, 4, 8, 17}));
  EXPECT_EQ(features.at("coarse").sizes(), (std::vector<int64_t>{3, 2, 6, 4, 1}));
}

TEST(TwoInputModel, ScoreIsTheMeanOfTheHeads) {
  Recognizer model(model_options(kModel), two_input_context());
  const auto outputs = model.forward(random_inputs());
  const auto mean = (outputs.at("fine") + outputs.at("coarse")) / 2;
  EXPECT_TRUE(at::allclose(model.score(outputs), mean));
}

TEST(TwoInputModel, ScoreMayLeaveOutAHead) {
  const auto yaml = replaced(kModel, "[fine, coarse]", "[coarse]");
  Recognizer model(model_options(yaml), two_input_context());
  const auto outputs = model.forward(random_inputs());
  EXPECT_TRUE(at::equal(model.score(outputs), outputs.at("coarse")));
}

TEST(TwoInputModel, LossIsTheMeanOverTheHeads) {
  const auto options = model_options(kModel);
  Recognizer model(options, two_input_context());
  const auto outputs = model.forward(random_inputs());
  const auto labels = at::tensor({0, 1, 1}, at::kLong);
  const auto loss = options.loss.build({2})->forward(outputs, model.score(outputs), labels);
  const auto expected = (at::cross_entropy_loss(outputs.at("fine"), labels) +
                         at::cross_entropy_loss(outputs.at("coarse"), labels)) /
                        2;
  EXPECT_TRUE(at::allclose(loss, expected));
}

/// A whole experiment of one step on ToyClips.
std::string experiment(const std::string& pipeline) {
  const std::string clips = "{dataset: toy_clips, pipeline: " + pipeline + "}";
  std::string model;
  for (const auto& line : split(kModel, '\n')) model += "  " + line + "\n";
  return "device: cpu\n"
         "data: {train: " +
         clips + ", val: " + clips +
         ", batch_size: 4, workers: 0}\n"
         "model:\n" +
         model +
         "train: {epochs: 1, optimizer: {type: sgd, learning_rate: 0.1}, schedule: constant}\n"
         "metrics: [top_k_accuracy]\n"
         "hooks: []\n";
}

TEST(TwoInputModel, TrainsThroughTheTrainer) {
  const TempDir dir;
  const auto config =
      load_config_text(experiment("[{type: stream, kind: joint_motion, output: motion}]"), "toy");
  Trainer trainer(build_training(config, dir.path()));
  std::map<std::string, at::Tensor> before;
  for (const auto& item : trainer.parts().model->named_parameters())
    before[item.key()] = item.value().detach().clone();
  trainer.run();
  EXPECT_EQ(trainer.state().iteration, 1);
  for (const auto& item : trainer.parts().model->named_parameters())
    EXPECT_FALSE(at::equal(item.value(), before.at(item.key()))) << item.key();
}

TEST(TwoInputModel, AMissingInputIsRefusedBeforeTraining) {
  const TempDir dir;
  const auto config = load_config_text(experiment("[{type: stream, kind: joint}]"), "toy");
  EXPECT_EQ(thrown_message<ConfigError>([&] { build_training(config, dir.path()); }),
            "model.backbone: needs the input 'motion'; the pipeline gives: keypoints\n"
            "  Add a step with 'output: motion' to the pipelines.");
}

TEST(TwoInputModel, AMissingFeatureIsRefused) {
  const auto options = model_options(replaced(kModel, "feature: fine", "feature: finest"));
  EXPECT_EQ(thrown_message<ConfigError>([&] { Recognizer(options, two_input_context()); }),
            "head: the backbone has no feature 'finest'; expected one of: coarse, fine\n"
            "  Set the head's 'feature'.");
}

TEST(TwoInputModel, AScoreOfAMissingHeadIsRefused) {
  const auto options = model_options(replaced(kModel, "[fine, coarse]", "[fine, medium]"));
  EXPECT_EQ(thrown_message<ConfigError>([&] { Recognizer(options, two_input_context()); }),
            "model.score.outputs: no head 'medium'; expected names of heads: fine, coarse");
}

}  // namespace
}  // namespace kinegraph
