#include "models/kernels/temporal_shift.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kinegraph {
namespace {

constexpr double kStep = 0.01, kStepAtZero = 1e-4;

/// One of the four neighbours: where it lies, and what it weighs.
template <class Scalar>
struct Tap {
  int64_t y, x;
  Scalar weight;   // in the output
  Scalar along_y;  // derivative of the weight by ypos
  Scalar along_x;
};

/// Rounded down in single precision, as published, for any type; far beyond any clip for NaN and
/// numbers that no integer holds.
template <class Scalar>
int64_t floor_of(Scalar position) {
  constexpr float kFarAway = 1 << 30;
  const float floor = std::floor(static_cast<float>(position));
  return std::abs(floor) < kFarAway ? static_cast<int64_t>(floor) : 1 << 30;
}

template <class Scalar>
std::array<Tap<Scalar>, 4> taps_of(Scalar xpos, Scalar ypos, int64_t stride) {
  const Scalar y = stride == 2 ? ypos + Scalar(0.5) : ypos;
  const auto y1 = floor_of(y), x1 = floor_of(xpos);
  const Scalar dy = y - static_cast<Scalar>(y1), dx = xpos - static_cast<Scalar>(x1);
  return {{{y1, x1, (1 - dy) * (1 - dx), -(1 - dx), -(1 - dy)},
           {y1, x1 + 1, (1 - dy) * dx, -dx, 1 - dy},
           {y1 + 1, x1, dy * (1 - dx), 1 - dx, -dy},
           {y1 + 1, x1 + 1, dy * dx, dx, dy}}};
}

/// A plane of T frames and V joints, and the shifted one of T_out frames.
struct Plane {
  int64_t frames, joints, out_frames, stride;

  /// Calls `visit(out offset, in offset, count)` for each stretch of joints that a tap connects.
  template <class Visit>
  void connect(int64_t y, int64_t x, Visit visit) const {
    const int64_t first = std::max<int64_t>(0, -x), last = std::min(joints, joints - x);
    if (first >= last) return;
    for (int64_t t = 0; t < out_frames; ++t) {
      const int64_t source = t * stride + y;
      if (source >= 0 && source < frames)
        visit(t * joints + first, source * joints + first + x, last - first);
    }
  }
};

template <class Scalar>
void shift_plane(const Plane& plane, const std::array<Tap<Scalar>, 4>& taps, const Scalar* in,
                 Scalar* out) {
  for (const auto& tap : taps)
    plane.connect(tap.y, tap.x, [&](int64_t to, int64_t from, int64_t count) {
      for (int64_t i = 0; i < count; ++i) out[to + i] += tap.weight * in[from + i];
    });
}

/// Adds to the input's gradient and returns the sums of the derivatives by (ypos, xpos).
template <class Scalar>
std::pair<Scalar, Scalar> unshift_plane(const Plane& plane, const std::array<Tap<Scalar>, 4>& taps,
                                        const Scalar* in, const Scalar* out_gradient,
                                        Scalar* in_gradient) {
  Scalar by_y = 0, by_x = 0;
  for (const auto& tap : taps) {
    Scalar product = 0;
    plane.connect(tap.y, tap.x, [&](int64_t to, int64_t from, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        in_gradient[from + i] += tap.weight * out_gradient[to + i];
        product += in[from + i] * out_gradient[to + i];
      }
    });
    by_y += tap.along_y * product;
    by_x += tap.along_x * product;
  }
  return {by_y, by_x};
}

