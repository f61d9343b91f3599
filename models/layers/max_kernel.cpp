#include "models/layers/max_kernel.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "models/layers/multiversion.h"

namespace kinegraph {
namespace {

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

#define KINEGRAPH_MAX_KERNELS(Scalar)                                                           \
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

KINEGRAPH_MAX_KERNELS(float)
KINEGRAPH_MAX_KERNELS(double)

}  // namespace kinegraph
