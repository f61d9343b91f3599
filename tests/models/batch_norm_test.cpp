#include "models/kernels/batch_norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/kernels/aggregate_kernel.h"
#include "models/kernels/branch_conv.h"
#include "models/kernels/rows.h"
#include "models/kernels/tiled_conv.h"
#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

constexpr double kEpsilon = 1e-5;

/// Rows of several blocks with a remainder, and few of everything: (N, C, T, V).
const std::vector<std::vector<int64_t>> kSizes{{3, 5, 101, 7}, {2, 17, 3, 2}, {2, 1, 3, 3}};

/// x, weight, bias, addend.
std::vector<at::Tensor> random_case(const std::vector<int64_t>& s, at::ScalarType type) {
  const auto image = [&] {
    return at::randn(s, at::kDouble).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  };
  return {3 * image() + 2, at::randn({s[1]}, at::kDouble).to(type),
          at::randn({s[1]}, at::kDouble).to(type), image()};
}

at::Tensor by_libtorch(const std::vector<at::Tensor>& v, bool has_sum, bool relu) {
  auto y = at::batch_norm(v[0], v[1], v[2], {}, {}, /*training=*/true, 0.1, kEpsilon, false);
  if (has_sum) y = y + v[3];
  return relu ? y.relu() : y;
}

at::Tensor by_us(const std::vector<at::Tensor>& v, bool has_sum, bool relu) {
  return batch_norm(v[0], v[1], v[2], kEpsilon, Finish{has_sum ? v[3] : at::Tensor(), relu}).y;
}

std::vector<at::Tensor> without_addend(std::vector<at::Tensor> variables) {
  variables.pop_back();
  return variables;
}

void expect_libtorchs(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  for (const auto& sizes : kSizes)
    for (const bool has_sum : {false, true})
      for (const bool relu : {false, true}) {
        const auto variables = random_case(sizes, type);
        expect_alike([&](const auto& v) { return by_us(v, has_sum, relu); },
                     [&](const auto& v) { return by_libtorch(v, has_sum, relu); },
                     has_sum ? variables : without_addend(variables), tolerance);
      }
}

TEST(BatchNormKernel, IsLibTorchsInDouble) { expect_libtorchs(at::kDouble, 1e-11); }

TEST(BatchNormKernel, IsLibTorchsInFloat) { expect_libtorchs(at::kFloat, 2e-4); }

TEST(BatchNormKernel, TakesARangeOfChannels) {
  at::manual_seed(1);
  const auto variables = without_addend(random_case({2, 3, 40, 5}, at::kDouble));
  const auto in_range = [](const std::vector<at::Tensor>& v) {
    const auto wide = at::cat({v[0], v[0], v[0]}, 1).contiguous(at::MemoryFormat::ChannelsLast);
    return by_us({wide.narrow(1, 3, 3), v[1], v[2]}, false, true);
  };
  expect_alike(
      in_range, [](const auto& v) { return by_libtorch(v, false, true); }, variables, 1e-11);
}

TEST(BatchNormKernel, LeavesTheOtherChannelsAsTheyAre) {
  at::manual_seed(1);
  const auto variables = without_addend(random_case({2, 3, 40, 5}, at::kDouble));
  const auto joined = [](const at::Tensor& y, const at::Tensor& rest) {
    return at::cat({y, 2 * rest}, 1);
  };
  const auto wide = [](const at::Tensor& x) {
    return at::cat({x, x.square()}, 1).contiguous(at::MemoryFormat::ChannelsLast);
  };
  expect_alike(
      [&](const auto& v) {
        const auto result = batch_norm(wide(v[0]), v[1], v[2], kEpsilon, Finish{{}, true});
        return joined(result.y, result.rest);
      },
      [&](const auto& v) {
        const auto x = wide(v[0]);
        return joined(by_libtorch({x.narrow(1, 0, 3), v[1], v[2]}, false, true), x.narrow(1, 3, 3));
      },
      variables, 1e-11);
  EXPECT_FALSE(batch_norm(variables[0], variables[1], variables[2], kEpsilon, {}).rest.defined());
}

