// Vectors for the kernels of this folder, by the language extension that GCC and Clang share.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>

#include "models/kernels/divide_up.h"
#include "models/kernels/multiversion.h"

namespace kinegraph {

template <int Bytes, class Scalar>
struct LanesOf {
  typedef Scalar Type __attribute__((vector_size(Bytes)));
};

/// `Bytes` of Scalar, computed lane by lane in one register. Passed by reference only: by value the
/// calling convention would depend on the instruction set.
template <int Bytes, class Scalar>
using Lanes = typename LanesOf<Bytes, Scalar>::Type;

template <int Bytes, class Scalar>
constexpr int64_t kLanes = Bytes / static_cast<int64_t>(sizeof(Scalar));

/// Bytes of a register: of AVX-512, or of the others.
constexpr int kWide = 64, kNarrow = 32;

/// Whether there are wide registers, which are also twice as many, with all instructions of
/// KINEGRAPH_WIDE.
inline bool has_wide_registers() {
#ifdef __x86_64__
  static const bool has =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512cd") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0;
  return has;
#else
  return false;
#endif
}

/// kLanes of the registers that there are.
template <class Scalar>
int64_t lane_count() {
  return has_wide_registers() ? kLanes<kWide, Scalar> : kLanes<kNarrow, Scalar>;
}

/// The channels of full registers that hold as many channels.
template <class Scalar>
int64_t full_lanes(int64_t channels) {
  return divide_up(channels, lane_count<Scalar>()) * lane_count<Scalar>();
}

template <class Vector, class Scalar>
KINEGRAPH_INLINE void load(Vector& to, const Scalar* from) {
  std::memcpy(&to, from, sizeof to);
}

template <class Vector, class Scalar>
KINEGRAPH_INLINE void store(Scalar* to, const Vector& from) {
  std::memcpy(to, &from, sizeof from);
}

/// The first `count` lanes; the others become 0.
template <class Vector, class Scalar>
KINEGRAPH_INLINE void load(Vector& to, const Scalar* from, int64_t count) {
  if (count >= kLanes<sizeof(Vector), Scalar>) return load(to, from);
  to = Vector{};
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// The first `count` lanes.
template <class Vector, class Scalar>
KINEGRAPH_INLINE void store(Scalar* to, const Vector& from, int64_t count) {
  if (count >= kLanes<sizeof(Vector), Scalar>) return store(to, from);
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Memory for `count` registers, not initialised.
template <class Scalar>
struct Scratch {
  explicit Scratch(int64_t count)
      : size(count * lane_count<Scalar>()),
        data(static_cast<Scalar*>(
            ::operator new(static_cast<size_t>(size) * sizeof(Scalar), kAlign))) {}
  ~Scratch() { ::operator delete(data, kAlign); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  static constexpr std::align_val_t kAlign{64};
  const int64_t size;
  Scalar* const data;
};

}  // namespace kinegraph
