#include "models/kernels/tiled_conv.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

struct Sizes {
  int64_t clips, in, out, frames, joints, kernel, stride;
};

/// Whole tiles and remainders of frames, every filter, few frames, more than a panel of channels
/// and more than a block, full registers and not.
const std::vector<Sizes> kSizes{
    {2, 6, 5, 9, 4, 9, 1},    {1, 3, 4, 10, 3, 3, 1},   {3, 2, 2, 8, 5, 5, 1},
    {1, 4, 3, 2, 2, 7, 1},    {2, 1, 1, 1, 1, 9, 1},    {1, 64, 128, 19, 3, 9, 1},
    {2, 70, 75, 12, 2, 9, 1}, {2, 6, 5, 9, 4, 9, 2},    {2, 3, 2, 10, 3, 5, 2},
    {1, 2, 4, 11, 5, 7, 2},   {1, 70, 75, 38, 2, 9, 2}, {2, 2, 3, 1, 2, 9, 2},
    {1, 2, 2, 2, 3, 7, 2},    {2, 3, 3, 6, 2, 3, 2}};

/// x, weight, bias.
std::vector<at::Tensor> random_case(const Sizes& s, at::ScalarType type) {
  return {at::randn({s.clips, s.in, s.frames, s.joints}, at::kDouble)
              .to(type)
              .contiguous(at::MemoryFormat::ChannelsLast),
          at::randn({s.out, s.in, s.kernel, 1}, at::kDouble).to(type),
          at::randn({s.out}, at::kDouble).to(type)};
}

TensorFunction tiled(int64_t stride) {
  return [stride](const auto& v) { return tiled_conv(v[0], v[1], v[2], stride); };
}

TensorFunction definition(int64_t stride) {
  return [stride](const auto& v) {
    return at::conv2d(v[0], v[1], v[2], {stride, 1}, {(v[1].size(2) - 1) / 2, 0});
  };
}

void expect_definition(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  for (const auto& sizes : kSizes) {
    SCOPED_TRACE(testing::Message()
                 << sizes.in << " to " << sizes.out << " channels, " << sizes.frames << " frames, "
                 << sizes.kernel << " taps, stride " << sizes.stride);
    expect_alike(tiled(sizes.stride), definition(sizes.stride), random_case(sizes, type),
                 tolerance);
  }
}

TEST(TiledConv, IsTheConvolutionInFloat64) { expect_definition(at::kDouble, 1e-13); }

TEST(TiledConv, IsTheConvolutionInFloat32) { expect_definition(at::kFloat, 5e-6); }

TEST(TiledConv, NeedsNoBias) {
  const auto v = random_case(kSizes[0], at::kDouble);
  EXPECT_TRUE(
      at::allclose(tiled_conv(v[0], v[1], {}, 1), definition(1)({v[0], v[1], at::Tensor()})));
}

TEST(TiledConv, IsTheSameForTwoThreads) {
  for (int64_t stride : {1, 2})
    expect_same_bits_for_two_threads(tiled(stride),
                                     random_case({3, 70, 75, 38, 25, 9, stride}, at::kFloat));
}

TEST(TiledConv, TakesNoClips) {
  const auto v = random_case({0, 33, 34, 9, 4, 9, 1}, at::kFloat);
  const auto x = v[0], weight = v[1].clone().set_requires_grad(true);
  const auto y = tiled_conv(x, weight, v[2], 1);
  EXPECT_EQ(y.sizes(), at::IntArrayRef({0, 34, 9, 4}));
  y.sum().backward();
  EXPECT_TRUE(weight.grad().equal(at::zeros_like(weight)));
}

TEST(TiledConv, RefusesOtherChannels) {
  const auto v = random_case(kSizes[0], at::kFloat);
  EXPECT_THROW(tiled_conv(v[0].narrow(1, 0, 5), v[1], v[2], 1), c10::Error);
  EXPECT_THROW(tiled_conv(v[0], v[1], v[2].narrow(0, 0, 4), 1), c10::Error);
}

TEST(TiledConv, TakesMoreTilesThanAreMadeAtOnce) {
  const Sizes sizes{40, 16, 16, 100, 50, 3, 1};
  expect_alike(tiled(1), definition(1), random_case(sizes, at::kDouble), 1e-12);
}

}  // namespace
}  // namespace kinegraph
