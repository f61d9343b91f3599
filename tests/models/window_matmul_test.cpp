#include "models/kernels/window_matmul.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace kinegraph {
namespace {

struct WindowResult {
  at::Tensor out, to_matrix, to_rows, to_bias;
};

/// What window_matmul() takes, with an upstream gradient.
struct WindowCase {
  at::Tensor matrix, rows, bias, upstream;
  int64_t window, stride;

  WindowCase(at::ScalarType type, int64_t frames, int64_t window_in, int64_t stride_in,
             int64_t channels = 5)
      : window(window_in), stride(stride_in) {
    constexpr int64_t kClips = 2, kRowsIn = 4, kRowsOut = 7;
    at::manual_seed(1);
    const auto random = [&](at::IntArrayRef sizes) {
      return at::randn(sizes, at::kDouble).to(type);
    };
    matrix = random({kRowsOut, window * kRowsIn});
    rows = random({kClips, frames, kRowsIn, channels});
    bias = random({channels});
    upstream = random({kClips, (frames + stride - 1) / stride, kRowsOut, channels});
  }

  template <class Product>
  WindowResult run(const Product& product) const {
    const auto m = matrix.clone().requires_grad_(), x = rows.clone().requires_grad_(),
               b = bias.clone().requires_grad_();
    const auto out = product(m, x, b);
    out.backward(upstream);
    return {out.detach(), m.grad(), x.grad(), b.grad()};
  }

  WindowResult of_windows() const {
    return run([&](const at::Tensor& m, const at::Tensor& x, const at::Tensor& b) {
      return at::matmul(m, window_rows(x, window, stride)) + b;
    });
  }

  WindowResult fast() const {
    return run([&](const at::Tensor& m, const at::Tensor& x, const at::Tensor& b) {
      return window_matmul(m, x, b, window, stride);
    });
  }
};

double relative_error_of(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

void expect_same(const WindowResult& actual, const WindowResult& expected, double tolerance) {
  EXPECT_LE(relative_error_of(actual.out, expected.out), tolerance);
  EXPECT_LE(relative_error_of(actual.to_matrix, expected.to_matrix), tolerance);
  EXPECT_LE(relative_error_of(actual.to_rows, expected.to_rows), tolerance);
  EXPECT_LE(relative_error_of(actual.to_bias, expected.to_bias), tolerance);
}

TEST(WindowMatmul, EqualsTheProductWithCopiedWindows) {
  for (int64_t window : {1, 3, 5, 7, 9, 11, 21})
    for (int64_t stride : {1, 2, 3})
      for (int64_t frames : {1, 2, 7, 12, 31}) {
        SCOPED_TRACE(::testing::Message()
                     << "window " << window << ", stride " << stride << ", frames " << frames);
        const WindowCase given(at::kDouble, frames, window, stride);
        expect_same(given.fast(), given.of_windows(), 1e-13);
      }
}

TEST(WindowMatmul, EndsWithReluInTheSamePass) {
  for (int64_t window : {1, 5})
    for (int64_t stride : {1, 2}) {
      const WindowCase given(at::kDouble, 12, window, stride, 21);
      const auto plain = window_matmul(given.matrix, given.rows, given.bias, window, stride);
      const auto active = window_matmul_relu(given.matrix, given.rows, given.bias, window, stride);
      EXPECT_LE(relative_error_of(active, plain.relu()), 1e-14) << window << " " << stride;
      EXPECT_GT((plain < 0).sum().item<int64_t>(), 0);
    }
}

TEST(WindowMatmul, EqualsTheProductWithCopiedWindowsAcrossBlocks) {
  const WindowCase given(at::kDouble, 61, 5, 2, 200);
  expect_same(given.fast(), given.of_windows(), 1e-13);
}

TEST(WindowMatmul, LosesHardlyADigitOfFloat32) {
  const WindowCase given(at::kFloat, 50, 5, 2, 96), exact(at::kDouble, 50, 5, 2, 96);
  expect_same(given.fast(), exact.of_windows(), 2e-6);
}

TEST(WindowMatmul, BitsDoNotDependOnTheNumberOfThreads) {
  const WindowCase given(at::kFloat, 31, 5, 2, 96);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = given.fast();
  at::set_num_threads(3);
  const auto three = given.fast();
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one.out, three.out));
  EXPECT_TRUE(at::equal(one.to_matrix, three.to_matrix));
  EXPECT_TRUE(at::equal(one.to_rows, three.to_rows));
}

TEST(WindowMatmul, RefusesAMatrixThatDoesNotFit) {
  const WindowCase given(at::kFloat, 8, 3, 1);
  try {
    window_matmul(given.matrix, given.rows, given.bias, 5, 1);
    FAIL() << "accepted";
  } catch (const c10::Error& error) {
    EXPECT_STREQ(error.what_without_backtrace(),
                 "window_matmul: rows [2, 8, 4, 5] (N,T,P,C) and a window of 5 do not fit a matrix "
                 "[7, 12] and a bias [5]");
  }
}

}  // namespace
}  // namespace kinegraph
