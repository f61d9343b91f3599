#include "models/kernels/tap_kernel.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "models/kernels/divide_up.h"
#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

/// Joints, or input channels, that share a vector of weights or gradients: with AVX2 their sums
/// take 12 of 16 registers.
constexpr int64_t kTile = 6;

/// 32 bytes: with AVX-512 this is as fast here as 64, which the compiler splits badly for AVX2.
template <class Scalar>
struct Register {
  static constexpr int64_t kSize = 32 / sizeof(Scalar);
  typedef Scalar Vector __attribute__((vector_size(32)));
  typedef Scalar Unaligned __attribute__((vector_size(32), aligned(alignof(Scalar)), may_alias));
};

/// Calls tile.run<count>(first).
template <int64_t Most, class Tile>
KINEGRAPH_INLINE void run_tile(const Tile& tile, int64_t first, int64_t count) {
  if (count == Most)
    tile.template run<Most>(first);
  else if constexpr (Most > 1)
    run_tile<Most - 1>(tile, first, count);
}

/// Covers [0, count) by tiles of about equal size: 25 joints are five times 5.
template <class Tile>
KINEGRAPH_INLINE void run_tiles(const Tile& tile, int64_t count) {
  const int64_t tiles = divide_up(count, kTile);
  for (int64_t i = 0; i < tiles; ++i) {
    const int64_t first = i * count / tiles;
    run_tile<kTile>(tile, first, (i + 1) * count / tiles - first);
  }
}

/// Copies `count` <= Most elements by two copies of a fixed size that overlap.
template <int64_t Most, class Scalar>
KINEGRAPH_INLINE void copy_few(const Scalar* from, Scalar* to, int64_t count) {
  if constexpr (Most == 1) {
    if (count == 1) *to = *from;
  } else if (count == Most) {
    std::memcpy(to, from, Most * sizeof(Scalar));
  } else if (count >= Most / 2) {
    std::memcpy(to, from, Most / 2 * sizeof(Scalar));
    std::memcpy(to + count - Most / 2, from + count - Most / 2, Most / 2 * sizeof(Scalar));
  } else {
    copy_few<Most / 2>(from, to, count);
  }
}

/// A block of at most `Lanes` output channels for joints of one frame.
template <class Scalar, int64_t Lanes>
struct ConvolveTile {
  using Vector = typename Register<Scalar>::Vector;
  using Unaligned = typename Register<Scalar>::Unaligned;
  static constexpr int64_t kSize = Register<Scalar>::kSize, kParts = Lanes / kSize;

  TapRows<Scalar> rows;
  const Scalar *weight, *bias;  // of the block
  int64_t in, out;              // channels
  StridedRows<Scalar> to;       // of the frame and block

  template <int64_t Count>
  KINEGRAPH_INLINE void run(int64_t joint) const {
    Vector sums[Count * kParts];
    for (int64_t s = 0; s < Count * kParts; ++s)
      sums[s] = reinterpret_cast<const Unaligned*>(bias)[s % kParts];
    for (int64_t k = 0; k < rows.taps; ++k) {
      if (rows.source[k] < 0) continue;
      const Scalar* x = rows.clip + rows.source[k] * rows.frame_size + joint * rows.stride;
      const Scalar* w = weight + k * in * kTapLanes<Scalar>;
      for (int64_t i = 0; i < in; ++i, ++x, w += kTapLanes<Scalar>) {
        const auto* column = reinterpret_cast<const Unaligned*>(w);
        for (int64_t s = 0; s < Count * kParts; ++s)
          sums[s] += column[s % kParts] * x[s / kParts * rows.stride];
      }
    }
    auto* result = to.data + joint * to.stride;
    if (out == Lanes) {
      for (int64_t s = 0; s < Count * kParts; ++s)
        reinterpret_cast<Unaligned*>(result + s / kParts * to.stride)[s % kParts] = sums[s];
    } else {
      for (int64_t j = 0; j < Count; ++j)
        copy_few<Lanes>(reinterpret_cast<const Scalar*>(&sums[j * kParts]), result + j * to.stride,
                        out);
    }
  }
};

template <int64_t Lanes, class Scalar>
KINEGRAPH_INLINE void convolve_block(const FrameTaps& frames, FrameRange range,
                                     const PackedTaps<Scalar>& weight, int64_t block,
                                     const Scalar* bias, StridedRows<const Scalar> from,
                                     StridedRows<Scalar> to) {
  const int64_t first = block * kTapLanes<Scalar>;
  for (int64_t frame = range.begin; frame < range.end; ++frame)
    run_tiles(
        ConvolveTile<Scalar, Lanes>{
            TapRows<Scalar>(frames, frame, from),
            weight.values.data() + block * weight.block_size(), bias + first, weight.in,
            std::min(Lanes, weight.out - first),
            StridedRows<Scalar>{to.data + frame * frames.joints * to.stride + first, to.stride}},
        frames.joints);
}

/// Gradients of tap k for input channels and a block of output channels.
template <class Scalar, int64_t Lanes>
struct GradientTile {
  using Vector = typename Register<Scalar>::Vector;
  using Unaligned = typename Register<Scalar>::Unaligned;
  static constexpr int64_t kSize = Register<Scalar>::kSize, kParts = Lanes / kSize;

