#include "models/kernels/window_plan.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace kinegraph {

WindowPlan::WindowPlan(int64_t window, int64_t stride) : window_(window), stride_(stride) {
  for (int64_t phase = 0; phase < std::min(stride, window); ++phase) {
    const int64_t taps = (window - phase + stride - 1) / stride;
    for (int64_t tap = 0; tap < taps; tap += FastFilter::kMostTaps) {
      const auto& filter = fast_filter(std::min(taps - tap, FastFilter::kMostTaps));
      groups_.push_back({&filter, phase + stride * tap, points_});
      points_ += filter.points;
    }
  }
}

at::Tensor WindowPlan::from_taps(const at::TensorOptions& options) const {
  auto table = at::zeros({points_, window_}, at::kDouble);
  auto entry = table.accessor<double, 2>();
  for (const auto& group : groups_)
    for (int64_t point = 0; point < group.filter->points; ++point)
      for (int64_t tap = 0; tap < group.filter->taps; ++tap)
        entry[group.first_point + point][group.first_tap + stride_ * tap] =
            group.filter->from_taps[point][tap];
  return table.to(options);
}

at::Tensor WindowPlan::point_matrices(const at::Tensor& matrix) const {
  const int64_t r = matrix.size(0), p = matrix.size(1) / window_;
  const auto taps = matrix.reshape({r, window_, p}).transpose(0, 1).reshape({window_, r * p});
  return at::mm(from_taps(matrix.options()), taps).view({points_, r, p});
}

at::Tensor WindowPlan::matrix_gradient(const at::Tensor& points) const {
  const int64_t r = points.size(1), p = points.size(2);
  const auto taps = at::mm(from_taps(points.options()).t(), points.reshape({points_, r * p}));
  return taps.view({window_, r, p}).transpose(0, 1).reshape({r, window_ * p});
}

}  // namespace kinegraph
