#include "models/kernels/multi_scale_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

struct Result {
  at::Tensor out, to_graph, to_rows, to_weight, to_bias;
};

struct Sizes {
  int64_t clips, frames, in, out, scales = 3;
};

/// What multi_scale_matmul() takes, with an upstream gradient.
struct Operands {
  at::Tensor graph, rows, weight, bias, upstream;

  Operands(at::ScalarType type, const Sizes& sizes) {
    constexpr int64_t kRowsIn = 4, kRowsOut = 7;
    at::manual_seed(1);
    const auto random = [&](at::IntArrayRef shape) {
      return at::randn(shape, at::kDouble).to(type);
    };
    graph = random({sizes.scales, kRowsOut, kRowsIn});
    rows = random({sizes.clips, sizes.frames, kRowsIn, sizes.in});
    weight = random({sizes.out, sizes.scales, sizes.in});
    bias = random({sizes.out});
    upstream = random({sizes.clips, sizes.frames, kRowsOut, sizes.out});
  }

  template <class Product>
  Result run(const Product& product) const {
    const auto a = graph.clone().requires_grad_(), x = rows.clone().requires_grad_(),
               w = weight.clone().requires_grad_(), b = bias.clone().requires_grad_();
    const auto out = product(a, x, w, b);
    out.backward(upstream);
    return {out.detach(), a.grad(), x.grad(), w.grad(), b.grad()};
  }

  Result by_definition() const {
    return run(
        [](const at::Tensor& a, const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
          return at::einsum("srp,ntpi,osi->ntro", {a, x, w}) + b;
        });
  }

  Result in_blocks() const {
    return run([](const at::Tensor& a, const at::Tensor& x, const at::Tensor& w,
                  const at::Tensor& b) { return multi_scale_matmul(a, x, w, b); });
  }
};

void expect_same(const Result& actual, const Result& expected, double tolerance) {
  EXPECT_LE(error_of(actual.out, expected.out), tolerance);
  EXPECT_LE(error_of(actual.to_graph, expected.to_graph), tolerance);
  EXPECT_LE(error_of(actual.to_rows, expected.to_rows), tolerance);
  EXPECT_LE(error_of(actual.to_weight, expected.to_weight), tolerance);
  EXPECT_LE(error_of(actual.to_bias, expected.to_bias), tolerance);
}

TEST(MultiScaleMatmul, EqualsItsDefinition) {
  // One block and many, one panel of channels and several, channels that do not fill registers.
  for (const Sizes& sizes : {Sizes{1, 1, 1, 1}, Sizes{2, 3, 5, 20}, Sizes{3, 70, 16, 96},
                             Sizes{2, 150, 130, 3}, Sizes{1, 400, 64, 200}}) {
    SCOPED_TRACE(::testing::Message() << sizes.clips << " clips, " << sizes.frames << " frames, "
                                      << sizes.in << " -> " << sizes.out);
    const Operands given(at::kDouble, sizes);
    expect_same(given.in_blocks(), given.by_definition(), 1e-13);
  }
}

TEST(MultiScaleMatmul, LosesHardlyADigitOfFloat32) {
  const Sizes sizes{2, 50, 96, 96};
  expect_same(Operands(at::kFloat, sizes).in_blocks(), Operands(at::kDouble, sizes).by_definition(),
              2e-6);
}

TEST(MultiScaleMatmul, EndsWithReluInTheSamePass) {
  const Operands given(at::kDouble, {2, 12, 6, 21});
  const auto plain = multi_scale_matmul(given.graph, given.rows, given.weight, given.bias);
  const auto active = multi_scale_matmul_relu(given.graph, given.rows, given.weight, given.bias);
  EXPECT_TRUE(at::equal(active, plain.relu()));
  EXPECT_GT((plain < 0).sum().item<int64_t>(), 0);
}

TEST(MultiScaleMatmul, TakesViewsOfAnyStrides) {
  const auto reversed_copy = [](const at::Tensor& x) {
    return x.permute({2, 1, 0}).contiguous().permute({2, 1, 0});
  };
  for (int64_t scales : {1, 3}) {
    const Operands given(at::kDouble, {2, 12, 6, 21, scales});
    const auto of_views = given.run(
        [&](const at::Tensor& a, const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
          const auto rows = x.permute({0, 3, 1, 2}).contiguous().permute({0, 2, 3, 1});
          return multi_scale_matmul(reversed_copy(a), rows, reversed_copy(w),
                                    b.repeat_interleave(2).slice(0, 0, 42, 2));
        });
    expect_same(of_views, given.by_definition(), 1e-13);
  }
}

TEST(MultiScaleMatmul, TakesNoClips) {
  const auto result = Operands(at::kFloat, {0, 12, 6, 21}).in_blocks();
  EXPECT_EQ(result.out.numel(), 0);
  EXPECT_EQ(result.to_weight.abs().sum().item<float>(), 0);
  EXPECT_EQ(result.to_graph.abs().sum().item<float>(), 0);
}

TEST(MultiScaleMatmul, BitsDoNotDependOnTheNumberOfThreads) {
  const Operands given(at::kFloat, {3, 101, 96, 96});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = given.in_blocks();
  at::set_num_threads(3);
  const auto three = given.in_blocks();
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one.out, three.out));
  EXPECT_TRUE(at::equal(one.to_graph, three.to_graph));
  EXPECT_TRUE(at::equal(one.to_rows, three.to_rows));
  EXPECT_TRUE(at::equal(one.to_weight, three.to_weight));
}

TEST(MultiScaleMatmul, RefusesOperandsThatDoNotFit) {
  const Operands given(at::kFloat, {2, 3, 5, 6});
  try {
    multi_scale_matmul(given.graph.transpose(1, 2), given.rows, given.weight, given.bias);
    FAIL() << "accepted";
  } catch (const c10::Error& error) {
    EXPECT_STREQ(error.what_without_backtrace(),
                 "multi_scale_matmul: graph [3, 4, 7] (S,R,P), rows [2, 3, 4, 5] (N,T,P,C_in), "
                 "weight [6, 3, 5] (C_out,S,C_in) and bias [6] do not fit");
  }
}

}  // namespace
}  // namespace kinegraph
