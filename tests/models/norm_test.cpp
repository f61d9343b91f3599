#include "models/layers/norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

torch::nn::BatchNorm2d norm_of(int64_t channels, at::ScalarType type) {
  torch::nn::BatchNorm2d bn(torch::nn::BatchNorm2dOptions(channels).momentum(0.3));
  bn->to(type);
  const at::NoGradGuard no_grad;
  for (auto& tensor : {bn->weight, bn->bias, bn->running_mean}) tensor.copy_(at::randn({channels}));
  bn->running_var.copy_(at::rand({channels}) + 0.5);
  return bn;
}

/// Two training steps of norms side by side move their running statistics as LibTorch's own do.
void expect_running_statistics(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  const Norms ours{norm_of(3, type), norm_of(5, type)};
  Norms theirs;
  for (const auto& bn : ours)
    theirs.emplace_back(std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(bn->clone()));
  for (int step = 0; step < 2; ++step) {
    const auto x = at::randn({4, 8, 30, 5}, at::kDouble).to(type) * 2 + 1;
    norm(x.contiguous(at::MemoryFormat::ChannelsLast), ours);
    theirs[0]->forward(x.narrow(1, 0, 3));
    theirs[1]->forward(x.narrow(1, 3, 5));
  }
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_LE(error_of(ours[i]->running_mean, theirs[i]->running_mean), tolerance);
    EXPECT_LE(error_of(ours[i]->running_var, theirs[i]->running_var), tolerance);
    EXPECT_TRUE(ours[i]->num_batches_tracked.equal(theirs[i]->num_batches_tracked));
    EXPECT_EQ(ours[i]->running_mean.scalar_type(), type);
  }
}

TEST(Norm, MovesRunningStatisticsAsLibTorchDoes) {
  expect_running_statistics(at::kDouble, 1e-13);
  expect_running_statistics(at::kFloat, 1e-6);
}

TEST(Norm, MovesThemWithoutGradientsToo) {
  const at::NoGradGuard no_grad;
  expect_running_statistics(at::kDouble, 1e-13);
}

TEST(Norm, RefusesOtherNumbersOfChannels) {
  const Norms norms{norm_of(3, at::kFloat), norm_of(5, at::kFloat)};
  EXPECT_THROW(norm(at::randn({2, 9, 3, 4}), norms), c10::Error);
  EXPECT_THROW(norm(at::randn({2, 7, 3, 4}), norms), c10::Error);
}

}  // namespace
}  // namespace kinegraph
