#include "models/kernels/max_kernel.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

template <class Scalar>
std::vector<Scalar> filled(int64_t channels, Scalar value) {
  return std::vector<Scalar>(static_cast<size_t>(channels), value);
}

/// What at::max_pool2d asks of a window, frame by frame.
template <class Scalar>
KINEGRAPH_INLINE bool takes_over(Scalar value, Scalar best) {
  return (value > best) | (value != value);
}

template <class Scalar>
KINEGRAPH_INLINE void maximum(const FrameTaps& frames, FrameRange range, int64_t channels,
                              StridedRows<const Scalar> from, StridedRows<Scalar> to) {
  const auto outside = filled(channels, -std::numeric_limits<Scalar>::infinity());
  for (int64_t frame = range.begin; frame < range.end; ++frame) {
    const TapRows<Scalar> rows(frames, frame, from);
    for (int64_t v = 0; v < frames.joints; ++v) {
      const auto *a = rows.row(0, v, outside.data()), *b = rows.row(1, v, outside.data()),
                 *c = rows.row(2, v, outside.data());
      Scalar* result = to.data + (frame * frames.joints + v) * to.stride;
      for (int64_t i = 0; i < channels; ++i) {
        Scalar best = a[i];
        best = takes_over(b[i], best) ? b[i] : best;
        result[i] = takes_over(c[i], best) ? c[i] : best;
      }
    }
  }
}

/// One row of the input, those of the same joint in the two frames before and behind, -infinity
/// outside the clip, and the gradients of the windows whose tap 0, 1 or 2 it is.
template <class Scalar>
struct Neighbours {
  const Scalar *two_before, *before, *here, *behind, *two_behind;
  const Scalar *grad0, *grad1, *grad2;
  bool is_first_frame;

  KINEGRAPH_INLINE void gradient(int64_t channels, Scalar* __restrict to) const {
    for (int64_t i = 0; i < channels; ++i) {
      // Without branches, so that the loop becomes vector code.
      const Scalar x = here[i], b = before[i], g0 = grad0[i], g1 = grad1[i], g2 = grad2[i];
      const Scalar best = takes_over(b, two_before[i]) ? b : two_before[i];
      const Scalar of0 = takes_over(two_behind[i], x) ? Scalar(0) : g0;
      const Scalar of1 = (is_first_frame | takes_over(x, b)) ? g1 : Scalar(0);
      const Scalar of2 = takes_over(x, best) ? g2 : Scalar(0);
      to[i] = (takes_over(behind[i], x) ? Scalar(0) : of0 + of1) + of2;
    }
  }
};

template <class Scalar>
KINEGRAPH_INLINE void maximum_gradient(const FrameTaps& readers, FrameRange range, int64_t channels,
                                       StridedRows<const Scalar> from,
                                       StridedRows<const Scalar> grad, StridedRows<Scalar> to) {
  const auto outside = filled(channels, -std::numeric_limits<Scalar>::infinity());
  const auto unread = filled(channels, Scalar(0));
  const int64_t frame_size = readers.joints * from.stride;
  for (int64_t frame = range.begin; frame < range.end; ++frame) {
    const int64_t t = frame % readers.to_frames, last = readers.to_frames - 1;
    const TapRows<Scalar> windows(readers, frame, grad);
    for (int64_t v = 0; v < readers.joints; ++v) {
      const Scalar* here = from.data + frame * frame_size + v * from.stride;
      const Neighbours<Scalar> rows{t > 1 ? here - 2 * frame_size : outside.data(),
                                    t > 0 ? here - frame_size : outside.data(),
                                    here,
                                    t < last ? here + frame_size : outside.data(),
                                    t < last - 1 ? here + 2 * frame_size : outside.data(),
                                    windows.row(0, v, unread.data()),
                                    windows.row(1, v, unread.data()),
                                    windows.row(2, v, unread.data()),
                                    t == 0};
      rows.gradient(channels, to.data + (frame * readers.joints + v) * to.stride);
    }
  }
}

}  // namespace

#define KINEGRAPH_MAX_KERNELS(Scalar)                                                           \
  KINEGRAPH_MULTIVERSION void max_over_taps(const FrameTaps& frames, FrameRange range,          \
                                            int64_t channels, StridedRows<const Scalar> from,   \
                                            StridedRows<Scalar> to) {                           \
    maximum(frames, range, channels, from, to);                                                 \
  }                                                                                             \
  KINEGRAPH_MULTIVERSION void max_over_taps_gradient(                                           \
      const FrameTaps& readers, FrameRange range, int64_t channels,                             \
      StridedRows<const Scalar> from, StridedRows<const Scalar> grad, StridedRows<Scalar> to) { \
    maximum_gradient(readers, range, channels, from, grad, to);                                 \
  }

KINEGRAPH_MAX_KERNELS(float)
KINEGRAPH_MAX_KERNELS(double)

}  // namespace kinegraph
