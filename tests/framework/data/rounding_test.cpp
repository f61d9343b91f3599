#include "framework/data/rounding.h"

#include <gtest/gtest.h>

#include "framework/base/random.h"

namespace kinegraph {
namespace {

/// The conversion itself, out of the optimiser's sight.
double through_float(double value) {
  volatile float rounded = static_cast<float>(value);
  return rounded;
}

TEST(RoundToSingle, AgreesWithTheConversion) {
  Rng rng(1, 0, 0);
  for (int i = 0; i < 100000; ++i) {
    const double value = rng.uniform(-1, 1) * std::exp2(rng.uniform(-155, 128));
    ASSERT_EQ(round_to_single(value), through_float(value)) << value;
  }
}

TEST(RoundToSingle, RoundsTiesToEven) {
  EXPECT_EQ(round_to_single(1 + 0x1p-24), 1);
  EXPECT_EQ(round_to_single(1 + 0x3p-24), 1 + 0x1p-22);
  EXPECT_EQ(round_to_single(0x1p-150), 0);
  EXPECT_EQ(round_to_single(0x3p-150), 0x1p-148);
}

TEST(RoundToSingle, OverflowsToInfinity) {
  EXPECT_EQ(round_to_single(0x1.fffffep127), 0x1.fffffep127);
  EXPECT_TRUE(std::isinf(round_to_single(0x1.ffffffp127)));
  EXPECT_EQ(round_to_single(-1e300), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(round_to_single(std::nan(""))));
}

TEST(RoundTo, KeepsWhatThePrecisionHolds) {
  const double third = 1.0 / 3;
  EXPECT_EQ(round_to(Precision::float64, third), third);
  EXPECT_EQ(round_to(Precision::float32, third), through_float(third));
  EXPECT_EQ(round_to(Precision::float16, third), 0.333251953125);
}

}  // namespace
}  // namespace kinegraph
