#include "framework/model/cost_meter.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace kinegraph {
namespace {

class CostMeterTest : public testing::Test {
 protected:
  CostMeterTest() { at::set_num_threads(1); }

  at::NoGradGuard no_grad_;
};

TEST_F(CostMeterTest, CountsAConvolutionOnce) {
  const auto x = at::randn({2, 3, 10, 5}), weight = at::randn({4, 3, 9, 1});
  CostMeter meter;
  at::conv2d(x, weight, {}, {2, 1}, {4, 0});
  const Cost cost = meter.take();
  EXPECT_EQ(cost.executed, 2 * 4 * 5 * 5 * 3 * 9);
  EXPECT_EQ(cost.published.convolution, cost.executed);
  EXPECT_EQ(cost.published.graph, 0);
}

TEST_F(CostMeterTest, CountsALinearLayerAsAConvolution) {
  const auto x = at::randn({6, 3}), weight = at::randn({5, 3}), bias = at::randn({5});
  CostMeter meter;
  at::linear(x, weight, bias);
  EXPECT_EQ(meter.take().published.convolution, 6 * 3 * 5);
}

TEST_F(CostMeterTest, CountsOtherProductsToGraphs) {
  const auto x = at::randn({4, 6, 3}), y = at::randn({4, 3, 5}), matrix = at::randn({3, 7});
  auto out = at::empty({6, 5});
  CostMeter meter;
  at::bmm(x, y);
  at::matmul(x, matrix);
  at::einsum("bij,bjk->bik", {x, y});
  at::mm_out(out, x[0], y[0]);
  const Cost cost = meter.take();
  EXPECT_EQ(cost.executed, 2 * (4 * 6 * 3 * 5) + 4 * 6 * 3 * 7 + 6 * 3 * 5);
  EXPECT_EQ(cost.published.graph, cost.executed);
  EXPECT_EQ(cost.published.convolution, 0);
}

TEST_F(CostMeterTest, CountsNoElementWiseWork) {
  const auto x = at::randn({4, 6});
  CostMeter meter;
  (x * x + 1).relu().sum();
  EXPECT_EQ(meter.take().executed, 0);
}

TEST_F(CostMeterTest, TakesAPublishedCostForWhatRunsUnderIt) {
  const auto x = at::randn({6, 3}), y = at::randn({3, 5});
  CostMeter meter;
  {
    const PublishedMacs published({1000, 200});
    const PublishedMacs inner({7, 7});  // a part of what is published already
    at::mm(x, y);
    count_executed_macs(11);
  }
  at::mm(x, y);
  const Cost cost = meter.take();
  EXPECT_EQ(cost.published.convolution, 1000);
  EXPECT_EQ(cost.published.graph, 200 + 90);
  EXPECT_EQ(cost.executed, 90 + 11 + 90);
}

TEST_F(CostMeterTest, StartsAnewAtEachTake) {
  const auto x = at::randn({6, 3}), y = at::randn({3, 5});
  CostMeter meter;
  at::mm(x, y);
  meter.take();
  EXPECT_EQ(meter.take().executed, 0);
}

TEST_F(CostMeterTest, PeakIsTheMostThatIsHeldAtOnce) {
  constexpr int64_t kBytes = 1000 * int64_t{sizeof(float)};
  auto before = at::empty({5000});
  CostMeter meter;
  { const auto first = at::empty({1000}), second = at::empty({2000}); }
  const auto third = at::empty({1500});
  EXPECT_EQ(meter.take().peak_bytes, 3 * kBytes);
  before = at::Tensor();
  EXPECT_EQ(meter.take().peak_bytes, kBytes + kBytes / 2) << "what was held from before";
}

TEST_F(CostMeterTest, LeavesNothingBehind) {
  const auto x = at::randn({6, 3}), y = at::randn({3, 5});
  CostMeter outer;
  {
    CostMeter inner;
    at::mm(x, y);
    EXPECT_EQ(inner.take().executed, 90);
  }
  EXPECT_EQ(outer.take().executed, 0);
  at::mm(x, y);
  EXPECT_EQ(outer.take().executed, 90);
}

}  // namespace
}  // namespace kinegraph
