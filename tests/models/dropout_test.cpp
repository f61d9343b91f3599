#include "models/kernels/dropout.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/variable.h>

namespace kinegraph {
namespace {

at::Tensor ones(at::ScalarType type = at::kFloat) {
  return at::ones({4, 16, 50, 25}, type).contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(Dropout, LeavesItsInputWhenNotTraining) {
  const auto x = ones();
  EXPECT_TRUE(parallel_dropout(x, 0.5, false).is_same(x));
  EXPECT_TRUE(parallel_dropout(x, 0.0, true).is_same(x));
}

TEST(Dropout, DropsTheShareItSaysAndKeepsTheMean) {
  at::manual_seed(1);
  for (const double p : {0.1, 0.5, 0.9}) {
    const auto y = parallel_dropout(ones(), p, true);
    const double dropped = y.eq(0).to(at::kDouble).mean().item<double>();
    // 80,000 elements: five standard deviations.
    EXPECT_NEAR(dropped, p, 5 * std::sqrt(p * (1 - p) / 80000));
    EXPECT_TRUE(at::logical_or(y.eq(0), y.eq(static_cast<float>(1 / (1 - p)))).all().item<bool>());
  }
}

TEST(Dropout, DropsNeighboursIndependently) {
  at::manual_seed(2);
  const auto kept = parallel_dropout(at::ones({100000}), 0.5, true).ne(0).to(at::kDouble) - 0.5;
  for (const int64_t lag : {1, 2, 3, 8, 25, 256, 4096}) {
    const int64_t count = kept.numel() - lag;
    const auto product = kept.narrow(0, 0, count) * kept.narrow(0, lag, count);
    EXPECT_NEAR(product.mean().item<double>(), 0, 5 * 0.25 / std::sqrt(count)) << "lag " << lag;
  }
}

TEST(Dropout, DrawsAnewAtEveryCall) {
  at::manual_seed(3);
  EXPECT_FALSE(at::equal(parallel_dropout(ones(), 0.5, true), parallel_dropout(ones(), 0.5, true)));
}

TEST(Dropout, DependsOnTheSeedButNotOnThreads) {
  const auto run = [](int threads) {
    at::set_num_threads(threads);
    at::manual_seed(4);
    return parallel_dropout(at::ones({1 << 18}), 0.3, true);
  };
  const auto one = run(1), two = run(2);
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(one, two));
}

TEST(Dropout, PassesGradientsThroughTheSameMask) {
  at::manual_seed(5);
  auto x = ones(at::kDouble).requires_grad_();
  const auto y = parallel_dropout(x, 0.4, true);
  // A gradient in another memory format must meet the same mask.
  y.backward(at::ones_like(y, at::MemoryFormat::Contiguous));
  EXPECT_TRUE(at::equal(x.grad(), y.detach()));
}

}  // namespace
}  // namespace kinegraph
