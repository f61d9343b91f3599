#include "models/kernels/branch_passes.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>

#include "models/kernels/divide_up.h"
#include "models/kernels/max_kernel.h"
#include "models/kernels/tap_kernel.h"

namespace kinegraph {
namespace {

/// Frames that a thread takes through all branches at a time: they fit the second cache.
constexpr int64_t kFrames = 8;
/// Partial sums of the gradients of weights, so that their bits do not depend on the number of
/// threads.
constexpr int64_t kWeightSums = 16;

template <class Scalar>
StridedRows<const Scalar> channels_from(const at::Tensor& rows, int64_t begin) {
  return {rows.data_ptr<Scalar>() + begin, rows.stride(2)};
}

template <class Scalar>
StridedRows<Scalar> channels_of(at::Tensor& rows, int64_t begin) {
  return {rows.data_ptr<Scalar>() + begin, rows.stride(2)};
}

/// Calls run(part, next) for the parts of `frames` in order; `next` is the part behind, or empty.
template <class Run>
void for_parts(FrameRange frames, const Run& run) {
  for (int64_t first = frames.begin; first < frames.end; first += kFrames) {
    const int64_t last = std::min(frames.end, first + kFrames);
    run(FrameRange{first, last}, FrameRange{last, std::min(frames.end, last + kFrames)});
  }
}

/// The same on all threads.
template <class Run>
void for_all_parts(int64_t frames, const Run& run) {
  at::parallel_for(0, frames, kFrames, [&](int64_t begin, int64_t end) {
    for_parts({begin, end}, run);
  });
}

/// The kernels jump from row to row, which no processor foresees.
template <class Scalar>
void prefetch(FrameRange range, int64_t joints, StridedRows<Scalar> rows) {
  const auto* line = reinterpret_cast<const char*>(rows.data + range.begin * joints * rows.stride);
  const auto* end = reinterpret_cast<const char*>(rows.data + range.end * joints * rows.stride);
  for (; line < end; line += 64) __builtin_prefetch(line);
}

template <class Scalar>
void copy_rows(FrameRange range, int64_t joints, int64_t channels, StridedRows<const Scalar> from,
               StridedRows<Scalar> to) {
  for (int64_t r = range.begin * joints; r < range.end * joints; ++r)
    std::copy_n(from.data + r * from.stride, channels, to.data + r * to.stride);
}

template <class Scalar>
std::vector<Scalar> padded(const at::Tensor& bias) {
  const auto dense = bias.contiguous();
  std::vector<Scalar> result(static_cast<size_t>(bias.numel() + kTapLanes<Scalar>));
  std::copy_n(dense.data_ptr<Scalar>(), bias.numel(), result.data());
  return result;
}

/// Sums of the gradients of one branch over a part of the frames.
template <class Scalar>
struct WeightSums {
  PackedTaps<Scalar> weight;
  std::vector<Scalar> bias;

  explicit WeightSums(const DilatedBranch& branch)
      : weight(branch.width, branch.width, branch.frames.taps),
        bias(static_cast<size_t>(weight.blocks() * kTapLanes<Scalar>)) {}

  void add(const WeightSums& other) {
    const auto add = [](std::vector<Scalar>& to, const std::vector<Scalar>& from) {
      std::transform(to.begin(), to.end(), from.begin(), to.begin(), std::plus<Scalar>());
    };
    add(weight.values, other.weight.values);
    add(bias, other.bias);
  }
};

/// Of all branches, over the output frames `range`.
template <class Scalar>
std::vector<WeightSums<Scalar>> weight_sums(const BranchPlan& plan, FrameRange range,
                                            const at::Tensor& active, const at::Tensor& grad) {
  std::vector<WeightSums<Scalar>> sums(plan.dilated.begin(), plan.dilated.end());
  for_parts(range, [&](FrameRange part, FrameRange next) {
    if (plan.stride == 1) prefetch(next, plan.joints, channels_from<Scalar>(active, 0));
    prefetch(next, plan.joints, channels_from<Scalar>(grad, 0));
    for (size_t i = 0; i < sums.size(); ++i) {
      const auto& branch = plan.dilated[i];
      add_tap_gradients(branch.frames, part, channels_from<Scalar>(active, branch.begin),
                        channels_from<Scalar>(grad, branch.begin), sums[i].weight,
                        sums[i].bias.data());
    }
  });
  return sums;
}

/// Of fixed parts of the frames, by branch.
template <class Scalar>
std::vector<std::vector<WeightSums<Scalar>>> partial_weight_sums(const BranchPlan& plan,
                                                                 const at::Tensor& active,
                                                                 const at::Tensor& grad) {
  const int64_t frames = plan.clips * plan.to_frames;
  std::vector<std::vector<WeightSums<Scalar>>> sums(kWeightSums);
  at::parallel_for(0, kWeightSums, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      sums[part] = weight_sums<Scalar>(
          plan, {part * frames / kWeightSums, (part + 1) * frames / kWeightSums}, active, grad);
  });
  return sums;
}

}  // namespace