class TemporalShift : public torch::autograd::Function<TemporalShift> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& xpos, const at::Tensor& ypos, int64_t stride,
                            bool is_exact) {
    const auto x = input.contiguous();
    context->save_for_backward({x, xpos, ypos});
    context->saved_data["stride"] = stride;
    context->saved_data["is_exact"] = is_exact;
    const int64_t n = x.size(0), c = x.size(1);
    const Plane plane{x.size(2), x.size(3), x.size(2) / stride, stride};
    auto out = at::zeros({n, c, plane.out_frames, plane.joints}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "temporal_shift", [&] {
      const auto* in = x.data_ptr<scalar_t>();
      auto* to = out.data_ptr<scalar_t>();
      const auto along_x = xpos.contiguous(), along_y = ypos.contiguous();
      const auto *px = along_x.data_ptr<scalar_t>(), *py = along_y.data_ptr<scalar_t>();
      at::parallel_for(0, n * c, 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          shift_plane(plane, taps_of(px[i % c], py[i % c], stride),
                      in + i * plane.frames * plane.joints,
                      to + i * plane.out_frames * plane.joints);
      });
    });
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &xpos = saved[1], &ypos = saved[2];
    const int64_t stride = context->saved_data["stride"].toInt();
    const auto gradient = gradients[0].contiguous();
    const int64_t n = x.size(0), c = x.size(1);
    const Plane plane{x.size(2), x.size(3), x.size(2) / stride, stride};
    auto to_input = at::zeros_like(x);
    auto by_y = at::empty({n, c}, x.options()), by_x = at::empty({n, c}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "temporal_shift_backward", [&] {
      const auto *in = x.data_ptr<scalar_t>(), *out = gradient.data_ptr<scalar_t>();
      auto* to = to_input.data_ptr<scalar_t>();
      auto *sum_y = by_y.data_ptr<scalar_t>(), *sum_x = by_x.data_ptr<scalar_t>();
      const auto along_x = xpos.contiguous(), along_y = ypos.contiguous();
      const auto *px = along_x.data_ptr<scalar_t>(), *py = along_y.data_ptr<scalar_t>();
      at::parallel_for(0, n * c, 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          std::tie(sum_y[i], sum_x[i]) = unshift_plane(
              plane, taps_of(px[i % c], py[i % c], stride), in + i * plane.frames * plane.joints,
              out + i * plane.out_frames * plane.joints, to + i * plane.frames * plane.joints);
      });
    });
    const bool is_exact = context->saved_data["is_exact"].toBool();
    auto to_y = by_y.sum(0), to_x = by_x.sum(0);
    if (!is_exact) {
      to_y = at::where(to_y.eq(0), at::full_like(to_y, kStepAtZero), to_y.sign() * kStep);
      to_x = at::zeros_like(to_x);
    }
    return {to_input, to_x, to_y, {}, {}};
  }
};

/// The same from LibTorch's operations, for other devices than the CPU.
at::Tensor shift_by_gather(const at::Tensor& x, const at::Tensor& xpos, const at::Tensor& ypos,
                           int64_t stride) {
  const int64_t t = x.size(2), v = x.size(3), out = t / stride, c = x.size(1);
  const auto y = stride == 2 ? ypos + 0.5 : ypos;
  const auto y1 = y.detach().floor(), x1 = xpos.detach().floor();
  const auto dy = (y - y1).view({1, c, 1, 1}), dx = (xpos - x1).view({1, c, 1, 1});
  const auto frames = at::arange(out, x.options()).mul(stride).view({1, 1, out, 1});
  const auto joints = at::arange(v, x.options()).view({1, 1, 1, v});
  const auto tap = [&](int64_t step_y, int64_t step_x) {
    const auto row = frames + y1.view({1, c, 1, 1}) + step_y;
    const auto column = joints + x1.view({1, c, 1, 1}) + step_x;
    const auto is_inside =
        row.ge(0).logical_and(row.lt(t)).logical_and(column.ge(0)).logical_and(column.lt(v));
    const auto index =
        (row.clamp(0, t - 1) * v + column.clamp(0, v - 1)).to(at::kLong).reshape({1, c, out * v});
    return x.reshape({x.size(0), c, t * v})
               .gather(2, index.expand({x.size(0), c, out * v}))
               .view({x.size(0), c, out, v}) *
           is_inside;
  };
  return (1 - dy) * ((1 - dx) * tap(0, 0) + dx * tap(0, 1)) +
         dy * ((1 - dx) * tap(1, 0) + dx * tap(1, 1));
}

}  // namespace

at::Tensor temporal_shift(const at::Tensor& x, const at::Tensor& xpos, const at::Tensor& ypos,
                          int64_t stride, PositionGradient gradient) {
  TORCH_CHECK(x.dim() == 4 && x.size(1) == xpos.numel() && x.size(1) == ypos.numel(),
              "temporal_shift: x ", x.sizes(), " is not (N,C,T,V) for ", ypos.numel(),
              " positions");
  const bool is_exact = gradient == PositionGradient::kExact;
  if (x.device().is_cpu()) return TemporalShift::apply(x, xpos, ypos, stride, is_exact);
  if (is_exact) return shift_by_gather(x, xpos, ypos, stride);
  // The published rule as a hook on a copy that only this call reads.
  auto moved = ypos.clone();
  if (moved.requires_grad())
    moved.register_hook([](const at::Tensor& exact) {
      return at::where(exact.eq(0), at::full_like(exact, kStepAtZero), exact.sign() * kStep);
    });
  return shift_by_gather(x, xpos.detach(), moved, stride);
}

}  // namespace kinegraph
