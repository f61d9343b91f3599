// Weights of fresh models against the published initialisation: every parameter of every backbone,
// in every form that a config gives it.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <regex>

#include "models/layers/graph_conv.h"
#include "tests/support/models/build_model.h"

namespace kinegraph {
namespace {

constexpr int64_t kClasses = 50;

/// Convolutions and linear layers, norms, and parameters that stand alone.
enum class Kind { kConv, kNorm, kFree };

/// A parameter that stands alone, or a layer with its bias.
struct Part {
  std::string name;
  Kind kind = Kind::kFree;
  at::Tensor weight, bias;
};

/// Parts of a fresh model on NTU RGB+D; those of the backbone without "backbone.".
std::vector<Part> fresh(const std::string& backbone, const std::string& heads) {
  at::manual_seed(1);
  const Recognizer model(
      model_options(
          fmt::format("backbone: {{{}}}\nheads: {}\nloss: cross_entropy\n", backbone, heads)),
      model_context("ntu25", /*persons=*/2, /*frames=*/32, kClasses));
  std::map<std::string, at::Tensor> parameters;
  for (const auto& item : model.named_parameters())
    parameters[std::regex_replace(item.key(), std::regex("^backbone\\."), "")] =
        item.value().detach();
  std::vector<Part> parts;
  for (const auto& [name, value] : parameters) {
    const std::string layer = name.substr(0, name.rfind('.'));
    const auto bias = parameters.find(layer + ".bias");
    if (name == layer + ".weight")
      parts.push_back({layer, value.dim() > 1 ? Kind::kConv : Kind::kNorm, value, bias->second});
    else if (name != layer + ".bias")
      parts.push_back({name, Kind::kFree, value, {}});
  }
  return parts;
}

void expect_all(const at::Tensor& values, double expected) {
  EXPECT_TRUE(values.eq(static_cast<float>(expected)).all().item<bool>());
}

/// Mean and deviation, to six standard errors of a normal distribution.
void expect_moments(const at::Tensor& values, double mean, double deviation) {
  const auto count = static_cast<double>(values.numel());
  if (count < 2) return;
  const auto all = values.to(at::kDouble);
  EXPECT_NEAR(all.std().item<double>(), deviation, 6 * deviation / std::sqrt(2 * count));
  EXPECT_NEAR(all.mean().item<double>(), mean, 6 * deviation / std::sqrt(count));
}

void expect_normal(const at::Tensor& values, double mean, double deviation) {
  expect_moments(values, mean, deviation);
  constexpr int64_t kManyValues = 1000;  // of which a uniform distribution has none so far out
  if (values.numel() < kManyValues) return;
  EXPECT_GT((values - mean).abs().max().item<double>(), 2 * deviation);
}

void expect_uniform(const at::Tensor& values, double bound) {
  EXPECT_LE(values.abs().max().item<double>(), bound * (1 + 1e-6));
  expect_moments(values, 0, bound / std::sqrt(3.0));
}

double fan_in(const at::Tensor& weight) { return static_cast<double>(weight[0].numel()); }
double fan_out(const at::Tensor& weight) {
  return static_cast<double>(weight.numel()) / static_cast<double>(weight.size(1));
}

using Check = std::function<void(const Part&)>;

/// Normal weights around 0, biases 0.
Check normal_weight(const std::function<double(const at::Tensor&)>& deviation) {
  return [=](const Part& part) {
    expect_normal(part.weight, 0, deviation(part.weight));
    expect_all(part.bias, 0);
  };
}
const Check kByOutputs = normal_weight([](auto& weight) { return std::sqrt(2 / fan_out(weight)); });
const Check kByInputs = normal_weight([](auto& weight) { return std::sqrt(2 / fan_in(weight)); });
const Check kXavier =
    normal_weight([](auto& weight) { return std::sqrt(2 / (fan_in(weight) + fan_out(weight))); });
const Check kOneOfThree =
    normal_weight([](auto& weight) { return std::sqrt(2.0 / (3 * weight.numel())); });

/// What PyTorch and LibTorch give a convolution or linear layer that nobody initialises.
void library(const Part& part) {
  expect_uniform(part.weight, 1 / std::sqrt(fan_in(part.weight)));
  expect_uniform(part.bias, 1 / std::sqrt(fan_in(part.weight)));
}

void zero(const Part& part) {
  expect_all(part.weight, 0);
  expect_all(part.bias, 0);
}

Check norm(double weight, double deviation = 0) {
  return [=](const Part& part) {
    if (deviation > 0)
      expect_normal(part.weight, weight, deviation);
    else
      expect_all(part.weight, weight);
    expect_all(part.bias, 0);
  };
}

Check constant(double value) {
  return [=](const Part& part) { expect_all(part.weight, value); };
}
Check uniform(double bound) {
  return [=](const Part& part) { expect_uniform(part.weight, bound); };
}

void self_in_out(const Part& part) {
  GraphOptions options;
  options.partition = "self_in_out";
  EXPECT_TRUE(at::equal(part.weight, to_tensor(build_graph(Skeleton::load("ntu25"), options))));
}

/// Names are found by a regular expression.
struct Rule {
  Kind kind;
  std::string names;
  Check check;
};
using Rules = std::vector<Rule>;

Rules operator+(Rules first, const Rules& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

const Rules kLibrary{{Kind::kConv, "", library}, {Kind::kNorm, "", norm(1)}};
const Rules kNormal{{Kind::kConv, "", normal_weight([](auto&) { return 0.02; })},
                    {Kind::kNorm, "", norm(1, 0.02)}};
const Rules kHe{{Kind::kConv, "", kByOutputs}, {Kind::kNorm, "", norm(1)}};
const Rules kLibraryResidual{{Kind::kConv, "residual", library}};
const Rules kEdges{{Kind::kFree, "edge_importance", constant(1)}};
const Rules kUnitsOff{{Kind::kNorm, "gcn1.bn$", norm(1e-6)}};
const Rules kAgcn = kUnitsOff + Rules{{Kind::kConv, "conv_d", kOneOfThree}} + kHe;
const Rules kLearnedGraph{{Kind::kFree, "PA$", self_in_out}, {Kind::kFree, "alpha", constant(0)}};
const Rules kAttention{{Kind::kConv, "conv_ta|fc2c", zero},
                       {Kind::kConv, "conv_sa", kXavier},
                       {Kind::kConv, "fc1c", kByInputs}};
const Rules kMsg3d = Rules{{Kind::kFree, "A_res", uniform(1e-6)}} + kLibrary;

struct Form {
  std::string name, backbone;
  Rules rules;
  std::string heads = "{logits: gcn}";
};

std::vector<Form> forms() {
  const Rules shift{{Kind::kFree, "Linear_weight",
                     [](const Part& part) {
                       expect_normal(part.weight, 0, std::sqrt(1.0 / part.weight.size(1)));
                     }},
                    {Kind::kFree, "Linear_bias|Feature_Mask", constant(0)},
                    {Kind::kFree, "xpos", uniform(1e-8)},
                    {Kind::kFree, "ypos", uniform(1)},
                    {Kind::kConv, "temporal_linear", [](const Part& part) {
                       expect_normal(part.weight, 0, std::sqrt(2 / fan_out(part.weight)));
                       expect_uniform(part.bias, 1 / std::sqrt(fan_in(part.weight)));
                     }}};
  const Rules drawn_graph{
      {Kind::kFree, "gcn.A$", [](const Part& part) { expect_normal(part.weight, 0.04, 0.02); }},
      {Kind::kFree, "alpha|beta|add_coeff", constant(0)}};
  const Rules gates{{Kind::kConv, "conv_ta", zero}, {Kind::kConv, "conv_sa", kXavier}};
  return {
      {"Stgcn", "type: stgcn", kEdges + kNormal},
      {"StgcnOfPyskl", "type: stgcn, init: pyskl", kEdges + kLibrary},
      {"StgcnOfTwoStreams", "type: stgcn_two_stream", kEdges + kNormal,
       "{origin: {type: gcn, feature: origin}}"},
      {"Agcn", "type: agcn", Rules{{Kind::kFree, "PA$", constant(1e-6)}} + kAgcn},
      {"AgcnOfMmaction2", "type: aagcn, attention: false", kLearnedGraph + kAgcn},
      {"Aagcn", "type: aagcn", kLearnedGraph + kAttention + kAgcn},
      {"AagcnOfPyskl", "type: aagcn, init: pyskl",
       kLibraryResidual + kLearnedGraph + kAttention + kAgcn},
      {"Ctrgcn", "type: ctrgcn",
       kUnitsOff + kLearnedGraph + Rules{{Kind::kNorm, "tcn1", norm(1, 0.02)}} + kHe},
      {"CtrgcnOfPyskl", "type: ctrgcn, receiver: column, relu_after_temporal: true, init: pyskl",
       kLibraryResidual + kUnitsOff + kLearnedGraph + kHe},
      {"Shiftgcn", "type: shiftgcn", shift + kHe},
      {"Msg3d", "type: msg3d", kMsg3d},
      {"Msg3dOfPyskl",
       "type: msg3d, receiver: column, graph: {partition: k_hop, normalization: column}", kMsg3d},
      {"Dualhead", "type: dualhead", gates + kMsg3d, "{fine: {type: gcn, feature: fine}}"},
      {"Stgcnpp", "type: stgcnpp", Rules{{Kind::kFree, "gcn.A$", self_in_out}} + kLibrary},
      {"Dgstgcn", "type: dgstgcn", drawn_graph + kLibrary},
  };
}

class Initialisation : public testing::TestWithParam<Form> {};
INSTANTIATE_TEST_SUITE_P(, Initialisation, testing::ValuesIn(forms()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Initialisation, OfEveryParameterIsThePublishedOne) {
  const Rules& rules = GetParam().rules;
  std::vector<int64_t> uses(rules.size(), 0);
  for (const Part& part : fresh(GetParam().backbone, GetParam().heads)) {
    if (part.name.rfind("heads.", 0) == 0) continue;
    SCOPED_TRACE(part.name);
    size_t i = 0;
    while (i < rules.size() && !(rules[i].kind == part.kind &&
                                 std::regex_search(part.name, std::regex(rules[i].names))))
      ++i;
    ASSERT_LT(i, rules.size()) << "no rule says how it starts";
    rules[i].check(part);
    ++uses[i];
  }
  for (size_t i = 0; i < rules.size(); ++i) EXPECT_GT(uses[i], 0) << rules[i].names;
}

at::Tensor find(const std::vector<Part>& parts, const std::string& name) {
  for (const Part& part : parts)
    if (part.name == name) return part.weight;
  throw std::runtime_error("no " + name);
}

TEST(FreshDgstgcn, HasTheSameGraphsInAllUnits) {
  const auto parts = fresh("type: dgstgcn", "{logits: gcn}");
  EXPECT_TRUE(at::equal(find(parts, "gcn.0.gcn.A"), find(parts, "gcn.9.gcn.A")));
}

Part head_of(const std::string& options) {
  for (const Part& part : fresh("type: agcn", "{logits: {type: gcn, " + options + "}}"))
    if (part.name == "heads.logits.fc") return part;
  throw std::runtime_error("no heads.logits.fc");
}

TEST(FreshHead, StartsAsInTheSourceThatIsNamed) {
  normal_weight([](auto&) { return 0.01; })(head_of("init: normal"));
  normal_weight([](auto&) { return 0.02; })(head_of("init: normal, init_std: 0.02"));
  library(head_of("init: default"));
  const Part by_classes = head_of("init: classes");
  expect_normal(by_classes.weight, 0, std::sqrt(2.0 / kClasses));
  expect_uniform(by_classes.bias, 1 / std::sqrt(fan_in(by_classes.weight)));
}

}  // namespace
}  // namespace kinegraph
