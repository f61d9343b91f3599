#include "framework/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

namespace kinegraph {
namespace {

using Counter = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

/// Philox4x32-10 as in table 2 of Salmon et al. 2011, written apart from Rng.
Counter philox(Counter counter, Key key) {
  for (uint32_t round = 0; round < 10; ++round) {
    const uint64_t product0 = 0xD2511F53ull * counter[0], product1 = 0xCD9E8D57ull * counter[2];
    const uint32_t key0 = key[0] + round * 0x9E3779B9u, key1 = key[1] + round * 0xBB67AE85u;
    counter = {uint32_t(product1 >> 32) ^ counter[1] ^ key0, uint32_t(product1),
               uint32_t(product0 >> 32) ^ counter[3] ^ key1, uint32_t(product0)};
  }
  return counter;
}

/// Values number 2 * block and 2 * block + 1 of Rng(seed, 0, index).
std::vector<uint64_t> expected_block(uint64_t seed, uint64_t index, uint32_t block) {
  const Counter x = philox({block, 0, uint32_t(index), uint32_t(index >> 32)},
                           {uint32_t(seed), uint32_t(seed >> 32)});
  return {x[0] | uint64_t{x[1]} << 32, x[2] | uint64_t{x[3]} << 32};
}

std::vector<uint64_t> draws(Rng rng, int count) {
  std::vector<uint64_t> values;
  for (int i = 0; i < count; ++i) values.push_back(rng.next());
  return values;
}

// Known answers of Random123 1.09 (tests/kat_vectors, "philox4x32 10").
TEST(PhiloxReference, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, StartsWithTheKnownAnswerForCounterZeroAndKeyZero) {
  EXPECT_EQ(draws(Rng(0, 0, 0), 2),
            (std::vector<uint64_t>{0xe169c58d6627e8d5ull, 0x9b00dbd8bc57ac4cull}));
}

TEST(Rng, CountsBlocksInTheLowHalfOfTheCounter) {
  std::vector<uint64_t> expected;
  for (uint32_t block = 0; block < 100; ++block)
    for (const uint64_t value : expected_block(7, 0, block)) expected.push_back(value);
  EXPECT_EQ(draws(Rng(7, 0, 0), 200), expected);
}

TEST(Rng, TakesAllBitsOfTheSeedAsKey) {
  EXPECT_EQ(draws(Rng(0x299f31d0a4093822ull, 0, 0), 2),
            expected_block(0x299f31d0a4093822ull, 0, 0));
}

TEST(Rng, TakesAllBitsOfTheIndexAsHighHalfOfTheCounter) {
  EXPECT_EQ(draws(Rng(1, 0, 0x0370734413198a2eull), 2),
            expected_block(1, 0x0370734413198a2eull, 0));
}

TEST(Rng, GivesTheSameStreamForTheSameKey) {
  EXPECT_EQ(draws(Rng(1, 2, 3), 50), draws(Rng(1, 2, 3), 50));
}

TEST(Rng, GivesDifferentStreamsForDifferentKeys) {
  std::set<std::vector<uint64_t>> streams;
  for (uint64_t seed = 0; seed < 10; ++seed)
    for (uint64_t epoch = 0; epoch < 10; ++epoch)
      for (uint64_t index = 0; index < 10; ++index)
        streams.insert(draws(Rng(seed, epoch, index), 2));
  EXPECT_EQ(streams.size(), 1000u);
}

TEST(Rng, SharesNoValueBetweenNeighbouringStreams) {
  std::set<uint64_t> values;
  for (uint64_t index = 0; index < 50; ++index)
    for (const uint64_t value : draws(Rng(1, 1, index), 20)) values.insert(value);
  EXPECT_EQ(values.size(), 1000u);
}

TEST(RngInteger, ReachesBothBoundsAndStaysWithinThem) {
  Rng rng(1, 0, 0);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(rng.integer(-2, 3));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2, 3}));
}

TEST(RngInteger, GivesTheOnlyValueWhenBothBoundsAreEqual) {
  EXPECT_EQ(Rng(1, 0, 0).integer(5, 5), 5);
}

TEST(RngInteger, IsRoughlyUniform) {
  constexpr int kDraws = 60'000, kValues = 6;
  Rng rng(3, 0, 0);
  std::vector<int> counts(kValues);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<size_t>(rng.integer(0, kValues - 1))];
  // Six standard deviations of a binomial count (91) are 548.
  for (const int count : counts) EXPECT_NEAR(count, kDraws / kValues, 548);
}

TEST(RngInteger, HasNoModuloBiasOnALargeRange) {
  // value % range alone would fall into the lower half of 0..3*2^62-1 with probability 5/8.
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
  constexpr int64_t kHigh = kLow + int64_t{0x3fffffffffffffff} + int64_t{0x4000000000000000} +
                            int64_t{0x4000000000000000};
  constexpr int64_t kMiddle = kLow + int64_t{0x6000000000000000};
  Rng rng(4, 0, 0);
  int lower = 0;
  for (int i = 0; i < 10'000; ++i) lower += rng.integer(kLow, kHigh) < kMiddle;
  EXPECT_NEAR(lower, 5000, 300);
}

TEST(RngInteger, CoversTheWholeType) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  Rng whole(5, 0, 0), raw(5, 0, 0);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(whole.integer(kMin, kMax), static_cast<int64_t>(raw.next()));
}

TEST(RngUniform, StaysInTheHalfOpenUnitInterval) {
  Rng rng(6, 0, 0);
  for (int i = 0; i < 10'000; ++i) {
    const double value = rng.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
  }
}

TEST(RngUniform, TakesTheUpper53BitsOfANumber) {
  EXPECT_EQ(Rng(0, 0, 0).uniform(), std::ldexp(double(0xe169c58d6627e8d5ull >> 11), -53));
}

TEST(RngUniform, ScalesToItsBounds) {
  Rng scaled(7, 0, 0), unit(7, 0, 0);
  EXPECT_DOUBLE_EQ(scaled.uniform(-3, 5), -3 + 8 * unit.uniform());
}

TEST(RngUniform, HasMeanAHalf) {
  Rng rng(8, 0, 0);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) sum += rng.uniform();
  EXPECT_NEAR(sum / 10'000, 0.5, 6 * 0.0029);
}

TEST(RngNormal, HasMeanZeroAndVarianceOne) {
  Rng rng(9, 0, 0);
  double sum = 0, squares = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = rng.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 10'000, 0, 0.06);
  EXPECT_NEAR(squares / 10'000, 1, 0.085);
}

TEST(RngNormal, FindsTheShareWithinOneStandardDeviation) {
  Rng rng(10, 0, 0);
  int within = 0;
  for (int i = 0; i < 10'000; ++i) within += std::abs(rng.normal()) < 1;
  EXPECT_NEAR(within, 6827, 280);
}

}  // namespace
}  // namespace kinegraph
