#include "models/kernels/row_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace kinegraph {
namespace {

struct Sizes {
  int64_t rows, depth, columns;
};

/// Rows and columns that fill tiles and not, more depth than stays in the cache, nothing.
const std::vector<Sizes> kSizes{{1, 1, 1},     {5, 3, 64},  {7, 300, 50}, {25, 64, 96},
                                {3, 513, 144}, {11, 9, 80}, {4, 2, 33},   {0, 3, 4}};

/// before + a b, for `a` in any order of memory.
template <class Scalar>
at::Tensor product_of(const at::Tensor& a, const at::Tensor& b, const at::Tensor& before) {
  auto to = before.clone();
  multiply_rows<Scalar>({a.size(0), a.size(1), b.size(1)},
                        {a.data_ptr<Scalar>(), a.stride(0), a.stride(1)},
                        {b.data_ptr<Scalar>(), b.stride(0), 1},
                        {to.data_ptr<Scalar>(), to.stride(0), 1}, /*is_added=*/true);
  return to;
}

template <class Scalar>
void expect_product(const Sizes& sizes, bool is_transposed, double tolerance) {
  const auto type = c10::CppTypeToScalarType<Scalar>::value;
  const auto a = is_transposed ? at::randn({sizes.depth, sizes.rows}, type).t()
                               : at::randn({sizes.rows, sizes.depth}, type);
  const auto b = at::randn({sizes.depth, sizes.columns}, type);
  const auto before = at::randn({sizes.rows, sizes.columns}, type);
  EXPECT_TRUE(
      at::allclose(product_of<Scalar>(a, b, before), before + at::mm(a, b), tolerance, tolerance))
      << sizes.rows << " rows, " << sizes.depth << " deep, " << sizes.columns << " columns";
}

TEST(MultiplyRows, IsTheMatrixProduct) {
  at::manual_seed(1);
  for (const auto& sizes : kSizes)
    for (bool is_transposed : {false, true}) {
      expect_product<double>(sizes, is_transposed, 1e-12);
      expect_product<float>(sizes, is_transposed, 1e-4);
    }
}

TEST(MultiplyRows, OverwritesWithoutReadingTheResult) {
  const auto a = at::ones({6, 4}), b = at::ones({4, 40});
  auto to = at::full({6, 40}, std::numeric_limits<float>::quiet_NaN());
  multiply_rows<float>({6, 4, 40}, {a.data_ptr<float>(), 4, 1}, {b.data_ptr<float>(), 40, 1},
                       {to.data_ptr<float>(), 40, 1}, /*is_added=*/false);
  EXPECT_TRUE(to.equal(at::full({6, 40}, 4.F)));
}

TEST(MultiplyRows, LeavesWhatLiesBesideTheResult) {
  const auto a = at::ones({7, 3}), b = at::ones({3, 21});
  const auto whole = at::zeros({8, 30});
  multiply_rows<float>({7, 3, 21}, {a.data_ptr<float>(), 3, 1}, {b.data_ptr<float>(), 21, 1},
                       {whole.data_ptr<float>(), 30, 1}, /*is_added=*/false);
  EXPECT_EQ(whole.sum().item<float>(), 7 * 21 * 3);
  EXPECT_EQ(whole.narrow(0, 0, 7).narrow(1, 0, 21).sum().item<float>(), 7 * 21 * 3);
}

}  // namespace
}  // namespace kinegraph
