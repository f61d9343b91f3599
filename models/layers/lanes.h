// Vectors for the kernels of this folder, by the language extension that GCC and Clang share.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>

/// Before what a KINEGRAPH_MULTIVERSION function calls, so that it is compiled as a part of it.
#define KINEGRAPH_INLINE inline __attribute__((always_inline))

namespace kinegraph {

template <class Scalar>
struct LanesOf {
  typedef Scalar Type __attribute__((vector_size(64)));
};

/// 64 bytes of Scalar, one register of AVX-512; elsewhere the compiler splits it. Passed by
/// reference only: by value the calling convention would depend on the instruction set.
template <class Scalar>
using Lanes = typename LanesOf<Scalar>::Type;

template <class Scalar>
constexpr int64_t kLanes = 64 / static_cast<int64_t>(sizeof(Scalar));

template <class Scalar>
KINEGRAPH_INLINE void load(Lanes<Scalar>& to, const Scalar* from) {
  std::memcpy(&to, from, sizeof to);
}

template <class Scalar>
KINEGRAPH_INLINE void store(Scalar* to, const Lanes<Scalar>& from) {
  std::memcpy(to, &from, sizeof from);
}

/// The first `count` lanes; the others become 0.
template <class Scalar>
KINEGRAPH_INLINE void load(Lanes<Scalar>& to, const Scalar* from, int64_t count) {
  if (count >= kLanes<Scalar>) return load(to, from);
  to = Lanes<Scalar>{};
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// The first `count` lanes.
template <class Scalar>
KINEGRAPH_INLINE void store(Scalar* to, const Lanes<Scalar>& from, int64_t count) {
  if (count >= kLanes<Scalar>) return store(to, from);
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Memory for whole Lanes, not initialised.
template <class Scalar>
struct Scratch {
  explicit Scratch(int64_t lane_count)
      : lanes(lane_count),
        data(static_cast<Scalar*>(::operator new(static_cast<size_t>(lane_count) * 64, kAlign))) {}
  ~Scratch() { ::operator delete(data, kAlign); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  static constexpr std::align_val_t kAlign{64};
  const int64_t lanes;
  Scalar* const data;
};

/// Whether the registers hold whole Lanes, and many of them: kernels then take larger tiles.
inline bool has_wide_registers() {
  static const bool has = __builtin_cpu_supports("avx512f") != 0;
  return has;
}

}  // namespace kinegraph
