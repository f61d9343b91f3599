// Weights of fresh models against the published initialisation.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/layers/graph_conv.h"
#include "tests/support/models/build_model.h"

namespace kinegraph {
namespace {

constexpr int64_t kClasses = 50;

/// Parameters of a fresh model on NTU RGB+D by their names without "backbone.".
std::map<std::string, at::Tensor> fresh(const std::string& backbone,
                                        const std::string& heads = "{logits: gcn}") {
  at::manual_seed(1);
  const Recognizer model(
      model_options(
          fmt::format("backbone: {{type: {}}}\nheads: {}\nloss: cross_entropy\n", backbone, heads)),
      model_context("ntu25", /*persons=*/2, /*frames=*/32, kClasses));
  const std::string prefix = "backbone.";
  std::map<std::string, at::Tensor> parameters;
  for (const auto& item : model.named_parameters()) {
    const bool is_backbone = item.key().rfind(prefix, 0) == 0;
    parameters[is_backbone ? item.key().substr(prefix.size()) : item.key()] = item.value().detach();
  }
  return parameters;
}

/// Zero mean and `expected` deviation, to six standard errors.
void expect_normal(const at::Tensor& values, double expected) {
  const double count = static_cast<double>(values.numel());
  EXPECT_NEAR(values.std().item<double>(), expected, 6 * expected / std::sqrt(2 * count));
  EXPECT_NEAR(values.mean().item<double>(), 0, 6 * expected / std::sqrt(count));
}

void expect_all(const at::Tensor& values, double expected) {
  EXPECT_TRUE(values.eq(static_cast<float>(expected)).all().item<bool>()) << values.sizes();
}

at::Tensor self_in_out() {
  GraphOptions options;
  options.partition = "self_in_out";
  return to_tensor(build_graph(Skeleton::load("ntu25"), options));
}

TEST(Initialisation, AgcnUnitsStartNearTheirResidual) {
  auto agcn = fresh("agcn");
  expect_all(agcn.at("l2.gcn1.bn.weight"), 1e-6);
  expect_all(agcn.at("l2.gcn1.PA"), 1e-6);
  expect_normal(agcn.at("l2.gcn1.conv_a.0.weight"), std::sqrt(2.0 / 16));
  expect_normal(agcn.at("l2.gcn1.conv_d.0.weight"), std::sqrt(2.0 / (64 * 64 * 3)));
  expect_normal(agcn.at("l2.tcn1.conv.weight"), std::sqrt(2.0 / (64 * 9)));
  expect_normal(agcn.at("l5.residual.conv.weight"), std::sqrt(2.0 / 128));
  expect_all(agcn.at("l2.tcn1.conv.bias"), 0);
}

TEST(Initialisation, AagcnStartsAtTheSkeletonWithoutSimilarity) {
  auto aagcn = fresh("aagcn");
  EXPECT_TRUE(at::equal(aagcn.at("l1.gcn1.PA"), self_in_out()));
  expect_all(aagcn.at("l1.gcn1.alpha"), 0);
  for (const char* name : {"conv_ta", "fc2c"})
    expect_all(aagcn.at(std::string("l2.gcn1.") + name + ".weight"), 0);
  expect_normal(aagcn.at("l2.gcn1.conv_sa.weight"), std::sqrt(2.0 / (25 * 64 + 25)));
  expect_normal(aagcn.at("l2.gcn1.fc1c.weight"), std::sqrt(2.0 / 64));
}

TEST(Initialisation, CtrgcnStartsAtTheSkeletonWithoutRefinement) {
  auto ctrgcn = fresh("ctrgcn");
  EXPECT_TRUE(at::equal(ctrgcn.at("l1.gcn1.PA"), self_in_out()));
  expect_all(ctrgcn.at("l1.gcn1.alpha"), 0);
  expect_all(ctrgcn.at("l1.gcn1.bn.weight"), 1e-6);
  expect_normal(ctrgcn.at("l10.gcn1.convs.0.conv3.weight"), std::sqrt(2.0 / 256));
  expect_normal(ctrgcn.at("l10.tcn1.branches.0.0.weight"), std::sqrt(2.0 / 64));
  expect_normal(ctrgcn.at("l10.tcn1.branches.0.1.weight") - 1, 0.02);
}

TEST(Initialisation, ShiftgcnShiftsByUpToAFrame) {
  auto shiftgcn = fresh("shiftgcn");
  const auto ypos = shiftgcn.at("l10.tcn1.shift_in.ypos");
  EXPECT_LE(ypos.abs().max().item<double>(), 1);
  EXPECT_GT(ypos.abs().max().item<double>(), 0.9);
  EXPECT_LE(shiftgcn.at("l10.tcn1.shift_in.xpos").abs().max().item<double>(), 1e-8);
  expect_all(shiftgcn.at("l1.gcn1.Feature_Mask"), 0);
  expect_normal(shiftgcn.at("l10.gcn1.Linear_weight"), std::sqrt(1.0 / 256));
  expect_normal(shiftgcn.at("l10.tcn1.temporal_linear.weight"), std::sqrt(2.0 / 256));
}

TEST(Initialisation, Msg3dAddsAlmostNothingToItsGraphs) {
  const auto residual = fresh("msg3d").at("sgcn2.0.A_res");
  EXPECT_LE(residual.abs().max().item<double>(), 1e-6);
  EXPECT_GT(residual.abs().max().item<double>(), 0.9e-6);
}

TEST(Initialisation, DualheadGatesOfFramesStartHalfOpen) {
  auto dualhead = fresh("dualhead", "{fine: {type: gcn, feature: fine}}");
  expect_all(dualhead.at("conv_ta_fine_to_coarse_block_2_to_1.weight"), 0);
  expect_all(dualhead.at("conv_ta_fine_to_coarse_block_3_to_2.bias"), 0);
  expect_normal(dualhead.at("conv_sa_coarse_to_fine_block_3_to_3.weight"),
                std::sqrt(2.0 / (25 * 384 + 25)));
}

TEST(Initialisation, StgcnppStartsAtTheSkeleton) {
  EXPECT_TRUE(at::equal(fresh("stgcnpp").at("gcn.3.gcn.A"), self_in_out()));
}

TEST(Initialisation, DgstgcnUnitsStartAtTheSameGraphs) {
  auto dgstgcn = fresh("dgstgcn");
  const auto graphs = dgstgcn.at("gcn.0.gcn.A");
  expect_normal(graphs - 0.04, 0.02);
  EXPECT_TRUE(at::equal(dgstgcn.at("gcn.9.gcn.A"), graphs));
  expect_all(dgstgcn.at("gcn.0.gcn.alpha"), 0);
  expect_all(dgstgcn.at("gcn.0.tcn.add_coeff"), 0);
}

TEST(Initialisation, HeadsOfTheAgcnFamilyDependOnTheClasses) {
  const auto weight =
      fresh("agcn", "{logits: {type: gcn, init: classes}}").at("heads.logits.fc.weight");
  expect_normal(weight, std::sqrt(2.0 / kClasses));
}

}  // namespace
}  // namespace kinegraph