BranchPlan::BranchPlan(const at::Tensor& active, at::TensorList weights, at::IntArrayRef dilations,
                       int64_t stride)
    : clips(active.size(0)),
      joints(active.size(3)),
      frames(active.size(2)),
      stride(stride),
      to_frames(divide_up(frames, stride)),
      pooled(FrameTaps::around(joints, frames, 3, 1, stride)) {
  for (size_t i = 0; i < dilations.size(); ++i) {
    const int64_t width = weights[i].size(0);
    dilated.push_back(
        {pooled_begin, width,
         FrameTaps::around(joints, frames, weights[i].size(2), dilations[i], stride)});
    pooled_begin += width;
  }
  pooled_width = active.size(1) - pooled_begin;
}

template <class Scalar>
void branch_outputs(const BranchPlan& plan, at::TensorList weights, at::TensorList biases,
                    const at::Tensor& active, const at::Tensor& plain, at::Tensor& out) {
  std::vector<PackedTaps<Scalar>> packed;
  std::vector<std::vector<Scalar>> bias;
  for (size_t i = 0; i < plan.dilated.size(); ++i) {
    const int64_t width = plan.dilated[i].width;
    packed.push_back(PackedTaps<Scalar>::of(weights[i].contiguous().template data_ptr<Scalar>(),
                                            width, width, plan.dilated[i].frames.taps));
    bias.push_back(padded<Scalar>(biases[i]));
  }
  for_all_parts(plan.clips * plan.to_frames, [&](FrameRange range, FrameRange next) {
    if (plan.stride == 1) prefetch(next, plan.joints, channels_from<Scalar>(active, 0));
    prefetch(next, plan.joints, channels_of<Scalar>(out, 0));
    for (size_t i = 0; i < plan.dilated.size(); ++i) {
      const auto& branch = plan.dilated[i];
      convolve_taps(branch.frames, range, packed[i], bias[i].data(),
                    channels_from<Scalar>(active, branch.begin),
                    channels_of<Scalar>(out, branch.begin));
    }
    max_over_taps(plan.pooled, range, plan.pooled_width,
                  channels_from<Scalar>(active, plan.pooled_begin),
                  channels_of<Scalar>(out, plan.pooled_begin));
    copy_rows(range, plan.joints, plain.size(3), channels_from<Scalar>(plain, 0),
              channels_of<Scalar>(out, active.size(3)));
  });
}

template <class Scalar>
void branch_input_gradient(const BranchPlan& plan, at::TensorList weights, const at::Tensor& active,
                           const at::Tensor& grad, at::Tensor& to) {
  std::vector<PackedTaps<Scalar>> packed;
  std::vector<FrameTaps> readers;
  for (size_t i = 0; i < plan.dilated.size(); ++i) {
    const auto& branch = plan.dilated[i];
    readers.push_back(branch.frames.inverted());
    packed.push_back(
        PackedTaps<Scalar>::transposed(weights[i].contiguous().template data_ptr<Scalar>(),
                                       branch.width, branch.width, branch.frames.taps));
  }
  const auto pool_readers = plan.pooled.inverted();
  const std::vector<Scalar> zeros(static_cast<size_t>(active.size(3) + kTapLanes<Scalar>));
  for_all_parts(plan.clips * plan.frames, [&](FrameRange range, FrameRange next) {
    if (plan.stride == 1) prefetch(next, plan.joints, channels_from<Scalar>(grad, 0));
    prefetch(next, plan.joints, channels_of<Scalar>(to, 0));
    for (size_t i = 0; i < plan.dilated.size(); ++i) {
      const int64_t begin = plan.dilated[i].begin;
      convolve_taps(readers[i], range, packed[i], zeros.data(), channels_from<Scalar>(grad, begin),
                    channels_of<Scalar>(to, begin));
    }
    max_over_taps_gradient(
        pool_readers, range, plan.pooled_width, channels_from<Scalar>(active, plan.pooled_begin),
        channels_from<Scalar>(grad, plan.pooled_begin), channels_of<Scalar>(to, plan.pooled_begin));
  });
}

template <class Scalar>
void branch_weight_gradients(const BranchPlan& plan, const at::Tensor& active,
                             const at::Tensor& grad, at::TensorList weights,
                             at::TensorList biases) {
  auto sums = partial_weight_sums<Scalar>(plan, active, grad);
  for (size_t i = 0; i < plan.dilated.size(); ++i) {
    for (int64_t part = 1; part < kWeightSums; ++part) sums[0][i].add(sums[part][i]);
    sums[0][i].weight.unpack(weights[i].template data_ptr<Scalar>());
    std::copy_n(sums[0][i].bias.data(), biases[i].numel(), biases[i].template data_ptr<Scalar>());
  }
}

#define KINEGRAPH_BRANCH_PASSES(Scalar)                                                           \
  template void branch_outputs<Scalar>(const BranchPlan&, at::TensorList, at::TensorList,         \
                                       const at::Tensor&, const at::Tensor&, at::Tensor&);        \
  template void branch_input_gradient<Scalar>(const BranchPlan&, at::TensorList,                  \
                                              const at::Tensor&, const at::Tensor&, at::Tensor&); \
  template void branch_weight_gradients<Scalar>(                                                  \
      const BranchPlan&, const at::Tensor&, const at::Tensor&, at::TensorList, at::TensorList);

KINEGRAPH_BRANCH_PASSES(float)
KINEGRAPH_BRANCH_PASSES(double)

}  // namespace kinegraph
