// What every backbone promises, whatever it computes: each test runs for all that are registered.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <filesystem>

#include "framework/config/yaml.h"
#include "framework/model/output_trace.h"
#include "framework/run/checkpoint.h"
#include "tests/support/models/build_model.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

constexpr int64_t kClips = 2, kFrames = 12, kClasses = 5;

/// {type: NAME} with every dropout at 0, and `channels` or `width` at an eighth of the default.
std::string small_backbone(const std::string& name) {
  std::string yaml = "{type: " + name;
  Diagnostics diagnostics;
  for (const auto& option : Registry<Backbone>::instance().find_info(name)->options()) {
    if (option.name == "dropout") yaml += ", dropout: 0";
    if (option.name == "width") yaml += fmt::format(", width: {}", std::stoi(option.fallback) / 8);
    if (option.name != "channels") continue;
    std::vector<std::string> widths;
    for (const auto& width : parse_yaml(option.fallback, "channels", diagnostics).items)
      widths.push_back(std::to_string(std::max(1, std::stoi(width.scalar) / 8)));
    yaml += ", channels: [" + join(widths) + "]";
  }
  diagnostics.throw_if_any();
  return yaml + "}";
}

/// Offers more than keypoints; a backbone takes what it needs.
ModelContext context_of(const std::string& skeleton, int64_t persons) {
  auto context = model_context(skeleton, persons, kFrames, kClasses);
  context.backbone.inputs["motion"] = context.backbone.inputs["keypoints"];
  return context;
}

/// `yaml` is what a config says under `backbone`.
std::shared_ptr<Backbone> build_backbone(const std::string& yaml, const ModelContext& context) {
  Diagnostics diagnostics;
  Component<Backbone> component;
  component.read(parse_yaml(yaml, "backbone.yaml", diagnostics), diagnostics);
  diagnostics.throw_if_any();
  return component.build(context.backbone);
}

std::shared_ptr<Backbone> build_small_backbone(const std::string& name,
                                               const ModelContext& context) {
  return build_backbone(small_backbone(name), context);
}

/// The backbone with one head for each of its features.
std::shared_ptr<Recognizer> build_model(const std::string& name, const ModelContext& context,
                                        uint64_t seed = 1) {
  at::manual_seed(seed);
  std::vector<std::string> heads;
  for (const auto& [feature, channels] : build_small_backbone(name, context)->feature_channels())
    heads.push_back(fmt::format("{0}: {{type: gcn, feature: {0}, init_std: 0.1}}", feature));
  const auto yaml = fmt::format("{{backbone: {}, heads: {{{}}}, loss: cross_entropy}}",
                                small_backbone(name), join(heads));
  return std::make_shared<Recognizer>(model_options(yaml), context);
}

NamedTensors random_inputs(const ModelContext& context, at::ScalarType type = at::kFloat) {
  at::manual_seed(2);
  NamedTensors inputs;
  for (const auto& [name, shape] : context.backbone.inputs)
    inputs[name] =
        at::randn({kClips, shape.persons, shape.frames, shape.joints, shape.channels}).to(type);
  return inputs;
}

at::Tensor evaluate(Recognizer& model, const NamedTensors& inputs) {
  const at::NoGradGuard no_grad;
  model.eval();
  return model.score(model.forward(inputs));
}

std::vector<std::string> backbone_names() { return Registry<Backbone>::instance().names(); }

/// Every layout that is shipped.
std::vector<std::string> shipped_skeletons() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_dir() / "datasets" / "skeletons"))
    names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

struct OnSkeleton {
  std::string backbone, skeleton;
};

std::ostream& operator<<(std::ostream& out, const OnSkeleton& on) {
  return out << on.backbone << " on " << on.skeleton;
}

std::vector<OnSkeleton> backbones_on_skeletons() {
  std::vector<OnSkeleton> cases;
  for (const auto& backbone : backbone_names())
    for (const auto& skeleton : shipped_skeletons()) cases.push_back({backbone, skeleton});
  return cases;
}

class BackboneOnSkeleton : public testing::TestWithParam<OnSkeleton> {};

TEST_P(BackboneOnSkeleton, GivesTheFeaturesThatItAnnounces) {
  const auto context = context_of(GetParam().skeleton, /*persons=*/2);
  const auto backbone = build_small_backbone(GetParam().backbone, context);
  const at::NoGradGuard no_grad;
  const auto features = backbone->forward(random_inputs(context));
  const auto announced = backbone->feature_channels();
  EXPECT_EQ(features.size(), announced.size());
  for (const auto& [name, channels] : announced) {
    ASSERT_TRUE(features.count(name)) << name;
    const auto& feature = features.at(name);
    ASSERT_EQ(feature.dim(), 5) << name << " " << feature.sizes();
    EXPECT_EQ(feature.sizes().slice(0, 3), (std::vector<int64_t>{kClips, 2, channels})) << name;
  }
}

