#pragma once

#include <cstdint>

#include "models/kernels/frame_taps.h"

namespace kinegraph {

/// to[t] = maximum over the three taps of t, for a range of output frames. Of equal frames the
/// first counts, and the last NaN before all others, as in at::max_pool2d.
void max_over_taps(const FrameTaps& frames, FrameRange range, int64_t channels,
                   StridedRows<const float> from, StridedRows<float> to);
void max_over_taps(const FrameTaps& frames, FrameRange range, int64_t channels,
                   StridedRows<const double> from, StridedRows<double> to);

/// The gradient of max_over_taps() for a range of input frames; `readers` are the inverted frames,
/// `grad` is the gradient of the output.
void max_over_taps_gradient(const FrameTaps& readers, FrameRange range, int64_t channels,
                            StridedRows<const float> from, StridedRows<const float> grad,
                            StridedRows<float> to);
void max_over_taps_gradient(const FrameTaps& readers, FrameRange range, int64_t channels,
                            StridedRows<const double> from, StridedRows<const double> grad,
                            StridedRows<double> to);

}  // namespace kinegraph
