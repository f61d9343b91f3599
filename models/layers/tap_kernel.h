#pragma once

#include <cstdint>

#include "models/layers/frame_taps.h"

namespace kinegraph {

/// Consecutive channels of (clips * frames * joints) rows.
template <class Scalar>
struct ChannelRows {
  Scalar* data;    // the first of the channels in the first row
  int64_t stride;  // elements from a row to the next
};

/// A range of frames, counted through all clips.
struct FrameRange {
  int64_t begin, end;
};

/// to[t] = bias + sum over taps k of weight_k from[source(t, k)] for a range of output frames.
/// bias: weight.blocks() * kLanes elements.
void convolve_taps(const FrameTaps& frames, FrameRange range, const PackedTaps<float>& weight,
                   const float* bias, ChannelRows<const float> from, ChannelRows<float> to);
void convolve_taps(const FrameTaps& frames, FrameRange range, const PackedTaps<double>& weight,
                   const double* bias, ChannelRows<const double> from, ChannelRows<double> to);

/// Adds to `weight` and `bias` their gradients from a range of output frames; `grad` is the
/// gradient of the output.
void add_tap_gradients(const FrameTaps& frames, FrameRange range, ChannelRows<const float> from,
                       ChannelRows<const float> grad, PackedTaps<float>& weight, float* bias);
void add_tap_gradients(const FrameTaps& frames, FrameRange range, ChannelRows<const double> from,
                       ChannelRows<const double> grad, PackedTaps<double>& weight, double* bias);

/// to[t] = maximum over the three taps of t, for a range of output frames. Of equal frames the
/// first counts, and the last NaN before all others, as in at::max_pool2d.
void max_over_taps(const FrameTaps& frames, FrameRange range, int64_t channels,
                   ChannelRows<const float> from, ChannelRows<float> to);
void max_over_taps(const FrameTaps& frames, FrameRange range, int64_t channels,
                   ChannelRows<const double> from, ChannelRows<double> to);

/// The gradient of max_over_taps() for a range of input frames, whose readers are
/// frames.inverted(); `grad` is the gradient of the output.
void max_over_taps_gradient(const FrameTaps& frames, const FrameTaps& readers, FrameRange range,
                            int64_t channels, ChannelRows<const float> from,
                            ChannelRows<const float> grad, ChannelRows<float> to);
void max_over_taps_gradient(const FrameTaps& frames, const FrameTaps& readers, FrameRange range,
                            int64_t channels, ChannelRows<const double> from,
                            ChannelRows<const double> grad, ChannelRows<double> to);

}  // namespace kinegraph
