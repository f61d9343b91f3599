#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/kernels/fast_filter.h"

namespace kinegraph {

/// Some taps of a window, `stride` frames apart, that one fast filter computes.
struct TapGroup {
  const FastFilter* filter;
  int64_t first_tap;
  int64_t first_point;  // of this group's products among all products
};

/// How a product with windows of frames is made of fast filters. Every stride-th frame is a
/// sequence of its own, along which a filter has stride 1; the groups' outputs add up.
class WindowPlan {
 public:
  WindowPlan(int64_t window, int64_t stride);

  const std::vector<TapGroup>& groups() const { return groups_; }
  int64_t points() const { return points_; }

  /// The frame of a clip that is input `i` of the tile of outputs that begins at `output`; may lie
  /// outside of the clip.
  int64_t frame(const TapGroup& group, int64_t output, int64_t i) const {
    return stride_ * (output + i) + group.first_tap - (window_ - 1) / 2;
  }

  /// matrix (R, window * P) -> (points, R, P), the matrices of the products.
  at::Tensor point_matrices(const at::Tensor& matrix) const;
  /// The gradient of `matrix` from that of point_matrices(matrix).
  at::Tensor matrix_gradient(const at::Tensor& points) const;

 private:
  /// (points, window)
  at::Tensor from_taps(const at::TensorOptions& options) const;

  int64_t window_, stride_, points_ = 0;
  std::vector<TapGroup> groups_;
};

}  // namespace kinegraph
