// The kernels against LibTorch's own operators.
#include "models/kernels/branch_conv.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/variable.h>

#include <limits>

namespace kinegraph {
namespace {

using Tensors = std::vector<at::Tensor>;

struct Branches {
  std::vector<int64_t> widths, dilations;  // of the convolutions
  int64_t pooled = 4, plain = 3, kernel = 3, stride = 1;
};

/// Everything that may have a gradient.
struct Operands {
  at::Tensor active, plain;
  Tensors weights, biases;

  Tensors all() const {
    Tensors result{active, plain};
    result.insert(result.end(), weights.begin(), weights.end());
    result.insert(result.end(), biases.begin(), biases.end());
    return result;
  }
};

at::Tensor leaf(const at::Tensor& x) { return x.detach().set_requires_grad(true); }

Operands operands(const Branches& branches, int64_t frames, int64_t joints,
                  at::ScalarType type = at::kDouble) {
  at::manual_seed(7);
  Operands result;
  int64_t inner = branches.pooled;
  for (const int64_t width : branches.widths) {
    inner += width;
    result.weights.push_back(leaf(at::randn({width, width, branches.kernel, 1}, type)));
    result.biases.push_back(leaf(at::randn({width}, type)));
  }
  const auto last = at::MemoryFormat::ChannelsLast;
  result.active = leaf(at::randn({3, inner, frames, joints}, type).contiguous(last));
  const int64_t out = (frames + branches.stride - 1) / branches.stride;
  result.plain = leaf(at::randn({3, branches.plain, out, joints}, type).contiguous(last));
  return result;
}

at::Tensor ours(const Branches& branches, const Operands& x) {
  return convolve_branches(x.active, x.weights, x.biases, branches.dilations, branches.stride,
                           x.plain);
}

at::Tensor theirs(const Branches& branches, const Operands& x) {
  Tensors parts;
  int64_t begin = 0;
  for (size_t i = 0; i < branches.widths.size(); ++i) {
    const int64_t dilation = branches.dilations[i];
    parts.push_back(at::conv2d(x.active.narrow(1, begin, branches.widths[i]), x.weights[i],
                               x.biases[i], {branches.stride, 1},
                               {(branches.kernel - 1) * dilation / 2, 0}, {dilation, 1}));
    begin += branches.widths[i];
  }
  parts.push_back(at::max_pool2d(x.active.narrow(1, begin, branches.pooled), {3, 1},
                                 {branches.stride, 1}, {1, 0}));
  parts.push_back(x.plain);
  return at::cat(parts, 1);
}

/// The result and the gradients of all operands, for a gradient that differs everywhere.
template <class Run>
Tensors results(const Branches& branches, const Operands& x, Run run) {
  for (auto operand : x.all()) operand.mutable_grad() = at::Tensor();
  const auto y = run(branches, x);
  y.backward(at::arange(y.numel(), y.options()).sin_().view(y.sizes()));
  Tensors found{y.detach()};
  for (const auto& operand : x.all()) found.push_back(operand.grad().clone());
  return found;
}

void expect_equal(const Branches& branches, const Operands& x) {
  const auto found = results(branches, x, ours), expected = results(branches, x, theirs);
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].sizes(), expected[i].sizes()) << "result " << i;
    EXPECT_TRUE(at::allclose(found[i], expected[i], 1e-12, 1e-12, /*equal_nan=*/true))
        << "result " << i << " differs by " << (found[i] - expected[i]).abs().max();
  }
}

TEST(BranchConv, EqualsConvolutionAndPoolingForAnyWidth) {
  for (const int64_t width : {1, 8, 10, 21, 54}) {
    SCOPED_TRACE(width);
    const Branches branches{{width, width + 1}, {1, 2}, /*pooled=*/width, /*plain=*/width};
    expect_equal(branches, operands(branches, 9, 17));
  }
}

