#include "framework/io/half.h"

#include <gtest/gtest.h>

#include "framework/base/random.h"

namespace kinegraph {
namespace {

double through_half(double value) {
  const uint16_t half = half_from_double(value);
  double widened;
  widen_halves(&half, 1, &widened);
  return widened;
}

TEST(RoundToHalf, KeepsEveryHalf) {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    double value;
    widen_halves(&half, 1, &value);
    EXPECT_EQ(round_to_half(value), value);
    EXPECT_EQ(round_to_half(-value), -value);
  }
}

TEST(RoundToHalf, RoundsTiesToEven) {
  EXPECT_EQ(round_to_half(1 + 0x1p-11), 1);
  EXPECT_EQ(round_to_half(1 + 0x3p-11), 1 + 0x1p-9);
  EXPECT_EQ(round_to_half(0x1p-25), 0);
  EXPECT_EQ(round_to_half(0x3p-25), 0x1p-23);
}

TEST(RoundToHalf, OverflowsToInfinity) {
  EXPECT_EQ(round_to_half(65519.999), 65504);
  EXPECT_TRUE(std::isinf(round_to_half(65520)));
  EXPECT_EQ(round_to_half(-1e300), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(round_to_half(std::nan(""))));
}

TEST(RoundToHalf, AgreesWithTheConversion) {
  Rng rng(1, 0, 0);
  for (int i = 0; i < 100000; ++i) {
    const double value = rng.uniform(-1, 1) * std::exp2(rng.uniform(-30, 17));
    ASSERT_EQ(round_to_half(value), through_half(value)) << value;
  }
}

}  // namespace
}  // namespace kinegraph
