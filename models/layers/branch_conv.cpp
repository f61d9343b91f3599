#include "models/layers/branch_conv.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <functional>

#include "models/layers/max_kernel.h"
#include "models/layers/tap_kernel.h"

namespace kinegraph {
namespace {

/// Frames that a thread takes through all branches at a time: they fit the second cache.
constexpr int64_t kFrames = 8;
/// Partial sums of the gradients of weights, so that their bits do not depend on the number of
/// threads.
constexpr int64_t kWeightSums = 16;

/// One convolution and where its channels begin.
struct DilatedBranch {
  int64_t begin, width;
  FrameTaps frames;
};

/// Frames of all branches.
struct BranchPlan {
  int64_t clips, joints, frames, stride, to_frames;
  std::vector<DilatedBranch> dilated;
  int64_t pooled_begin = 0, pooled_width = 0;
  FrameTaps pooled;

  BranchPlan(const at::Tensor& active, const at::TensorList& weights, at::IntArrayRef dilations,
             int64_t stride)
      : clips(active.size(0)),
        joints(active.size(3)),
        frames(active.size(2)),
        stride(stride),
        to_frames((frames + stride - 1) / stride),
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
};

/// (N, C, T, V) as rows of channels, without a copy where the channels lie side by side.
at::Tensor dense_rows(const at::Tensor& x) {
  const auto rows = x.permute({0, 2, 3, 1});
  const int64_t row = rows.stride(2);
  const bool is_dense = rows.stride(3) == 1 && rows.stride(1) == row * rows.size(2) &&
                        rows.stride(0) == row * rows.size(2) * rows.size(1);
  return is_dense ? rows : rows.contiguous();
}

template <class Scalar>
ChannelRows<const Scalar> channels_from(const at::Tensor& rows, int64_t begin) {
  return {rows.data_ptr<Scalar>() + begin, rows.stride(2)};
}

template <class Scalar>
ChannelRows<Scalar> channels_of(at::Tensor& rows, int64_t begin) {
  return {rows.data_ptr<Scalar>() + begin, rows.stride(2)};
}

/// Calls run(range) for parts of `frames`, on all threads.
template <class Run>
void for_frames(int64_t frames, const Run& run) {
  at::parallel_for(0, frames, kFrames, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += kFrames)
      run(FrameRange{first, std::min(end, first + kFrames)});
  });
}

/// Asks for the frames behind `range`: the kernels jump from row to row, which no processor
/// foresees.
template <class Scalar>
void prefetch_next(FrameRange range, int64_t frames, int64_t joints, ChannelRows<Scalar> rows) {
  const int64_t first = range.end, last = std::min(frames, 2 * range.end - range.begin);
  const auto* end = reinterpret_cast<const char*>(rows.data + last * joints * rows.stride);
  const auto* line = reinterpret_cast<const char*>(rows.data + first * joints * rows.stride);
  for (; line < end; line += 64) __builtin_prefetch(line);
}

template <class Scalar>
void copy_rows(FrameRange range, int64_t joints, int64_t channels, ChannelRows<const Scalar> from,
               ChannelRows<Scalar> to) {
  for (int64_t r = range.begin * joints; r < range.end * joints; ++r)
    std::copy_n(from.data + r * from.stride, channels, to.data + r * to.stride);
}

template <class Scalar>
std::vector<Scalar> padded(const at::Tensor& bias) {
  const auto dense = bias.contiguous();
  std::vector<Scalar> result(static_cast<size_t>(bias.numel() + kLanes<Scalar>));
  std::copy_n(dense.data_ptr<Scalar>(), bias.numel(), result.data());
  return result;
}