TEST_P(BackboneOnSkeleton, GivesEveryParameterAFiniteGradient) {
  const auto context = context_of(GetParam().skeleton, /*persons=*/2);
  const auto model = build_model(GetParam().backbone, context);
  const auto outputs = model->forward(random_inputs(context));
  const auto labels = at::arange(kClips);
  at::cross_entropy_loss(model->score(outputs), labels).backward();
  for (const auto& item : model->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, BackboneOnSkeleton,
                         testing::ValuesIn(backbones_on_skeletons()), [](const auto& info) {
                           return info.param.backbone + "_" + info.param.skeleton;
                         });

class EveryBackbone : public testing::TestWithParam<std::string> {
 protected:
  const ModelContext context_ = context_of("ntu25", /*persons=*/2);
};

TEST_P(EveryBackbone, BuildsFromItsDefaults) {
  const auto backbone = build_backbone("{type: " + GetParam() + "}", context_);
  EXPECT_FALSE(backbone->feature_channels().empty());
  EXPECT_GT(parameter_count(*backbone), 0);
}

TEST_P(EveryBackbone, EvaluatesToTheSameBitsTwice) {
  const auto model = build_model(GetParam(), context_);
  const auto inputs = random_inputs(context_);
  const auto first = evaluate(*model, inputs);
  EXPECT_TRUE(at::equal(first, evaluate(*model, inputs)));
}

TEST_P(EveryBackbone, EvaluationKeepsTheState) {
  const auto model = build_model(GetParam(), context_);
  std::vector<at::Tensor> before;
  for (const auto& [name, tensor] : state_of(*model)) before.push_back(tensor.clone());
  evaluate(*model, random_inputs(context_));
  size_t i = 0;
  for (const auto& [name, tensor] : state_of(*model))
    EXPECT_TRUE(at::equal(tensor, before[i++])) << name;
}

TEST_P(EveryBackbone, TrainingDiffersFromEvaluationOnlyInNormAndDropout) {
  const auto model = build_model(GetParam(), context_);
  const auto inputs = random_inputs(context_);
  const auto expected = evaluate(*model, inputs);
  const at::NoGradGuard no_grad;
  model->train();
  for (const auto& module : model->modules())
    if (module->as<torch::nn::BatchNorm1dImpl>() || module->as<torch::nn::BatchNorm2dImpl>() ||
        module->as<torch::nn::BatchNorm3dImpl>())
      module->eval();
  EXPECT_TRUE(at::equal(model->score(model->forward(inputs)), expected));
}

TEST_P(EveryBackbone, MergesInEvaluationWithoutChangingTheScore) {
  const auto model = build_model(GetParam(), context_);
  model->to(at::kDouble);
  auto inputs = random_inputs(context_, at::kDouble);
  for (auto& [name, x] : inputs) x.select(1, 1).zero_();  // empty in every clip
  const auto merged = evaluate(*model, inputs);
  const OutputTrace trace([](const torch::nn::Module&, const at::Tensor&) {});
  const auto expected = evaluate(*model, inputs);
  EXPECT_LE((merged - expected).abs().max().item<double>(),
            1e-12 * expected.abs().max().item<double>());
}

TEST_P(EveryBackbone, LeavesItsInputsAsTheyAre) {
  const auto model = build_model(GetParam(), context_);
  const auto inputs = random_inputs(context_);
  model->forward(inputs);
  for (const auto& [name, tensor] : random_inputs(context_))
    EXPECT_TRUE(at::equal(inputs.at(name), tensor)) << name;
}

TEST_P(EveryBackbone, StateSurvivesACheckpointBitForBit) {
  const auto saved = build_model(GetParam(), context_, /*seed=*/1);
  const auto inputs = random_inputs(context_);
  saved->forward(inputs);  // running statistics away from where they start
  const TempDir dir;
  Checkpoint checkpoint;
  checkpoint.model = state_of(*saved);
  write_checkpoint(dir / "model.pth", checkpoint);
  const auto loaded = build_model(GetParam(), context_, /*seed=*/3);
  load_model_state(*loaded, read_checkpoint(dir / "model.pth").model, "model.pth");
  const auto state = state_of(*loaded);
  ASSERT_EQ(state.size(), checkpoint.model.size());
  for (size_t i = 0; i < state.size(); ++i) {
    EXPECT_EQ(state[i].first, checkpoint.model[i].first);
    EXPECT_TRUE(at::equal(state[i].second, checkpoint.model[i].second)) << state[i].first;
  }
  EXPECT_TRUE(at::equal(evaluate(*loaded, inputs), evaluate(*saved, inputs)));
}

TEST_P(EveryBackbone, RefusesAnUnknownOption) {
  const auto yaml =
      "{backbone: {type: " + GetParam() + ", no_such: 1}, heads: {x: gcn}, loss: cross_entropy}";
  const auto message = thrown_message<ConfigError>([&] { model_options(yaml); });
  EXPECT_NE(message.find("unknown key 'no_such' in backbone '" + GetParam() + "'"),
            std::string::npos)
      << message;
}

TEST_P(EveryBackbone, WorksInFloat64) {
  const auto model = build_model(GetParam(), context_);
  const auto expected = evaluate(*model, random_inputs(context_)).to(at::kDouble);
  model->to(at::kDouble);
  const auto score = evaluate(*model, random_inputs(context_, at::kDouble));
  ASSERT_EQ(score.scalar_type(), at::kDouble);
  const auto largest = expected.abs().max().item<double>();
  EXPECT_LT((score - expected).abs().max().item<double>(), 1e-4 * largest);
}

TEST_P(EveryBackbone, TakesOnePerson) {
  const auto context = context_of("ntu25", /*persons=*/1);
  const auto model = build_model(GetParam(), context);
  const auto score = evaluate(*model, random_inputs(context));
  EXPECT_EQ(score.sizes(), (std::vector<int64_t>{kClips, kClasses}));
  EXPECT_TRUE(score.isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Registered, EveryBackbone, testing::ValuesIn(backbone_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kinegraph