TEST(BranchConv, EqualsConvolutionAndPoolingForAnyNumberOfJoints) {
  const Branches branches{{10, 5}, {1, 3}};
  for (int64_t joints = 1; joints <= 13; ++joints) {
    SCOPED_TRACE(joints);
    expect_equal(branches, operands(branches, 7, joints));
  }
}

TEST(BranchConv, EqualsConvolutionAndPoolingForAnyKernelStrideAndLength) {
  Branches branches{{10, 7, 10}, {1, 2, 4}};
  for (const int64_t kernel : {1, 3, 5, 9})
    for (const int64_t stride : {1, 2, 3})
      for (const int64_t frames : {1, 2, 3, 5, 20, 33}) {
        SCOPED_TRACE(testing::Message()
                     << "kernel " << kernel << " stride " << stride << " frames " << frames);
        branches.kernel = kernel;
        branches.stride = stride;
        expect_equal(branches, operands(branches, frames, 5));
      }
}

TEST(BranchConv, PoolsWithoutConvolutions) {
  const Branches branches{{}, {}, /*pooled=*/11};
  expect_equal(branches, operands(branches, 6, 5));
}

TEST(BranchConv, GivesTheGradientOfEqualFramesToTheFirst) {
  for (const int64_t stride : {1, 2}) {
    Branches branches{{4}, {1}, /*pooled=*/9};
    branches.stride = stride;
    auto x = operands(branches, 12, 5);
    x.active = leaf(x.active.detach().relu().gt(0).to(at::kDouble));
    expect_equal(branches, x);
  }
}

TEST(BranchConv, PoolsInfinitiesAndNotANumberAsLibTorchDoes) {
  const Branches branches{{}, {}, /*pooled=*/9};
  auto x = operands(branches, 40, 5);
  const auto draw = at::randint(4, x.active.sizes(), x.active.options().requires_grad(false));
  auto values = x.active.detach().clone();
  values.masked_fill_(draw.eq(0), std::numeric_limits<double>::quiet_NaN());
  values.masked_fill_(draw.eq(1), -std::numeric_limits<double>::infinity());
  values.masked_fill_(draw.eq(2), 1);
  x.active = leaf(values);
  expect_equal(branches, x);
}

TEST(BranchConv, ReadsAChannelRangeOfAWiderTensor) {
  const Branches branches{{10}, {2}};
  auto x = operands(branches, 8, 5);
  const auto wide =
      at::randn({3, 20, 8, 5}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast);
  auto narrow = x;
  narrow.active = wide.narrow(1, 0, 14);
  narrow.plain = wide.narrow(1, 14, 3);
  EXPECT_TRUE(at::allclose(ours(branches, narrow), theirs(branches, narrow), 1e-12, 1e-12));
}

TEST(BranchConv, ReadsAnyMemoryOrderAndWritesChannelsLast) {
  const Branches branches{{10}, {2}};
  auto x = operands(branches, 8, 5);
  const auto expected = ours(branches, x);
  x.active = x.active.contiguous();
  x.plain = x.plain.contiguous();
  const auto found = ours(branches, x);
  EXPECT_TRUE(at::equal(found, expected));
  EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(BranchConv, EqualsLibTorchInSinglePrecision) {
  const Branches branches{{21, 16}, {1, 3}};
  const auto x = operands(branches, 30, 25, at::kFloat);
  const auto found = results(branches, x, ours), expected = results(branches, x, theirs);
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(at::allclose(found[i], expected[i], 1e-4, 1e-4)) << "result " << i;
}

TEST(BranchConv, GivesTheSameBitsWithAnyNumberOfThreads) {
  const Branches branches{{10, 21}, {1, 2}};
  const auto x = operands(branches, 61, 25, at::kFloat);
  Tensors found[2];
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    found[threads - 1] = results(branches, x, ours);
  }
  at::set_num_threads(1);
  for (size_t i = 0; i < found[0].size(); ++i) EXPECT_TRUE(at::equal(found[0][i], found[1][i]));
}

}  // namespace
}  // namespace kinegraph
