#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// How the positions of a temporal shift learn.
enum class PositionGradient {
  kSign,   // as published: time +-0.01 by the derivative's sign (1e-4 where it is 0), joints 0
  kExact,  // the derivative
};

/// Moves each channel c of x (N, C, T, V) by xpos[c] along the joints and ypos[c] along the frames,
/// with bilinear interpolation; what comes from outside is 0. A positive ypos reads the future:
///
///   out[t,v] = sum over the four neighbours of in[t * stride + y, v + x],  y = ypos (+ 0.5 at
///   stride 2), x = xpos
///
/// Returns (N, C, floor(T / stride), V). Cheng et al., CVPR 2020 (Shift-GCN), whose code computes
/// the gradient of the positions as kSign.
at::Tensor temporal_shift(const at::Tensor& x, const at::Tensor& xpos, const at::Tensor& ypos,
                          int64_t stride, PositionGradient gradient);

}  // namespace kinegraph
