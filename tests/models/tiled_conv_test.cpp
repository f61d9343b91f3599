#include "models/kernels/tiled_conv.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

struct Sizes {
  int64_t clips, in, out, frames, joints, kernel;
};

/// Whole tiles and remainders of frames, kernels that are no multiple of a tile, few frames.
const std::vector<Sizes> kSizes{{2, 6, 5, 9, 4, 9},
                                {1, 3, 4, 10, 3, 3},
                                {3, 2, 2, 8, 5, 5},
                                {1, 4, 3, 2, 2, 7},
                                {2, 1, 1, 1, 1, 9}};

/// x, weight, bias.
std::vector<at::Tensor> random_case(const Sizes& s, at::ScalarType type) {
  return {at::randn({s.clips, s.in, s.frames, s.joints}, at::kDouble)
              .to(type)
              .contiguous(at::MemoryFormat::ChannelsLast),
          at::randn({s.out, s.in, s.kernel, 1}, at::kDouble).to(type),
          at::randn({s.out}, at::kDouble).to(type)};
}

at::Tensor tiled(const std::vector<at::Tensor>& v) { return tiled_conv(v[0], v[1], v[2]); }

at::Tensor definition(const std::vector<at::Tensor>& v) {
  return at::conv2d(v[0], v[1], v[2], 1, {(v[1].size(2) - 1) / 2, 0});
}

void expect_definition(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  for (const auto& sizes : kSizes)
    expect_alike(tiled, definition, random_case(sizes, type), tolerance);
}

TEST(TiledConv, IsTheConvolutionInFloat64) { expect_definition(at::kDouble, 1e-13); }

TEST(TiledConv, IsTheConvolutionInFloat32) { expect_definition(at::kFloat, 5e-6); }

TEST(TiledConv, NeedsNoBias) {
  const auto v = random_case(kSizes[0], at::kDouble);
  EXPECT_TRUE(at::allclose(tiled_conv(v[0], v[1], {}), definition({v[0], v[1], at::Tensor()})));
}

TEST(TiledConv, TakesMoreClipsThanAreTransformedAtOnce) {
  const auto v = random_case({40, 16, 16, 100, 50, 3}, at::kFloat);
  ASSERT_GT(v[0].numel(), int64_t{1} << 21);
  EXPECT_TRUE(at::allclose(tiled(v), definition(v), 1e-4, 1e-4));
}

}  // namespace
}  // namespace kinegraph
