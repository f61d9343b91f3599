#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <cmath>
#include <functional>

#include "tests/support/models/build_model.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

std::shared_ptr<Recognizer> stgcn() {
  at::manual_seed(1);
  return std::make_shared<Recognizer>(
      model_options("{backbone: stgcn, heads: {logits: gcn}, loss: cross_entropy}"),
      model_context("ntu25", /*persons=*/2, /*frames=*/16, /*num_classes=*/60));
}

/// All elements of what `member` picks from every module of a class.
template <class ModuleClass>
at::Tensor elements(const Recognizer& model,
                    const std::function<at::Tensor(const ModuleClass&)>& member) {
  std::vector<at::Tensor> parts;
  for (const auto& module : model.modules())
    if (const auto* typed = module->as<ModuleClass>())
      parts.push_back(member(*typed).detach().flatten());
  return at::cat(parts);
}

void expect_normal(const at::Tensor& values, double mean, double std) {
  // Five standard errors of each.
  const double tolerance = 5 * std / std::sqrt(static_cast<double>(values.numel()));
  EXPECT_NEAR(values.mean().item<double>(), mean, tolerance);
  EXPECT_NEAR(values.std().item<double>(), std, tolerance);
}

TEST(Stgcn, ConvolutionsStartNormal) {
  const auto model = stgcn();
  const auto weights =
      elements<torch::nn::Conv2dImpl>(*model, [](auto& conv) { return conv.weight; });
  expect_normal(weights, 0, 0.02);
}

TEST(Stgcn, ConvolutionBiasesStartAtZero) {
  const auto model = stgcn();
  const auto biases = elements<torch::nn::Conv2dImpl>(*model, [](auto& conv) { return conv.bias; });
  EXPECT_EQ(biases.abs().max().item<double>(), 0);
}

TEST(Stgcn, NormWeightsStartAroundOne) {
  const auto model = stgcn();
  const auto in_blocks =
      elements<torch::nn::BatchNorm2dImpl>(*model, [](auto& norm) { return norm.weight; });
  const auto at_input =
      elements<torch::nn::BatchNorm1dImpl>(*model, [](auto& norm) { return norm.weight; });
  expect_normal(in_blocks, 1, 0.02);
  expect_normal(at_input, 1, 0.02);
}

TEST(Stgcn, NormBiasesStartAtZero) {
  const auto model = stgcn();
  const auto biases =
      elements<torch::nn::BatchNorm2dImpl>(*model, [](auto& norm) { return norm.bias; });
  EXPECT_EQ(biases.abs().max().item<double>(), 0);
}

TEST(Stgcn, EdgeImportanceStartsAtOne) {
  const auto model = stgcn();
  int64_t masks = 0;
  for (const auto& [name, tensor] : state_of(*model))
    if (name.find("edge_importance") != std::string::npos) {
      ++masks;
      EXPECT_TRUE(at::equal(tensor, at::ones_like(tensor))) << name;
    }
  EXPECT_EQ(masks, 10);
}

/// The message on building with `options`.
void expect_refused(const std::string& options, const std::string& message) {
  const auto model = model_options("{backbone: {type: stgcn, " + options +
                                   "}, heads: {logits: gcn}, loss: cross_entropy}");
  EXPECT_EQ(
      thrown_message<ConfigError>([&] { Recognizer(model, model_context("ntu25", 2, 16, 60)); }),
      message);
}

TEST(Stgcn, RefusesAnEvenTemporalKernel) {
  expect_refused("temporal_kernel: 8", "backbone 'stgcn': 'temporal_kernel' must be odd");
}

TEST(Stgcn, RefusesNoBlocks) {
  expect_refused("channels: []", "backbone 'stgcn': 'channels' is empty");
}

}  // namespace
}  // namespace kinegraph
