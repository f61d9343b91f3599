#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/kernels/frame_taps.h"

namespace kinegraph {

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

  BranchPlan(const at::Tensor& active, at::TensorList weights, at::IntArrayRef dilations,
             int64_t stride);
};

// What convolve_branches() computes, on (N, T, V, C) rows of CPU tensors of `Scalar`, float or
// double. Channels lie side by side; the rows of active, plain and grad may be parts of wider ones.

/// Writes all channels of `out`, (N, T', V, C + plain channels).
template <class Scalar>
void branch_outputs(const BranchPlan& plan, at::TensorList weights, at::TensorList biases,
                    const at::Tensor& active, const at::Tensor& plain, at::Tensor& out);

/// Writes the gradient of `active` to `to`; `grad` is that of `out`.
template <class Scalar>
void branch_input_gradient(const BranchPlan& plan, at::TensorList weights, const at::Tensor& active,
                           const at::Tensor& grad, at::Tensor& to);

/// Writes the gradients of weights and biases, dense tensors of their sizes.
template <class Scalar>
void branch_weight_gradients(const BranchPlan& plan, const at::Tensor& active,
                             const at::Tensor& grad, at::TensorList weights, at::TensorList biases);

}  // namespace kinegraph
