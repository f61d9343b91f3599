// Python's random numbers, which some published samples were drawn with.
#pragma once

#include <cstdint>
#include <random>

namespace kinegraph {

/// random.seed(seed) of CPython: MT19937 with init_by_array.
class PythonRandom {
 public:
  explicit PythonRandom(uint32_t seed) {
    InitByArray key{seed};
    engine_.seed(key);
  }

  /// random.random().
  double random() {
    const uint32_t high = next() >> 5, low = next() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  /// random.randint(low, high), both included.
  int64_t integer(int64_t low, int64_t high) {
    const auto count = static_cast<uint32_t>(high - low + 1);
    int bits = 0;
    while (bits < 32 && (count >> bits) != 0) ++bits;
    uint32_t value;
    do value = next() >> (32 - bits);
    while (value >= count);
    return low + value;
  }

 private:
  /// Gives std::mt19937 the state that init_by_array makes of one word.
  struct InitByArray {
    uint32_t key;

    using result_type = uint32_t;
    template <class Iterator>
    void generate(Iterator begin, Iterator end) {
      const auto size = static_cast<uint32_t>(end - begin);
      begin[0] = 19650218u;
      const auto mixed = [&](uint32_t i, uint32_t factor) {
        const uint32_t before = begin[i - 1];
        return begin[i] ^ ((before ^ (before >> 30)) * factor);
      };
      for (uint32_t i = 1; i < size; ++i)
        begin[i] = 1812433253u * (begin[i - 1] ^ (begin[i - 1] >> 30)) + i;
      uint32_t i = 1;
      const auto advance = [&] {
        if (++i < size) return;
        begin[0] = begin[size - 1];
        i = 1;
      };
      for (uint32_t k = 0; k < size; ++k) {
        begin[i] = mixed(i, 1664525u) + key;
        advance();
      }
      for (uint32_t k = 1; k < size; ++k) {
        begin[i] = mixed(i, 1566083941u) - i;
        advance();
      }
      begin[0] = 0x80000000u;
    }
  };

  uint32_t next() { return static_cast<uint32_t>(engine_()); }

  std::mt19937 engine_;
};

}  // namespace kinegraph
