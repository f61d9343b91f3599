#include "framework/run/checkpoint_difference.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace kinegraph {
namespace {

Checkpoint toy_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.model = {{"fc.weight", at::tensor({1.0f, std::nanf("")})},
                      {"bn.running_mean", at::zeros({2})},
                      {"bn.num_batches_tracked", at::scalar_tensor(3, at::kLong)}};
  checkpoint.optimizer["fc.weight"]["momentum"] = at::zeros({2});
  checkpoint.loss = {{"centres", at::ones({2, 2})}};
  checkpoint.rng = at::ones({4}, at::kByte);
  checkpoint.state.epoch = 1;
  checkpoint.state.best_value = 0.5;
  checkpoint.state.sums.seconds = 7;
  return checkpoint;
}

/// "part: name, name" for each part that differs from the toy checkpoint.
std::vector<std::string> differences(const Checkpoint& other) {
  std::vector<std::string> texts;
  for (const auto& [part, tensors, different] : compare(toy_checkpoint(), other))
    if (!different.empty()) texts.push_back(part + ": " + join(different));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(CompareCheckpoints, FindsEqualBitsEqual) { EXPECT_EQ(differences(toy_checkpoint()), Texts()); }

TEST(CompareCheckpoints, CountsThePartsSeparately) {
  std::vector<int64_t> counts;
  for (const auto& part : compare(toy_checkpoint(), toy_checkpoint()))
    counts.push_back(part.tensors);
  EXPECT_EQ(counts, std::vector<int64_t>({1, 2, 1, 1, 1, 9}));
}

TEST(CompareCheckpoints, IgnoresTheClockAndTheConfig) {
  Checkpoint other = toy_checkpoint();
  other.state.sums.seconds = 8;
  other.config_yaml = "seed: 1";
  EXPECT_EQ(differences(other), Texts());
}

TEST(CompareCheckpoints, SeesASingleBit) {
  Checkpoint other = toy_checkpoint();
  other.model[1].second = at::tensor({0.0f, -0.0f});
  EXPECT_EQ(differences(other), Texts({"batch norm: bn.running_mean"}));
}

TEST(CompareCheckpoints, SeesAnotherTypeAndShape) {
  Checkpoint other = toy_checkpoint();
  other.loss[0].second = at::ones({4});
  other.optimizer["fc.weight"]["momentum"] = at::zeros({2}, at::kInt);
  EXPECT_EQ(differences(other), Texts({"optimizer: fc.weight: momentum", "loss: centres"}));
}

TEST(CompareCheckpoints, SeesWhatOnlyOneHas) {
  Checkpoint other = toy_checkpoint();
  other.model[0].first = "fc.bias";
  other.device_rng = at::ones({4}, at::kByte);
  EXPECT_EQ(differences(other), Texts({"weights: fc.bias, fc.weight", "random generators: GPU"}));
}

TEST(CompareCheckpoints, SeesWhereTrainingStands) {
  Checkpoint other = toy_checkpoint();
  other.state.batch = 1;
  other.state.best_value.reset();
  EXPECT_EQ(differences(other), Texts({"progress: batch, best_value"}));
}

}  // namespace
}  // namespace kinegraph
