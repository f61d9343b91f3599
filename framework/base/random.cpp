#include "framework/base/random.h"

#include <cmath>
#include <numeric>
#include <utility>

namespace kinegraph {

std::vector<int64_t> permutation(int64_t count, RandomSource& random) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(random.integer(0, i))]);
  return order;
}

Rng::Rng(uint64_t seed, uint64_t epoch, uint64_t index) {
  // The key takes the seed and the epoch; the upper half of the counter takes the index, the lower
  // half counts blocks. Mixing the epoch with an odd constant keeps (seed, epoch) pairs apart.
  const uint64_t key = seed + epoch * 0x9E3779B97F4A7C15ull;
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
  counter_ = {0, 0, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)};
}

void Rng::refill() {
  auto x = counter_;
  auto key = key_;
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * x[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * x[2];
    x = {static_cast<uint32_t>(b >> 32) ^ x[1] ^ key[0], static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ x[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  block_ = {x[0] | (uint64_t{x[1]} << 32), x[2] | (uint64_t{x[3]} << 32)};
  if (++counter_[0] == 0) ++counter_[1];
  used_ = 0;
}

uint64_t Rng::next() {
  if (used_ == 2) refill();
  return block_[used_++];
}

int64_t Rng::integer(int64_t low, int64_t high) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  if (range == 0) return static_cast<int64_t>(next());
  const uint64_t limit = UINT64_MAX - UINT64_MAX % range;
  uint64_t value = next();
  while (value >= limit) value = next();
  return static_cast<int64_t>(static_cast<uint64_t>(low) + value % range);
}

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * 3.14159265358979323846 * uniform());
}

}  // namespace kinegraph
