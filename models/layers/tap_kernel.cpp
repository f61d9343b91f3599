#include "models/layers/tap_kernel.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "models/layers/multiversion.h"

// A template is compiled for the instruction set of the function that it is inlined into.
#define KINEGRAPH_INLINE [[gnu::always_inline]] inline

namespace kinegraph {

namespace {

/// Rows, or input channels, that share a weight vector in registers.
constexpr int kTile = 6;

template <class Scalar>
struct Register;
template <>
struct Register<float> {
  typedef float Vector __attribute__((vector_size(64)));
  typedef float Unaligned __attribute__((vector_size(64), aligned(4), may_alias));
};
template <>
struct Register<double> {
  typedef double Vector __attribute__((vector_size(64)));
  typedef double Unaligned __attribute__((vector_size(64), aligned(8), may_alias));
};

template <class Scalar>
using Vector = typename Register<Scalar>::Vector;
template <class Scalar>
using Unaligned = typename Register<Scalar>::Unaligned;

/// Copies `count` <= Most elements by two fixed copies that overlap.
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

/// The frames of a clip that one output frame reads.
template <class Scalar>
struct TapRows {
  const int64_t* source;
  int64_t taps, frame_size, stride;
  const Scalar* clip;

  TapRows(const FrameTaps& frames, int64_t frame, ChannelRows<const Scalar> from)
      : source(frames.source.data() + frame % frames.to_frames * frames.taps),
        taps(frames.taps),
        frame_size(frames.joints * from.stride),
        stride(from.stride),
        clip(from.data + frame / frames.to_frames * frames.from_frames * frame_size) {}
};

/// Output channels of one block for `Count` joints from `joint` on.
template <int Count, class Scalar>
KINEGRAPH_INLINE void convolve_tile(const TapRows<Scalar>& rows, int64_t joint, int64_t in,
                                    const Scalar* weight, const Scalar* bias, Scalar* to,
                                    int64_t to_stride, int64_t channels) {
  Vector<Scalar> sums[Count];
  for (int j = 0; j < Count; ++j) sums[j] = *reinterpret_cast<const Unaligned<Scalar>*>(bias);
  for (int64_t k = 0; k < rows.taps; ++k) {
    if (rows.source[k] < 0) continue;
    const Scalar* from = rows.clip + rows.source[k] * rows.frame_size + joint * rows.stride;
    const Scalar* w = weight + k * in * kLanes<Scalar>;
    for (int64_t i = 0; i < in; ++i, ++from, w += kLanes<Scalar>) {
      const Vector<Scalar> column = *reinterpret_cast<const Unaligned<Scalar>*>(w);
      for (int j = 0; j < Count; ++j) sums[j] += column * from[j * rows.stride];
    }
  }
  for (int j = 0; j < Count; ++j)
    copy_few<kLanes<Scalar>>(reinterpret_cast<const Scalar*>(&sums[j]),
                             to + (joint + j) * to_stride, channels);
}

template <int Most, class Scalar>
KINEGRAPH_INLINE void convolve_joints(int64_t count, const TapRows<Scalar>& rows, int64_t joint,
                                      int64_t in, const Scalar* weight, const Scalar* bias,
                                      Scalar* to, int64_t to_stride, int64_t channels) {
  if (count == Most)
    convolve_tile<Most>(rows, joint, in, weight, bias, to, to_stride, channels);
  else if constexpr (Most > 1)
    convolve_joints<Most - 1>(count, rows, joint, in, weight, bias, to, to_stride, channels);
}

template <class Scalar>
KINEGRAPH_INLINE void convolve(const FrameTaps& frames, FrameRange range,
                               const PackedTaps<Scalar>& weight, const Scalar* bias,
                               ChannelRows<const Scalar> from, ChannelRows<Scalar> to) {
  // Tiles of about equal size: 25 joints are five times 5.
  const int64_t tiles = (frames.joints + kTile - 1) / kTile;
  for (int64_t block = 0; block < weight.blocks(); ++block) {
    const int64_t first = block * kLanes<Scalar>;
    const int64_t channels = std::min(kLanes<Scalar>, weight.out - first);
    for (int64_t frame = range.begin; frame < range.end; ++frame) {
      const TapRows<Scalar> rows(frames, frame, from);
      for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t joint = tile * frames.joints / tiles;
        convolve_joints<kTile>((tile + 1) * frames.joints / tiles - joint, rows, joint, weight.in,
                               weight.values.data() + block * weight.block_size(), bias + first,
                               to.data + frame * frames.joints * to.stride + first, to.stride,
                               channels);
      }
    }
  }
}

/// The gradient rows of a range of frames, a block of channels side by side: (rows, kLanes).
template <class Scalar>
KINEGRAPH_INLINE void pack_block(const Scalar* from, int64_t stride, int64_t rows, int64_t channels,
                                 Scalar* to) {
  for (int64_t r = 0; r < rows; ++r)
    copy_few<kLanes<Scalar>>(from + r * stride, to + r * kLanes<Scalar>, channels);
}

template <class Scalar>
KINEGRAPH_INLINE void add_rows(const Scalar* from, int64_t rows, Scalar* to) {
  Vector<Scalar> sum = *reinterpret_cast<const Unaligned<Scalar>*>(to);
  for (int64_t r = 0; r < rows; ++r)
    sum += *reinterpret_cast<const Unaligned<Scalar>*>(from + r * kLanes<Scalar>);
  *reinterpret_cast<Unaligned<Scalar>*>(to) = sum;
}

/// Gradients of tap k for `Count` input channels from `channel` on.
template <int Count, class Scalar>
KINEGRAPH_INLINE void gradient_tile(const FrameTaps& frames, FrameRange range, int64_t k,
                                    ChannelRows<const Scalar> from, int64_t channel,
                                    const Scalar* grad, Scalar* to) {
  Vector<Scalar> sums[Count];
  for (int i = 0; i < Count; ++i)
    sums[i] = *reinterpret_cast<const Unaligned<Scalar>*>(to + i * kLanes<Scalar>);
  for (int64_t frame = range.begin; frame < range.end; ++frame) {
    const TapRows<Scalar> rows(frames, frame, from);
    if (rows.source[k] < 0) continue;
    const Scalar* x = rows.clip + rows.source[k] * rows.frame_size + channel;
    const Scalar* g = grad + (frame - range.begin) * frames.joints * kLanes<Scalar>;
    for (int64_t v = 0; v < frames.joints; ++v, x += from.stride, g += kLanes<Scalar>) {
      const Vector<Scalar> row = *reinterpret_cast<const Unaligned<Scalar>*>(g);
      for (int i = 0; i < Count; ++i) sums[i] += row * x[i];
    }
  }
  for (int i = 0; i < Count; ++i)
    *reinterpret_cast<Unaligned<Scalar>*>(to + i * kLanes<Scalar>) = sums[i];
}

template <int Most, class Scalar>
KINEGRAPH_INLINE void gradient_channels(int64_t count, const FrameTaps& frames, FrameRange range,
                                        int64_t k, ChannelRows<const Scalar> from, int64_t channel,
                                        const Scalar* grad, Scalar* to) {
  if (count == Most)
    gradient_tile<Most>(frames, range, k, from, channel, grad, to);
  else if constexpr (Most > 1)
    gradient_channels<Most - 1>(count, frames, range, k, from, channel, grad, to);
}

template <class Scalar>
KINEGRAPH_INLINE void add_gradients(const FrameTaps& frames, FrameRange range,
                                    ChannelRows<const Scalar> from, ChannelRows<const Scalar> grad,
                                    PackedTaps<Scalar>& weight, Scalar* bias) {
  const int64_t count = (range.end - range.begin) * frames.joints;
  const int64_t tiles = (weight.in + kTile - 1) / kTile;
  std::vector<Scalar> packed(static_cast<size_t>(count * kLanes<Scalar>));
  for (int64_t block = 0; block < weight.blocks(); ++block) {
    const int64_t first = block * kLanes<Scalar>;
    const int64_t channels = std::min(kLanes<Scalar>, weight.out - first);
    if (channels < kLanes<Scalar>) std::fill(packed.begin(), packed.end(), Scalar(0));
    pack_block(grad.data + range.begin * frames.joints * grad.stride + first, grad.stride, count,
               channels, packed.data());
    add_rows(packed.data(), count, bias + first);
    Scalar* to = weight.values.data() + block * weight.block_size();
    for (int64_t k = 0; k < weight.taps; ++k)
      for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t channel = tile * weight.in / tiles;
        gradient_channels<kTile>((tile + 1) * weight.in / tiles - channel, frames, range, k, from,
                                 channel, packed.data(),
                                 to + (k * weight.in + channel) * kLanes<Scalar>);
      }
  }
}

