// Logits of the published ST-GCN for weights and inputs made by formula, so no file is needed.
//
// Element j of the tensor `key` is u(j, key) in [-1, 1), scaled and shifted by the kind of tensor.
// The logits are those of the published code under PyTorch 1.13 on a CPU.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/models/build_model.h"

namespace kinegraph {
namespace {

constexpr const char* kStgcn = R"(
backbone: {type: stgcn, graph: {partition: spatial}}
heads: {logits: gcn}
loss: cross_entropy
)";

uint32_t fnv1a_32(const std::string& text) {
  uint32_t hash = 2166136261;
  for (const char letter : text) hash = (hash ^ static_cast<uint8_t>(letter)) * 16777619;
  return hash;
}

double u(int64_t j, const std::string& key) {
  uint32_t x = static_cast<uint32_t>(j) + fnv1a_32(key);
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  x ^= x >> 16;
  return x / 4294967296.0 * 2 - 1;
}

/// float32 values of value(j) for every element j.
at::Tensor filled(at::IntArrayRef shape, const std::function<double(int64_t)>& value) {
  const auto tensor = at::empty(shape, at::kFloat);
  auto* data = tensor.data_ptr<float>();
  for (int64_t j = 0; j < tensor.numel(); ++j) data[j] = static_cast<float>(value(j));
  return tensor;
}

bool has_suffix(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

/// "backbone.data_bn.weight" is "data_bn.weight" there, "heads.logits.fc.bias" is "fcn.bias".
std::string published_key(const std::string& ours) {
  const std::string head = "heads.logits.fc.", backbone = "backbone.";
  return ours.rfind(head, 0) == 0 ? "fcn." + ours.substr(head.size())
                                  : ours.substr(backbone.size());
}

at::Tensor published_value(const std::string& key, const at::Tensor& tensor) {
  double center = 0, halfwidth = 0.05;
  if (has_suffix(key, "running_mean")) {
    halfwidth = 0.1;
  } else if (has_suffix(key, "running_var")) {
    center = 1;
    halfwidth = 0.2;
  } else if (key.rfind("edge_importance.", 0) == 0) {
    center = 1;
    halfwidth = 0.1;
  } else if (has_suffix(key, ".bias")) {
    halfwidth = 0.05;
  } else if (tensor.dim() == 1) {
    center = 1;
    halfwidth = 0.1;
  } else {
    const auto fan_in = tensor.numel() / tensor.size(0);
    halfwidth = 1.5 / std::sqrt(static_cast<double>(fan_in));
  }
  return filled(tensor.sizes(), [&](int64_t j) { return center + halfwidth * u(j, key); });
}

void fill(Recognizer& model) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_of(model)) {
    const auto key = published_key(name);
    if (key != "A" && tensor.is_floating_point() && tensor.dim() > 0)
      at::Tensor(tensor).copy_(published_value(key, tensor));
  }
}

/// (2, 2, 32, V, 3); the formula counts the elements of (N, C, T, V, M).
at::Tensor input(int64_t joints) {
  const auto published = filled({2, 3, 32, joints, 2}, [&](int64_t j) {
    const int64_t v = j / 2 % joints, clip_and_channel = j / 2 / joints / 32;
    return u(j, "input") + 2 * u(clip_and_channel * joints + v, "offset");
  });
  return published.permute({0, 4, 2, 3, 1});
}

struct Reference {
  std::string skeleton;
  int64_t num_classes = 0;
  std::vector<double> first_clip, second_clip;  // their first logits
  double sum = 0, abs_sum = 0;
  std::vector<int64_t> best_classes;
};

const Reference kNtu60{"ntu25",
                       60,
                       {-0.010712, -0.045678, -0.066003, 0.027541, 0.131767},
                       {-0.011946, -0.045456, -0.037808},
                       4.78867,
                       14.38687,
                       {24, 24}};
const Reference kKinetics{"openpose18",
                          400,
                          {-0.01686, -0.066352, -0.054959, 0.045073, 0.141964},
                          {-0.020496, -0.064649, -0.049433},
                          -1.16393,
                          104.63654,
                          {123, 24}};

std::unique_ptr<Recognizer> filled_model(const Reference& reference) {
  auto model = std::make_unique<Recognizer>(
      model_options(kStgcn), model_context(reference.skeleton, 2, 32, reference.num_classes));
  fill(*model);
  model->eval();
  return model;
}

at::Tensor logits_of(const Reference& reference, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  const auto model = filled_model(reference);
  if (type == at::kDouble) to_double(*model);
  const auto joints = Skeleton::load(reference.skeleton).joint_count();
  return model->score(model->forward({{"keypoints", input(joints).to(type)}})).to(at::kDouble);
}

void expect_first(const at::Tensor& logits, const std::vector<double>& expected, double tolerance) {
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(logits[static_cast<int64_t>(i)].item<double>(), expected[i], tolerance) << i;
}

/// The logits are known to 1e-6, the sums to 1e-5; float32 moves each logit by up to 2e-7.
void expect_logits(const at::Tensor& logits, const Reference& reference) {
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{2, reference.num_classes}));
  expect_first(logits[0], reference.first_clip, 1e-6);
  expect_first(logits[1], reference.second_clip, 1e-6);
  EXPECT_NEAR(logits.sum().item<double>(), reference.sum, 1e-4);
  EXPECT_NEAR(logits.abs().sum().item<double>(), reference.abs_sum, 1e-4);
  EXPECT_EQ(logits.argmax(1)[0].item<int64_t>(), reference.best_classes[0]);
  EXPECT_EQ(logits.argmax(1)[1].item<int64_t>(), reference.best_classes[1]);
}

int64_t stgcn_parameters(const std::string& skeleton, int64_t num_classes) {
  const Recognizer model(model_options(kStgcn), model_context(skeleton, 2, 32, num_classes));
  return parameter_count(model);
}

TEST(ReferenceVectors, FormulaGivesThePublishedNumbers) {
  EXPECT_EQ(fnv1a_32("input"), 4191711099u);
  EXPECT_NEAR(u(0, "input"), 0.598066272, 1e-9);
  EXPECT_NEAR(u(1, "input"), 0.14352056, 1e-8);
  EXPECT_NEAR(u(2, "input"), 0.772134346, 1e-9);
}

TEST(ReferenceVectors, StgcnOnNtu60InFloat32) {
  expect_logits(logits_of(kNtu60, at::kFloat), kNtu60);
}

TEST(ReferenceVectors, StgcnOnNtu60InFloat64) {
  const auto logits = logits_of(kNtu60, at::kDouble);
  expect_logits(logits, kNtu60);
  expect_first(logits[0], {-0.01071152, -0.0456776, -0.06600343}, 6e-9);
}

TEST(ReferenceVectors, StgcnOnKineticsInFloat32) {
  expect_logits(logits_of(kKinetics, at::kFloat), kKinetics);
}

TEST(ReferenceVectors, StgcnOnKineticsInFloat64) {
  expect_logits(logits_of(kKinetics, at::kDouble), kKinetics);
}

TEST(ReferenceVectors, StgcnHasThePublishedNumberOfParameters) {
  EXPECT_EQ(stgcn_parameters("ntu25", 60), 3098832);
  EXPECT_EQ(stgcn_parameters("ntu25", 120), 3114252);
  EXPECT_EQ(stgcn_parameters("openpose18", 400), 3177140);
}

}  // namespace
}  // namespace kinegraph
