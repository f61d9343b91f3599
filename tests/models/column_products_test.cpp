#include "models/kernels/column_products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

/// Rows, columns of a, columns of b: whole registers on either side, panels of every width,
/// remainders of everything, several partial sums, and the least.
const std::vector<std::vector<int64_t>> kSizes{{300, 18, 96},   {9000, 96, 27}, {2100, 80, 64},
                                               {1025, 13, 112}, {130, 288, 48}, {50, 7, 5},
                                               {3, 3, 32},      {1, 1, 1}};

std::pair<at::Tensor, at::Tensor> random_case(const std::vector<int64_t>& s, at::ScalarType type) {
  at::manual_seed(1);
  const auto random = [&](int64_t columns) {
    return at::randn({s[0], columns}, at::kDouble).to(type);
  };
  const auto a = random(s[1]);
  return {a, random(s[2])};
}

void expect_definition(at::ScalarType type, double tolerance) {
  for (const auto& sizes : kSizes) {
    const auto [a, b] = random_case(sizes, type);
    const auto result = column_products(a, b, /*has_sums=*/true);
    const auto wide = a.to(at::kDouble);
    EXPECT_LE(error_of(result.products, at::mm(wide.t(), b.to(at::kDouble))), tolerance) << sizes;
    EXPECT_LE(error_of(result.sums, wide.sum(0)), tolerance) << sizes;
    EXPECT_EQ(result.products.scalar_type(), type);
  }
}

TEST(ColumnProducts, AreTheSumsOverAllRowsInDouble) { expect_definition(at::kDouble, 1e-13); }

TEST(ColumnProducts, AreTheSumsOverAllRowsInFloat) { expect_definition(at::kFloat, 1e-5); }

TEST(ColumnProducts, TakeRowsWithGapsBetween) {
  const auto [a, b] = random_case({70, 40, 50}, at::kFloat);
  const auto some_a = a.narrow(1, 3, 33), some_b = b.narrow(1, 1, 48);
  const auto gaps = column_products(some_a, some_b, true);
  const auto dense = column_products(some_a.contiguous(), some_b.contiguous(), true);
  EXPECT_TRUE(gaps.products.equal(dense.products));
  EXPECT_TRUE(gaps.sums.equal(dense.sums));
}

TEST(ColumnProducts, LeaveOutSumsThatNobodyWants) {
  const auto [a, b] = random_case(kSizes[0], at::kFloat);
  EXPECT_FALSE(column_products(a, b, false).sums.defined());
}

TEST(ColumnProducts, AreTheSameBitsForTwoThreads) {
  const auto [a, b] = random_case({9000, 96, 48}, at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = column_products(a, b, true);
  at::set_num_threads(2);
  const auto two = column_products(a, b, true);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.products.equal(two.products));
  EXPECT_TRUE(one.sums.equal(two.sums));
}

}  // namespace
}  // namespace kinegraph