template <class Scalar>
void forward_rows(const BranchPlan& plan, const at::TensorList& weights,
                  const at::TensorList& biases, const at::Tensor& active, const at::Tensor& plain,
                  at::Tensor& out) {
  std::vector<PackedTaps<Scalar>> packed;
  std::vector<std::vector<Scalar>> bias;
  for (size_t i = 0; i < plan.dilated.size(); ++i) {
    const int64_t width = plan.dilated[i].width;
    packed.push_back(PackedTaps<Scalar>::of(weights[i].contiguous().template data_ptr<Scalar>(),
                                            width, width, plan.dilated[i].frames.taps));
    bias.push_back(padded<Scalar>(biases[i]));
  }
  for_frames(plan.clips * plan.to_frames, [&](FrameRange range) {
    prefetch_next(range, plan.clips * plan.to_frames, plan.joints,
                  channels_from<Scalar>(active, 0));
    prefetch_next(range, plan.clips * plan.to_frames, plan.joints, channels_of<Scalar>(out, 0));
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
void input_gradient(const BranchPlan& plan, const at::TensorList& weights, const at::Tensor& active,
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
  const std::vector<Scalar> zeros(static_cast<size_t>(active.size(3) + kLanes<Scalar>));
  for_frames(plan.clips * plan.frames, [&](FrameRange range) {
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

/// Sums of the gradients of one branch over a part of the frames.
template <class Scalar>
struct WeightSums {
  PackedTaps<Scalar> weight;
  std::vector<Scalar> bias;

  explicit WeightSums(const DilatedBranch& branch)
      : weight(branch.width, branch.width, branch.frames.taps),
        bias(static_cast<size_t>(weight.blocks() * kLanes<Scalar>)) {}

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
  for (int64_t first = range.begin; first < range.end; first += kFrames)
    for (size_t i = 0; i < sums.size(); ++i) {
      const auto& branch = plan.dilated[i];
      add_tap_gradients(branch.frames, {first, std::min(range.end, first + kFrames)},
                        channels_from<Scalar>(active, branch.begin),
                        channels_from<Scalar>(grad, branch.begin), sums[i].weight,
                        sums[i].bias.data());
    }
  return sums;
}

template <class Scalar>
void weight_gradients(const BranchPlan& plan, const at::Tensor& active, const at::Tensor& grad,
                      std::vector<at::Tensor>& weights, std::vector<at::Tensor>& biases) {
  const int64_t frames = plan.clips * plan.to_frames;
  std::vector<std::vector<WeightSums<Scalar>>> sums(kWeightSums);
  at::parallel_for(0, kWeightSums, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      sums[part] = weight_sums<Scalar>(
          plan, {part * frames / kWeightSums, (part + 1) * frames / kWeightSums}, active, grad);
  });
  for (size_t i = 0; i < plan.dilated.size(); ++i) {
    for (int64_t part = 1; part < kWeightSums; ++part) sums[0][i].add(sums[part][i]);
    sums[0][i].weight.unpack(weights[i].template data_ptr<Scalar>());
    std::copy_n(sums[0][i].bias.data(), biases[i].numel(), biases[i].template data_ptr<Scalar>());
  }
}

class BranchConv : public torch::autograd::Function<BranchConv> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& active,
                            const at::TensorList& weights, const at::TensorList& biases,
                            const std::vector<int64_t>& dilations, int64_t stride,
                            const at::Tensor& plain) {
    const BranchPlan plan(active, weights, dilations, stride);
    const auto rows = dense_rows(active), plain_rows = dense_rows(plain);
    std::vector<at::Tensor> saved{rows};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(saved);
    context->saved_data["dilations"] = dilations;
    context->saved_data["stride"] = stride;
    auto out = at::empty({plan.clips, plan.to_frames, plan.joints, active.size(1) + plain.size(1)},
                         active.options());
    AT_DISPATCH_FLOATING_TYPES(active.scalar_type(), "convolve_branches", [&] {
      forward_rows<scalar_t>(plan, weights, biases, rows, plain_rows, out);
    });
    return out.permute({0, 3, 1, 2});
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const auto& rows = saved[0];
    const std::vector<at::Tensor> weights(saved.begin() + 1, saved.end());
    const BranchPlan plan(rows.permute({0, 3, 1, 2}), weights,
                          context->saved_data["dilations"].toIntVector(),
                          context->saved_data["stride"].toInt());
    const auto grad = dense_rows(grads[0]);
    at::Tensor to_active;
    std::vector<at::Tensor> to_weights, to_biases;
    for (const auto& weight : weights) {
      to_weights.push_back(at::empty(weight.sizes(), weight.options()));
      to_biases.push_back(at::empty({weight.size(0)}, weight.options()));
    }
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "convolve_branches_gradient", [&] {
      if (context->needs_input_grad(0)) {
        auto to = at::empty(rows.sizes(), rows.options());
        input_gradient<scalar_t>(plan, weights, rows, grad, to);
        to_active = to.permute({0, 3, 1, 2});
      }
      weight_gradients<scalar_t>(plan, rows, grad, to_weights, to_biases);
    });
    std::vector<at::Tensor> result{to_active};
    result.insert(result.end(), to_weights.begin(), to_weights.end());
    result.insert(result.end(), to_biases.begin(), to_biases.end());
    const int64_t inner = rows.size(3);
    result.insert(result.end(), {{}, {}, grads[0].narrow(1, inner, grads[0].size(1) - inner)});
    return result;
  }
};

/// The same by LibTorch, for other devices and types.
at::Tensor convolve_parts(const at::Tensor& active, const std::vector<at::Tensor>& weights,
                          const std::vector<at::Tensor>& biases,
                          const std::vector<int64_t>& dilations, int64_t stride,
                          const at::Tensor& plain) {
  std::vector<at::Tensor> parts;
  int64_t begin = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const int64_t width = weights[i].size(0), padding = weights[i].size(2) / 2 * dilations[i];
    parts.push_back(at::conv2d(active.narrow(1, begin, width), weights[i], biases[i], {stride, 1},
                               {padding, 0}, {dilations[i], 1}));
    begin += width;
  }
  parts.push_back(
      at::max_pool2d(active.narrow(1, begin, active.size(1) - begin), {3, 1}, {stride, 1}, {1, 0}));
  parts.push_back(plain);
  return at::cat(parts, 1);
}

}  // namespace

at::Tensor convolve_branches(const at::Tensor& active, const std::vector<at::Tensor>& weights,
                             const std::vector<at::Tensor>& biases,
                             const std::vector<int64_t>& dilations, int64_t stride,
                             const at::Tensor& plain) {
  const auto type = active.scalar_type();
  if (!active.device().is_cpu() || (type != at::kFloat && type != at::kDouble))
    return convolve_parts(active, weights, biases, dilations, stride, plain);
  return BranchConv::apply(active, at::TensorList(weights), at::TensorList(biases), dilations,
                           stride, plain);
}

}  // namespace kinegraph
