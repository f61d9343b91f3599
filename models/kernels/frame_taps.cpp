#include "models/kernels/frame_taps.h"

#include <cstddef>

#include "models/kernels/divide_up.h"

namespace kinegraph {

FrameTaps FrameTaps::around(int64_t joints, int64_t frames, int64_t taps, int64_t dilation,
                            int64_t stride) {
  FrameTaps result{joints, frames, divide_up(frames, stride), taps, {}};
  for (int64_t t = 0; t < result.to_frames; ++t)
    for (int64_t k = 0; k < taps; ++k) {
      const int64_t from = t * stride + (k - taps / 2) * dilation;
      result.source.push_back(from >= 0 && from < frames ? from : -1);
    }
  return result;
}

FrameTaps FrameTaps::inverted() const {
  FrameTaps result{joints, to_frames, from_frames, taps, {}};
  result.source.assign(static_cast<size_t>(from_frames * taps), -1);
  for (int64_t t = 0; t < to_frames; ++t)
    for (int64_t k = 0; k < taps; ++k)
      if (const int64_t from = source[t * taps + k]; from >= 0) result.source[from * taps + k] = t;
  return result;
}

template <class Scalar>
PackedTaps<Scalar>::PackedTaps(int64_t out, int64_t in, int64_t taps)
    : out(out), in(in), taps(taps), values(static_cast<size_t>(blocks() * block_size())) {}

template <class Scalar>
PackedTaps<Scalar> PackedTaps<Scalar>::of(const Scalar* weight, int64_t out, int64_t in,
                                          int64_t taps) {
  PackedTaps result(out, in, taps);
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i)
      for (int64_t k = 0; k < taps; ++k) result.values[result.index(o, i, k)] = *weight++;
  return result;
}

template <class Scalar>
PackedTaps<Scalar> PackedTaps<Scalar>::transposed(const Scalar* weight, int64_t out, int64_t in,
                                                  int64_t taps) {
  PackedTaps result(out, in, taps);
  for (int64_t i = 0; i < in; ++i)
    for (int64_t o = 0; o < out; ++o)
      for (int64_t k = 0; k < taps; ++k) result.values[result.index(o, i, k)] = *weight++;
  return result;
}

template <class Scalar>
void PackedTaps<Scalar>::unpack(Scalar* to) const {
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i)
      for (int64_t k = 0; k < taps; ++k) *to++ = values[index(o, i, k)];
}

template struct PackedTaps<float>;
template struct PackedTaps<double>;

}  // namespace kinegraph
