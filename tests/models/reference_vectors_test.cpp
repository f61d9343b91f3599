// Logits of the published models for weights and inputs made by formula, so no file is needed.
//
// Element j of the tensor `key` is u(j, key) in [-1, 1), scaled and shifted by the kind of tensor.
// The logits are those of the published code under PyTorch 1.13 on a CPU.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "framework/run/state_dialect.h"
#include "tests/support/models/build_model.h"

namespace kinegraph {
namespace {

/// A published model: how we write it, and how the formula scales its matrices.
struct Model {
  std::string backbone, heads, loss, dialect;
  double gain = 1.5;
};

const std::string kOneHead = "{logits: gcn}";
const std::string kTwoHeads =
    "{fine: {type: gcn, feature: fine}, coarse: {type: gcn, feature: coarse}}";

Model one_head(const std::string& backbone, const std::string& dialect, double gain = 1.5) {
  return {backbone, kOneHead, "cross_entropy", dialect, gain};
}

Model two_heads(const std::string& backbone) {
  return {backbone, kTwoHeads, "{type: cross_entropy, target: heads}", "dualhead"};
}

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

/// The first rule that fits decides.
at::Tensor published_value(const std::string& key, const at::Tensor& tensor, double gain) {
  const auto scaled = [&](double center, double halfwidth) {
    return filled(tensor.sizes(), [&](int64_t j) { return center + halfwidth * u(j, key); });
  };
  if (has_suffix(key, "running_mean")) return scaled(0, 0.1);
  if (has_suffix(key, "running_var")) return scaled(1, 0.2);
  if (has_suffix(key, "alpha")) return scaled(0.5, 0.1);
  if (has_suffix(key, ".PA") || has_suffix(key, "A_res")) return scaled(0, 0.02);
  if (key.rfind("edge_importance.", 0) == 0) return scaled(1, 0.1);
  if (has_suffix(key, ".bias")) return scaled(0, 0.05);
  if (tensor.dim() == 1) return scaled(1, 0.1);
  const auto fan_in = static_cast<double>(tensor.numel() / tensor.size(0));
  return scaled(0, gain / std::sqrt(fan_in));
}

void fill(Recognizer& model, const StateDialect& dialect, double gain) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_of(model)) {
    if (!tensor.is_floating_point() || name == "backbone.A") continue;
    const auto key = dialect.to_theirs(name);
    ASSERT_TRUE(key) << name;
    at::Tensor(tensor).copy_(published_value(key->key, tensor, gain));
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
  std::string name;
  Model model;
  std::string skeleton;
  int64_t num_classes = 0;
  std::string head;                             // whose logits these are
  std::vector<double> first_clip, second_clip;  // their first logits, to six decimals
  double sum = 0, abs_sum = 0;
  std::vector<int64_t> best_classes;
  double gap = 0;  // the largest difference between float32 and float64 there
};

std::ostream& operator<<(std::ostream& out, const Reference& reference) {
  return out << reference.name;
}

const Model kStgcn = one_head("type: stgcn, graph: {partition: spatial}", "st_gcn");
const Model kAgcn = one_head("type: agcn", "agcn"), kAagcn = one_head("type: aagcn", "agcn", 0.8);
const Model kMsg3d = one_head("type: msg3d", "msg3d"), kDualhead = two_heads("type: dualhead");
const Model kMsg3dKinetics = one_head("type: msg3d, graph_scales: 8, window_scales: 8", "msg3d");
const Model kDualheadKinetics = two_heads("type: dualhead, graph_scales: 8, window_scales: 8");
const Model kCtrgcn = one_head("type: ctrgcn", "ctrgcn", 0.8);

// clang-format off
const std::vector<Reference> kReferences{
    {"stgcn_ntu60", kStgcn, "ntu25", 60, "logits",
     {-0.010712, -0.045678, -0.066003, 0.027541, 0.131767}, {-0.011946, -0.045456, -0.037808},
     4.78867, 14.38687, {24, 24}, 1.4e-7},
    {"stgcn_kinetics", kStgcn, "openpose18", 400, "logits",
     {-0.01686, -0.066352, -0.054959, 0.045073, 0.141964}, {-0.020496, -0.064649, -0.049433},
     -1.16393, 104.63654, {123, 24}, 2e-7},
    {"agcn_ntu60", kAgcn, "ntu25", 60, "logits",
     {81.874016, -56.898464, -30.242455, -34.468487, -68.188812},
     {86.335815, -59.817364, -33.619366}, -447.82475, 6314.58579, {50, 50}, 8.4e-5},
    {"agcn_kinetics", kAgcn, "openpose18", 400, "logits",
     {83.96418, -62.050365, -36.359829, -37.266037, -73.403992},
     {85.209206, -57.554432, -31.316435}, -4280.31546, 40514.97956, {391, 218}, 9.5e-5},
    {"aagcn_ntu60", kAagcn, "ntu25", 60, "logits",
     {-62281.203, -128944.985, -80397.774, -15821.953, -48199.281},
     {26472.993, -56491.223, -26581.205}, -1529574.77, 6276601.96, {40, 40}, 1.1},
    {"aagcn_kinetics", kAagcn, "openpose18", 400, "logits",
     {3615.4268, -8842.1084, -7940.4072, -557.8806, -6388.1436},
     {-1632.6921, -12955.0752, -7116.9141}, -493900.395, 5972753.05, {126, 291}, 0.48},
    {"msg3d_ntu60", kMsg3d, "ntu25", 60, "logits",
     {-0.510317, -0.063494, 0.162872, 0.1297, -0.472436}, {-0.620042, -0.166467, 0.231606},
     24.85090, 76.17675, {33, 33}, 6e-7},
    {"msg3d_kinetics", kMsg3dKinetics, "openpose18", 400, "logits",
     {-0.517519, -0.160536, 1.455121, -0.371523, -0.106663}, {-0.561514, -0.258916, 1.51893},
     -20.67283, 603.01491, {92, 92}, 1.4e-6},
    {"dualhead_ntu60_fine", kDualhead, "ntu25", 60, "fine",
     {-0.528972, -0.012887, 3.264723, 0.323628, 1.630344}, {-0.560561, 0.021106, 3.098479},
     -10.83936, 130.50679, {2, 2}, 1.1e-6},
    {"dualhead_ntu60_coarse", kDualhead, "ntu25", 60, "coarse",
     {-0.886128, 1.484254, 2.48656, 0.485343, 0.987806}, {-1.014409, 1.305337, 2.169732},
     4.25529, 185.61574, {57, 7}, 2.2e-6},
    {"dualhead_kinetics_fine", kDualheadKinetics, "openpose18", 400, "fine",
     {-0.724755, 0.827074, 1.732375, -1.160662, 1.78669}, {-0.826592, 0.713717, 2.065242},
     -71.24936, 882.50092, {143, 143}, 2.2e-6},
    {"dualhead_kinetics_coarse", kDualheadKinetics, "openpose18", 400, "coarse",
     {0.267089, 3.135669, 1.299001, 1.513641, 1.045291}, {0.334282, 3.197383, 1.366688},
     -2.12158, 1238.66231, {375, 375}, 2.5e-6},
    {"ctrgcn_ntu60", kCtrgcn, "ntu25", 60, "logits",
     {0.016864, 0.009616, 0.047122, -0.066055, 0.038785}, {0.014416, -0.00076, 0.044593},
     0.25821, 6.05959, {36, 36}, 7e-8}};
// clang-format on

at::Tensor logits_of(const Reference& reference, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  const Model& model = reference.model;
  const auto options = model_options(fmt::format("backbone: {{{}}}\nheads: {}\nloss: {}\n",
                                                 model.backbone, model.heads, model.loss));
  Recognizer recognizer(options, model_context(reference.skeleton, 2, 32, reference.num_classes));
  fill(recognizer, StateDialect::load(model.dialect, options.backbone.type()), model.gain);
  recognizer.eval();
  if (type == at::kDouble) to_double(recognizer);
  const auto joints = Skeleton::load(reference.skeleton).joint_count();
  return recognizer.forward({{"keypoints", input(joints).to(type)}})
      .at(reference.head)
      .to(at::kDouble);
}

void expect_first(const at::Tensor& logits, const std::vector<double>& expected, double tolerance) {
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(logits[static_cast<int64_t>(i)].item<double>(), expected[i], tolerance) << i;
}

/// The published logits are of float32, printed to six decimals, their sums to five.
void expect_logits(const at::Tensor& logits, const Reference& reference) {
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{2, reference.num_classes}));
  const double tolerance = 2 * reference.gap + 6e-7;
  expect_first(logits[0], reference.first_clip, tolerance);
  expect_first(logits[1], reference.second_clip, tolerance);
  const double sum_tolerance = static_cast<double>(logits.numel()) * reference.gap + 1e-5;
  EXPECT_NEAR(logits.sum().item<double>(), reference.sum, sum_tolerance);
  EXPECT_NEAR(logits.abs().sum().item<double>(), reference.abs_sum, sum_tolerance);
  EXPECT_EQ(logits.argmax(1)[0].item<int64_t>(), reference.best_classes[0]);
  EXPECT_EQ(logits.argmax(1)[1].item<int64_t>(), reference.best_classes[1]);
}

