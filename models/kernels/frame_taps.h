#pragma once

#include <cstdint>
#include <vector>

#include "models/kernels/divide_up.h"

namespace kinegraph {

/// Which frames a convolution or pooling along time reads: tap k of output frame t reads frame
/// source[t * taps + k], or nothing where that is -1.
struct FrameTaps {
  int64_t joints, from_frames, to_frames, taps;
  std::vector<int64_t> source;

  /// An odd number of taps, `dilation` frames apart, around frame t * stride of output frame t;
  /// to_frames = ceil(frames / stride).
  static FrameTaps around(int64_t joints, int64_t frames, int64_t taps, int64_t dilation,
                          int64_t stride);
  /// Which output frame reads frame t through tap k: there is at most one.
  FrameTaps inverted() const;
};

/// Elements of a vector register, 64 bytes.
template <class Scalar>
constexpr int64_t kTapLanes = 64 / sizeof(Scalar);

/// Weights of a convolution along time, or their gradients, as the kernels read them: (blocks,
/// taps, in, kTapLanes), where output channel b * kTapLanes + l is lane l of block b. Lanes beyond
/// the last channel are 0.
template <class Scalar>
struct PackedTaps {
  int64_t out, in, taps;
  std::vector<Scalar> values;

  PackedTaps(int64_t out, int64_t in, int64_t taps);
  /// weight: (out, in, taps)
  static PackedTaps of(const Scalar* weight, int64_t out, int64_t in, int64_t taps);
  /// weight: (in, out, taps), for the gradient of the input.
  static PackedTaps transposed(const Scalar* weight, int64_t out, int64_t in, int64_t taps);
  /// to: (out, in, taps)
  void unpack(Scalar* to) const;

  int64_t blocks() const { return divide_up(out, kTapLanes<Scalar>); }
  int64_t block_size() const { return taps * in * kTapLanes<Scalar>; }
  int64_t index(int64_t o, int64_t i, int64_t k) const {
    return o / kTapLanes<Scalar> * block_size() + (k * in + i) * kTapLanes<Scalar> +
           o % kTapLanes<Scalar>;
  }
};

/// Consecutive channels of (clips * frames * joints) rows.
template <class Scalar>
struct StridedRows {
  Scalar* data;    // the first of the channels in the first row
  int64_t stride;  // elements from a row to the next
};

/// A range of frames, counted through all clips.
struct FrameRange {
  int64_t begin, end;
};

/// The frames of a clip that one output frame reads.
template <class Scalar>
struct TapRows {
  const int64_t* source;
  int64_t taps, frame_size, stride;
  const Scalar* clip;

  TapRows(const FrameTaps& frames, int64_t frame, StridedRows<const Scalar> from)
      : source(frames.source.data() + frame % frames.to_frames * frames.taps),
        taps(frames.taps),
        frame_size(frames.joints * from.stride),
        stride(from.stride),
        clip(from.data + frame / frames.to_frames * frames.from_frames * frame_size) {}

  /// What tap k reads for a joint; `outside` where that is no frame.
  const Scalar* row(int64_t k, int64_t joint, const Scalar* outside) const {
    return source[k] < 0 ? outside : clip + source[k] * frame_size + joint * stride;
  }
};

}  // namespace kinegraph