/// The rows of one joint in the three frames of a window; a frame outside the clip holds -infinity.
template <class Scalar>
struct MaxWindow {
  const Scalar* row[3];
  int64_t first = 3;  // of the frames inside the clip

  MaxWindow(const TapRows<Scalar>& rows, int64_t joint, const Scalar* outside) {
    for (int64_t k = 2; k >= 0; --k) {
      const bool is_inside = rows.source[k] >= 0;
      row[k] =
          is_inside ? rows.clip + rows.source[k] * rows.frame_size + joint * rows.stride : outside;
      if (is_inside) first = k;
    }
  }
};

template <class Scalar>
std::vector<Scalar> row_outside(int64_t channels) {
  return std::vector<Scalar>(static_cast<size_t>(channels),
                             -std::numeric_limits<Scalar>::infinity());
}

/// What at::max_pool2d asks, frame by frame.
template <class Scalar>
KINEGRAPH_INLINE bool takes_over(Scalar value, Scalar best) {
  return value > best || value != value;
}

template <class Scalar>
KINEGRAPH_INLINE void maximum(const FrameTaps& frames, FrameRange range, int64_t channels,
                              ChannelRows<const Scalar> from, ChannelRows<Scalar> to) {
  const auto outside = row_outside<Scalar>(channels);
  for (int64_t frame = range.begin; frame < range.end; ++frame) {
    const TapRows<Scalar> rows(frames, frame, from);
    for (int64_t v = 0; v < frames.joints; ++v) {
      const MaxWindow<Scalar> window(rows, v, outside.data());
      const Scalar *a = window.row[0], *b = window.row[1], *c = window.row[2];
      Scalar* result = to.data + (frame * frames.joints + v) * to.stride;
      for (int64_t i = 0; i < channels; ++i) {
        Scalar best = a[i];
        best = takes_over(b[i], best) ? b[i] : best;
        result[i] = takes_over(c[i], best) ? c[i] : best;
      }
    }
  }
}

