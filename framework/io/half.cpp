#include "framework/io/half.h"

#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define KINEGRAPH_HAS_F16C_PATH 1
#endif

namespace kinegraph {
namespace {

uint64_t bits_of(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

double double_from_bits(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

double widen_half(uint16_t half) {
  constexpr uint64_t kRebias = uint64_t{1023 - 15} << 52;
  const uint64_t sign = uint64_t{half & 0x8000u} << 48;
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude < 0x400) return double_from_bits(sign | bits_of(magnitude * 0x1p-24));
  const uint64_t bits = (uint64_t{magnitude} << 42) + kRebias;
  return double_from_bits(sign | (magnitude < 0x7c00 ? bits : bits + kRebias));
}

#ifdef KINEGRAPH_HAS_F16C_PATH
/// Widens a multiple of eight values and returns how many.
__attribute__((target("avx,f16c"))) int64_t widen_eights(const uint16_t* in, int64_t count,
                                                         double* out) {
  const int64_t end = count / 8 * 8;
  for (int64_t i = 0; i < end; i += 8) {
    const __m256 values =
        _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i)));
    _mm256_storeu_pd(out + i, _mm256_cvtps_pd(_mm256_castps256_ps128(values)));
    _mm256_storeu_pd(out + i + 4, _mm256_cvtps_pd(_mm256_extractf128_ps(values, 1)));
  }
  return end;
}
#endif

}  // namespace

uint16_t half_from_double(double value) {
  const uint64_t bits = bits_of(value);
  const auto sign = static_cast<uint16_t>(bits >> 48 & 0x8000u);
  const uint64_t magnitude = bits & ~(uint64_t{1} << 63);
  const double absolute = double_from_bits(magnitude);
  if (absolute != absolute) return sign | 0x7e00u;
  if (absolute >= 65520.0) return sign | 0x7c00u;
  // 2^28 has a unit in the last place of 2^-24, the smallest half: the addition does the rounding.
  if (absolute < 0x1p-14)
    return sign | static_cast<uint16_t>(bits_of(absolute + 0x1p28) - bits_of(0x1p28));
  const uint64_t half_unit = (uint64_t{1} << 41) - 1 + (magnitude >> 42 & 1);
  return sign | static_cast<uint16_t>((magnitude + half_unit - (uint64_t{1023 - 15} << 52)) >> 42);
}

void widen_halves(const uint16_t* in, int64_t count, double* out) {
  int64_t i = 0;
#ifdef KINEGRAPH_HAS_F16C_PATH
  // Every CPU with AVX2 has F16C, which clang 14 cannot ask for.
  static const bool has_f16c = __builtin_cpu_supports("avx2");
  if (has_f16c) i = widen_eights(in, count, out);
#endif
  for (; i < count; ++i) out[i] = widen_half(in[i]);
}

}  // namespace kinegraph