TEST(BatchNormKernel, ChannelsFarFromZeroKeepTheirDigits) {
  at::manual_seed(1);
  const auto x = at::randn({4, 2, 300, 9}, at::kDouble) + 1e4;
  const auto result = batch_norm(x.to(at::kFloat), at::ones({2}), at::zeros({2}), kEpsilon, {});
  const auto seen = x.to(at::kFloat).to(at::kDouble).transpose(0, 1).flatten(1);
  EXPECT_LE(error_of(result.mean, seen.mean(1)), 1e-12);
  EXPECT_LE(error_of(result.variance, seen.var(1, /*unbiased=*/true)), 1e-6);
}

TEST(BatchNormKernel, AFirstRowFarFromTheOthersCostsNoDigits) {
  at::manual_seed(1);
  auto x =
      at::full({1, 1, 250, 1}, 0.3, at::kDouble) + at::randn({1, 1, 250, 1}, at::kDouble) * 1e-3;
  x.select(2, 0).fill_(1000);
  const auto result = batch_norm(x.to(at::kFloat), at::ones({1}), at::zeros({1}), kEpsilon, {});
  const auto seen = x.to(at::kFloat).to(at::kDouble).flatten();
  EXPECT_LE(error_of(result.mean, seen.mean().view({1})), 1e-7);
  EXPECT_LE(error_of(result.variance, seen.var(/*unbiased=*/true).view({1})), 1e-7);
}

TEST(BatchNormKernel, GivesTheStatisticsOfTheBatch) {
  at::manual_seed(1);
  const auto v = random_case(kSizes[0], at::kDouble);
  const auto result = batch_norm(v[0], v[1], v[2], kEpsilon, {});
  const auto channels = v[0].transpose(0, 1).flatten(1);
  EXPECT_LE(error_of(result.mean, channels.mean(1)), 1e-13);
  EXPECT_LE(error_of(result.variance, channels.var(1, /*unbiased=*/true)), 1e-13);
  EXPECT_FALSE(result.mean.requires_grad());
}

TEST(BatchNormKernel, IsTheSameForTwoThreads) {
  at::manual_seed(1);
  for (const auto type : {at::kFloat, at::kDouble})
    for (const bool relu : {false, true})
      expect_same_bits_for_two_threads([&](const auto& v) { return by_us(v, true, relu); },
                                       random_case({4, 16, 100, 25}, type));
}

TEST(Remake, GivesTheSameBits) {
  at::manual_seed(1);
  const auto v = random_case({4, 16, 100, 25}, at::kFloat);
  const auto x = v[0].clone().set_requires_grad(true);
  const auto y = by_us({x, v[1], v[2]}, false, true);
  const Remake remake = remake_of(y);
  ASSERT_TRUE(remake);
  EXPECT_TRUE(remake().equal(y));
}

TEST(Remake, IsNotOfferedForASumOrAnythingElse) {
  const auto v = random_case({2, 3, 4, 5}, at::kFloat);
  const auto x = v[0].clone().set_requires_grad(true);
  EXPECT_FALSE(remake_of(by_us({x, v[1], v[2], v[3]}, true, true)));
  EXPECT_FALSE(remake_of(by_us(v, false, true)));  // nothing kept: no gradients
  EXPECT_FALSE(remake_of(x.relu()));
  EXPECT_FALSE(remake_of(x));
}

/// A function whose backward pass needs an operand gives the same bits whether the operand is kept
/// or made again.
void expect_same_bits_remade(const TensorFunction& layer, const std::vector<at::Tensor>& others) {
  at::manual_seed(1);
  auto variables = random_case({3, 48, 30, 5}, at::kFloat);
  variables.pop_back();
  variables.insert(variables.end(), others.begin(), others.end());
  const auto run = [&](bool is_hidden) {
    return result_and_gradients(
        [&](const std::vector<at::Tensor>& v) {
          auto y = by_us({v[0], v[1], v[2]}, false, true);
          if (is_hidden) y = y.view_as(y);  // has another function behind it
          EXPECT_EQ(static_cast<bool>(remake_of(y)), !is_hidden);
          return layer({y, v[3]});
        },
        variables);
  };
  const auto remade = run(false), kept = run(true);
  for (size_t i = 0; i < remade.size(); ++i) EXPECT_TRUE(remade[i].equal(kept[i])) << i;
}

TEST(Remake, OfAStridedPointwiseConvolution) {
  expect_same_bits_remade([](const auto& v) { return pointwise(v[0], v[1], {}, 2); },
                          {at::randn({7, 48, 1, 1})});
}