/// Adds the gradient of one window to its frame `mine`, where that holds the maximum.
template <class Scalar>
KINEGRAPH_INLINE void add_window_gradient(const MaxWindow<Scalar>& window, int64_t mine,
                                          int64_t channels, const Scalar* __restrict grad,
                                          Scalar* __restrict to) {
  const Scalar *a = window.row[0], *b = window.row[1], *c = window.row[2];
  for (int64_t i = 0; i < channels; ++i) {
    int chosen = static_cast<int>(window.first);
    Scalar best = -std::numeric_limits<Scalar>::infinity();
    chosen = takes_over(a[i], best) ? 0 : chosen;
    best = takes_over(a[i], best) ? a[i] : best;
    chosen = takes_over(b[i], best) ? 1 : chosen;
    best = takes_over(b[i], best) ? b[i] : best;
    chosen = takes_over(c[i], best) ? 2 : chosen;
    to[i] += chosen == mine ? grad[i] : Scalar(0);
  }
}

template <class Scalar>
KINEGRAPH_INLINE void maximum_gradient(const FrameTaps& frames, const FrameTaps& readers,
                                       FrameRange range, int64_t channels,
                                       ChannelRows<const Scalar> from,
                                       ChannelRows<const Scalar> grad, ChannelRows<Scalar> to) {
  const auto outside = row_outside<Scalar>(channels);
  for (int64_t frame = range.begin; frame < range.end; ++frame) {
    const int64_t clip = frame / frames.from_frames, t = frame % frames.from_frames;
    for (int64_t v = 0; v < frames.joints; ++v) {
      Scalar* result = to.data + (frame * frames.joints + v) * to.stride;
      std::fill(result, result + channels, Scalar(0));
      for (int64_t k = 0; k < 3; ++k) {
        if (readers.source[t * 3 + k] < 0) continue;
        const int64_t reader = clip * frames.to_frames + readers.source[t * 3 + k];
        const MaxWindow<Scalar> window(TapRows<Scalar>(frames, reader, from), v, outside.data());
        add_window_gradient(window, k, channels,
                            grad.data + (reader * frames.joints + v) * grad.stride, result);
      }
    }
  }
}

}  // namespace

#define KINEGRAPH_TAP_KERNELS(Scalar)                                                           \
  KINEGRAPH_MULTIVERSION void convolve_taps(                                                    \
      const FrameTaps& frames, FrameRange range, const PackedTaps<Scalar>& weight,              \
      const Scalar* bias, ChannelRows<const Scalar> from, ChannelRows<Scalar> to) {             \
    convolve(frames, range, weight, bias, from, to);                                            \
  }                                                                                             \
  KINEGRAPH_MULTIVERSION void add_tap_gradients(                                                \
      const FrameTaps& frames, FrameRange range, ChannelRows<const Scalar> from,                \
      ChannelRows<const Scalar> grad, PackedTaps<Scalar>& weight, Scalar* bias) {               \
    add_gradients(frames, range, from, grad, weight, bias);                                     \
  }                                                                                             \
  KINEGRAPH_MULTIVERSION void max_over_taps(const FrameTaps& frames, FrameRange range,          \
                                            int64_t channels, ChannelRows<const Scalar> from,   \
                                            ChannelRows<Scalar> to) {                           \
    maximum(frames, range, channels, from, to);                                                 \
  }                                                                                             \
  KINEGRAPH_MULTIVERSION void max_over_taps_gradient(                                           \
      const FrameTaps& frames, const FrameTaps& readers, FrameRange range, int64_t channels,    \
      ChannelRows<const Scalar> from, ChannelRows<const Scalar> grad, ChannelRows<Scalar> to) { \
    maximum_gradient(frames, readers, range, channels, from, grad, to);                         \
  }

KINEGRAPH_TAP_KERNELS(float)
KINEGRAPH_TAP_KERNELS(double)

}  // namespace kinegraph
