#pragma once

#include <cstdint>

#include "models/kernels/frame_taps.h"

namespace kinegraph {

/// to[t] = bias + sum over taps k of weight_k from[source(t, k)] for a range of output frames.
/// bias: weight.blocks() * kTapLanes elements.
void convolve_taps(const FrameTaps& frames, FrameRange range, const PackedTaps<float>& weight,
                   const float* bias, StridedRows<const float> from, StridedRows<float> to);
void convolve_taps(const FrameTaps& frames, FrameRange range, const PackedTaps<double>& weight,
                   const double* bias, StridedRows<const double> from, StridedRows<double> to);

/// Adds to `weight` and `bias` their gradients from a range of output frames; `grad` is the
/// gradient of the output.
void add_tap_gradients(const FrameTaps& frames, FrameRange range, StridedRows<const float> from,
                       StridedRows<const float> grad, PackedTaps<float>& weight, float* bias);
void add_tap_gradients(const FrameTaps& frames, FrameRange range, StridedRows<const double> from,
                       StridedRows<const double> grad, PackedTaps<double>& weight, double* bias);

}  // namespace kinegraph