TEST(Remake, OfATiledConvolution) {
  expect_same_bits_remade([](const auto& v) { return tiled_conv(v[0], v[1], {}, 1); },
                          {at::randn({48, 48, 9, 1})});
}

TEST(Remake, OfBranches) {
  expect_same_bits_remade(
      [](const auto& v) {
        const auto plain = v[0].detach().narrow(1, 0, 2);
        return convolve_branches(v[0], {v[1]}, {at::ones({24})}, {2}, 1, plain);
      },
      {at::randn({24, 24, 3, 1})});
}

TEST(Remake, IsNotOfferedForTheChannelsThatABatchNormLeaves) {
  at::manual_seed(1);
  const auto v = random_case({2, 8, 9, 5}, at::kFloat);
  const auto x = v[0].clone().set_requires_grad(true);
  const auto result =
      batch_norm(x, v[1].narrow(0, 0, 6), v[2].narrow(0, 0, 6), kEpsilon, Finish{{}, true});
  EXPECT_TRUE(remake_of(result.y));
  EXPECT_FALSE(remake_of(result.rest));
}

TEST(Remake, OfGatheredNeighbours) {
  at::manual_seed(1);
  const auto x = at::randn({2, 3, 9, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto adjacency = at::randn({2, 4, 4});
  const auto y = aggregate_sparse(x.clone().set_requires_grad(true), adjacency, adjacency > 0);
  const Remake remake = remake_of(y);
  ASSERT_TRUE(remake);
  EXPECT_TRUE(remake().equal(y));
}

TEST(Remake, WorksTwiceWhileTheGraphIsRetained) {
  at::manual_seed(1);
  const auto v = random_case({2, 8, 9, 5}, at::kFloat);
  const auto x = v[0].clone().set_requires_grad(true);
  const auto weight = at::randn({7, 8, 1, 1}).set_requires_grad(true);
  const auto loss = pointwise(by_us({x, v[1], v[2]}, false, true), weight, {}).square().sum();
  loss.backward({}, /*retain_graph=*/true);
  const auto once = weight.grad().clone();
  loss.backward();
  EXPECT_TRUE(weight.grad().equal(once + once));
}

TEST(Remake, IsNotNeededForFrozenWeights) {
  at::manual_seed(1);
  const auto v = random_case({2, 8, 9, 5}, at::kDouble);
  const auto weight = at::randn({7, 8, 1, 1}, at::kDouble);
  const auto gradient = [&](const auto& norm) {
    const auto x = v[0].clone().set_requires_grad(true);
    pointwise(norm({x, v[1], v[2]}, false, true), weight, {}).square().sum().backward();
    return x.grad();
  };
  EXPECT_LE(error_of(gradient(by_us), gradient(by_libtorch)), 1e-11);
}

TEST(BatchNormKernel, RefusesAnAddendOfOtherSizes) {
  const auto v = random_case({2, 3, 4, 5}, at::kFloat);
  EXPECT_THROW(by_us({v[0], v[1], v[2], v[3].narrow(2, 0, 1)}, true, true), c10::Error);
}

TEST(Rows, OfASingleChannelLieSideBySide) {
  const auto wide = at::randn({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  for (const auto& x : {wide.narrow(1, 0, 1), wide.narrow(1, 0, 1).contiguous()}) {
    const auto rows = rows_of(x);
    EXPECT_EQ(rows.stride(1), 1);
    EXPECT_TRUE(rows.flatten().equal(x.permute({0, 2, 3, 1}).flatten()));
  }
}

TEST(SumOfRows, IsTheSameForTwoThreads) {
  at::manual_seed(1);
  expect_same_bits_for_two_threads([](const auto& v) { return v[0] * sum_of_rows(v[0].detach()); },
                                   {at::randn({40'000, 64})});
}

TEST(SumOfRows, IsTheSum) {
  at::manual_seed(1);
  for (const int64_t rows : {0, 1, 1024, 5003}) {
    const auto x = at::randn({rows, 19}, at::kDouble);
    EXPECT_TRUE(at::allclose(sum_of_rows(x), x.sum(0), 1e-12, 1e-12));
    EXPECT_TRUE(at::allclose(sum_of_rows(x.to(at::kFloat)), x.sum(0).to(at::kFloat), 1e-5, 1e-4));
  }
}

}  // namespace
}  // namespace kinegraph
