// How the fast filters of tile_kernel.h take the frames of clips.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "models/kernels/divide_up.h"
#include "models/kernels/tile_kernel.h"

namespace kinegraph {

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

/// taps: (kernel, R, C), dense. The chosen ones, and `others`, (R, C), for the filter's other taps.
template <class Scalar>
std::array<Scalar*, kMostTileTaps> tap_pointers(const at::Tensor& taps,
                                                const std::vector<int64_t>& chosen,
                                                const at::Tensor& others) {
  std::array<Scalar*, kMostTileTaps> result;
  result.fill(others.data_ptr<std::remove_const_t<Scalar>>());
  for (size_t k = 0; k < chosen.size(); ++k)
    result[k] = taps.data_ptr<std::remove_const_t<Scalar>>() + chosen[k] * others.numel();
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
  size_t size_of_frame() const { return static_cast<size_t>(rows * channels); }
};

/// A filter with stride 1 along frames, in tiles: frame t of `to` is made from frames t - offset,
/// t - offset + 1, ... of `from`.
template <class Scalar>
struct FrameTiles {
  TileSizes sizes;
  int64_t offset;
  FrameSequence<const Scalar> from;
  FrameSequence<Scalar> to;

  int64_t count_of_clip() const { return divide_up(to.frames, sizes.outputs); }
  int64_t count() const { return to.clips * count_of_clip(); }
  /// The frames of `from`, then of `to`, that belong to a tile, from channel c on.
  auto inputs(int64_t tile, int64_t c, const Scalar* outside) const {
    return from.find(tile / count_of_clip(), first_output(tile) - offset, sizes.inputs, c, outside);
  }
  template <class Pointer>
  auto outputs(int64_t tile, int64_t c, Pointer outside) const {
    return to.find(tile / count_of_clip(), first_output(tile), sizes.outputs, c, outside);
  }
  int64_t first_output(int64_t tile) const { return tile % count_of_clip() * sizes.outputs; }
  /// Registers that hold `elements`, whole registers, of every point.
  int64_t registers(int64_t elements) const {
    return sizes.points * elements / lane_count<Scalar>();
  }
};

}  // namespace kinegraph
