// How the fast filters of tile_kernel.h take the frames of clips.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "models/kernels/tile_kernel.h"

namespace kinegraph {

constexpr int64_t divide_up(int64_t count, int64_t size) { return (count + size - 1) / size; }

/// Taps of a filter along frames that read every stride-th frame, counted from frame `phase`. Tap a
/// of them reads frame t + a - offset of that sequence for output frame t.
struct TapSequence {
  int64_t count, first, stride;  // taps of the filter: first, first + stride, ...
  int64_t phase, offset;
  bool is_first_of_phase;  // no sequence before reads these frames

  std::vector<int64_t> taps() const;
  /// Of the gradient of the frames, where output frame t gets tap a from frame t + a -
  /// reversed_offset() of the gradient.
  std::vector<int64_t> reversed_taps() const;
  int64_t reversed_offset() const { return count - 1 - offset; }
};

/// All taps of a filter with a padding of half the kernel, in sequences of at most kMostTileTaps.
std::vector<TapSequence> tap_sequences(int64_t kernel, int64_t stride);

/// taps: (kernel, R, C), dense; zeros: (R, C). The chosen ones, and zeros for the other taps of a
/// filter.
template <class Scalar>
std::array<Scalar*, kMostTileTaps> tap_pointers(const at::Tensor& taps,
                                                const std::vector<int64_t>& chosen,
                                                const at::Tensor& zeros) {
  std::array<Scalar*, kMostTileTaps> result;
  result.fill(zeros.data_ptr<std::remove_const_t<Scalar>>());
  for (size_t k = 0; k < chosen.size(); ++k)
    result[k] = taps.data_ptr<std::remove_const_t<Scalar>>() + chosen[k] * zeros.numel();
  return result;
}

/// Every step-th frame of clips, each of `rows` rows of channels.
template <class Scalar>
struct FrameSequence {
  Scalar* data;
  int64_t clips, frames, clip_step, frame_step, rows, channels;

  /// clips: (N, T, rows, channels), dense.
  static FrameSequence of(const at::Tensor& clips, int64_t phase, int64_t step) {
    const int64_t frame = clips.size(2) * clips.size(3);
    return {clips.data_ptr<std::remove_const_t<Scalar>>() + phase * frame,
            clips.size(0),
            divide_up(clips.size(1) - phase, step),
            clips.size(1) * frame,
            step * frame,
            clips.size(2),
            clips.size(3)};
  }

  /// Where `count` frames of a clip from `first` on begin, at channel c; `outside` for those that
  /// there are not.
  template <class Pointer>
  std::array<Pointer, kMostTileInputs> find(int64_t clip, int64_t first, int64_t count, int64_t c,
                                            Pointer outside) const {
    std::array<Pointer, kMostTileInputs> found;
    found.fill(outside);
    for (int64_t i = std::max<int64_t>(0, -first); i < std::min(count, frames - first); ++i)
      found[static_cast<size_t>(i)] = data + clip * clip_step + (first + i) * frame_step + c;
    return found;
  }
};

}  // namespace kinegraph