  const FrameTaps& frames;
  FrameRange range;
  int64_t k;
  StridedRows<const Scalar> from;
  const Scalar* grad;  // (frames of the range, joints, kTapLanes)
  Scalar* to;          // (in, kTapLanes)

  template <int64_t Count>
  KINEGRAPH_INLINE void run(int64_t channel) const {
    auto* result = to + channel * kTapLanes<Scalar>;
    Vector sums[Count * kParts];
    for (int64_t s = 0; s < Count * kParts; ++s)
      sums[s] =
          reinterpret_cast<const Unaligned*>(result + s / kParts * kTapLanes<Scalar>)[s % kParts];
    for (int64_t frame = range.begin; frame < range.end; ++frame) {
      const TapRows<Scalar> rows(frames, frame, from);
      if (rows.source[k] < 0) continue;
      const Scalar* x = rows.clip + rows.source[k] * rows.frame_size + channel;
      const Scalar* g = grad + (frame - range.begin) * frames.joints * kTapLanes<Scalar>;
      for (int64_t v = 0; v < frames.joints; ++v, x += from.stride, g += kTapLanes<Scalar>) {
        const auto* row = reinterpret_cast<const Unaligned*>(g);
        for (int64_t s = 0; s < Count * kParts; ++s) sums[s] += row[s % kParts] * x[s / kParts];
      }
    }
    for (int64_t s = 0; s < Count * kParts; ++s)
      reinterpret_cast<Unaligned*>(result + s / kParts * kTapLanes<Scalar>)[s % kParts] = sums[s];
  }
};

template <class Scalar>
KINEGRAPH_INLINE void add_rows(const Scalar* from, int64_t rows, Scalar* to) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t l = 0; l < kTapLanes<Scalar>; ++l) to[l] += from[r * kTapLanes<Scalar> + l];
}

/// `packed`: room for the block's gradients, (frames of the range, joints, kTapLanes).
template <int64_t Lanes, class Scalar>
KINEGRAPH_INLINE void add_block_gradients(const FrameTaps& frames, FrameRange range,
                                          StridedRows<const Scalar> from,
                                          StridedRows<const Scalar> grad, int64_t block,
                                          Scalar* packed, PackedTaps<Scalar>& weight,
                                          Scalar* bias) {
  const int64_t first = block * kTapLanes<Scalar>, out = std::min(Lanes, weight.out - first);
  const int64_t rows = (range.end - range.begin) * frames.joints;
  const Scalar* source = grad.data + range.begin * frames.joints * grad.stride + first;
  if (out < kTapLanes<Scalar>) std::fill_n(packed, rows * kTapLanes<Scalar>, Scalar(0));
  for (int64_t r = 0; r < rows; ++r)
    copy_few<Lanes>(source + r * grad.stride, packed + r * kTapLanes<Scalar>, out);
  add_rows(packed, rows, bias + first);
  Scalar* to = weight.values.data() + block * weight.block_size();
  for (int64_t k = 0; k < weight.taps; ++k)
    run_tiles(GradientTile<Scalar, Lanes>{frames, range, k, from, packed,
                                          to + k * weight.in * kTapLanes<Scalar>},
              weight.in);
}

/// Whether the channels of a block fit half of its lanes, which takes half the time.
template <class Scalar>
KINEGRAPH_INLINE bool is_half(const PackedTaps<Scalar>& weight, int64_t block) {
  return weight.out - block * kTapLanes<Scalar> <= kTapLanes<Scalar> / 2;
}

}  // namespace

#define KINEGRAPH_TAP_KERNELS(Scalar)                                                           \
  KINEGRAPH_MULTIVERSION void convolve_taps(                                                    \
      const FrameTaps& frames, FrameRange range, const PackedTaps<Scalar>& weight,              \
      const Scalar* bias, StridedRows<const Scalar> from, StridedRows<Scalar> to) {             \
    for (int64_t block = 0; block < weight.blocks(); ++block)                                   \
      if (is_half(weight, block))                                                               \
        convolve_block<kTapLanes<Scalar> / 2>(frames, range, weight, block, bias, from, to);    \
      else                                                                                      \
        convolve_block<kTapLanes<Scalar>>(frames, range, weight, block, bias, from, to);        \
  }                                                                                             \
  KINEGRAPH_MULTIVERSION void add_tap_gradients(                                                \
      const FrameTaps& frames, FrameRange range, StridedRows<const Scalar> from,                \
      StridedRows<const Scalar> grad, PackedTaps<Scalar>& weight, Scalar* bias) {               \
    const int64_t rows = (range.end - range.begin) * frames.joints;                             \
    std::vector<Scalar> packed(static_cast<size_t>(rows * kTapLanes<Scalar>));                  \
    for (int64_t block = 0; block < weight.blocks(); ++block)                                   \
      if (is_half(weight, block))                                                               \
        add_block_gradients<kTapLanes<Scalar> / 2>(frames, range, from, grad, block,            \
                                                   packed.data(), weight, bias);                \
      else                                                                                      \
        add_block_gradients<kTapLanes<Scalar>>(frames, range, from, grad, block, packed.data(), \
                                               weight, bias);                                   \
  }

KINEGRAPH_TAP_KERNELS(float)
KINEGRAPH_TAP_KERNELS(double)

}  // namespace kinegraph
