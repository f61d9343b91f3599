#include "models/kernels/frame_matmul.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

struct Sizes {
  int64_t clips, frames, outputs, inputs, channels;
};

/// Whole tiles and registers, remainders of both, more inputs and frames than are taken at once,
/// and the least of everything.
const std::vector<Sizes> kSizes{{2, 6, 75, 25, 64},  {3, 1, 17, 17, 3},   {1, 35, 4, 7, 70},
                                {9, 2, 25, 75, 33},  {1, 1, 1, 1, 1},     {2, 3, 6, 5, 130},
                                {2, 37, 7, 120, 48}, {1, 3, 26, 113, 112}};

at::Tensor random(at::IntArrayRef sizes, at::ScalarType type) {
  return at::randn(sizes, at::kDouble).to(type);
}

at::Tensor shared(const std::vector<at::Tensor>& v) { return frame_matmul(v[0], v[1]); }
at::Tensor products(const std::vector<at::Tensor>& v) { return frame_products(v[0], v[1]); }

void expect_definitions(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  for (const auto& [n, t, m, p, c] : kSizes) {
    const auto rows = random({n, t, p, c}, type);
    expect_alike(
        shared, [](const auto& v) { return at::einsum("mp,ntpc->ntmc", v); },
        {random({m, p}, type), rows}, tolerance);
    expect_alike(
        shared, [](const auto& v) { return at::einsum("nmp,ntpc->ntmc", v); },
        {random({n, m, p}, type), rows}, tolerance);
    expect_alike(
        products, [](const auto& v) { return at::einsum("ntmc,ntpc->nmp", v); },
        {random({n, t, m, c}, type), rows}, tolerance);
  }
}

TEST(FrameMatmul, GivesTheSumsOfItsDefinitionInFloat64) { expect_definitions(at::kDouble, 1e-13); }

TEST(FrameMatmul, GivesTheSumsOfItsDefinitionInFloat32) { expect_definitions(at::kFloat, 1e-5); }

TEST(FrameMatmul, GradientsEqualFiniteDifferences) {
  at::manual_seed(2);
  const auto rows = random({2, 3, 6, 9}, at::kDouble);
  expect_numerical_gradients(shared, {random({7, 6}, at::kDouble), rows});
  expect_numerical_gradients(shared, {random({2, 7, 6}, at::kDouble), rows});
  expect_numerical_gradients(products, {random({2, 3, 7, 9}, at::kDouble), rows});
}

TEST(FrameMatmul, GivesTheSameBitsForOneAndTwoThreads) {
  at::manual_seed(3);
  const auto rows = random({20, 40, 25, 30}, at::kFloat);
  expect_same_bits_for_two_threads(shared, {random({75, 25}, at::kFloat), rows});
  expect_same_bits_for_two_threads(shared, {random({20, 75, 25}, at::kFloat), rows});
  expect_same_bits_for_two_threads(products, {random({20, 40, 25, 30}, at::kFloat), rows});
}

TEST(FrameMatmul, TakesRowsInAnyMemoryOrder) {
  at::manual_seed(4);
  const auto matrix = random({8, 7}, at::kDouble), wide = random({2, 5, 7, 40}, at::kDouble);
  const auto part = wide.narrow(3, 10, 20), other = wide.narrow(3, 0, 20);
  const auto far = part.permute({3, 0, 1, 2}).contiguous().permute({1, 2, 3, 0});
  const auto expected = frame_matmul(matrix, part.contiguous());
  EXPECT_TRUE(at::equal(frame_matmul(matrix, part), expected));
  EXPECT_TRUE(at::equal(frame_matmul(matrix, far), expected));
  EXPECT_TRUE(at::equal(frame_matmul(matrix.t().contiguous().t(), part), expected));
  EXPECT_TRUE(
      at::equal(frame_products(part, other), frame_products(far.contiguous(), other.contiguous())));
}

TEST(FrameMatmul, RefusesSizesThatDoNotFit) {
  const auto rows = at::zeros({2, 3, 6, 4});
  EXPECT_THROW(frame_matmul(at::zeros({7, 5}), rows), c10::Error);
  EXPECT_THROW(frame_matmul(at::zeros({3, 7, 6}), rows), c10::Error);
  EXPECT_THROW(frame_products(rows, at::zeros({2, 4, 6, 4})), c10::Error);
}

}  // namespace
}  // namespace kinegraph