const Reference& reference_of(const std::string& name) {
  for (const auto& reference : kReferences)
    if (reference.name == name) return reference;
  throw Error("no reference " + name);
}

/// The first three logits of the first clip, which are known to eight decimals.
void expect_in_float64(const std::string& name, const std::vector<double>& expected,
                       double tolerance = 6e-9) {
  SCOPED_TRACE(name);
  expect_first(logits_of(reference_of(name), at::kDouble)[0], expected, tolerance);
}

TEST(ReferenceFormula, GivesThePublishedNumbers) {
  EXPECT_EQ(fnv1a_32("input"), 4191711099u);
  EXPECT_NEAR(u(0, "input"), 0.598066272, 1e-9);
  EXPECT_NEAR(u(1, "input"), 0.14352056, 1e-8);
  EXPECT_NEAR(u(2, "input"), 0.772134346, 1e-9);
}

class ReferenceVector : public testing::TestWithParam<Reference> {};

TEST_P(ReferenceVector, IsReproducedInFloat32) {
  expect_logits(logits_of(GetParam(), at::kFloat), GetParam());
}

TEST_P(ReferenceVector, IsReproducedInFloat64) {
  expect_logits(logits_of(GetParam(), at::kDouble), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Published, ReferenceVector, testing::ValuesIn(kReferences),
                         [](const auto& info) { return info.param.name; });

TEST(ReferenceVectors, AreKnownToEightDecimalsInFloat64) {
  expect_in_float64("stgcn_ntu60", {-0.01071152, -0.0456776, -0.06600343});
  expect_in_float64("agcn_ntu60", {81.87407446, -56.89844883, -30.24245491});
  // Their graphs hold float32 powers, of which the last place differs between CPUs.
  expect_in_float64("msg3d_ntu60", {-0.51031707, -0.06349424, 0.16287177}, 5e-8);
  expect_in_float64("dualhead_ntu60_fine", {-0.52897142, -0.01288743, 3.26472211}, 5e-8);
  expect_in_float64("dualhead_ntu60_coarse", {-0.88612796, 1.48425423, 2.48656034}, 5e-8);
}

}  // namespace
}  // namespace kinegraph
