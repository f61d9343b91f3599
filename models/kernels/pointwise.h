#pragma once

#include <ATen/core/Tensor.h>

#include "models/kernels/remake.h"

namespace kinegraph {

/// rows (R, C_in) * weight (C_out, C_in)^T + bias (C_out), which may be undefined -> (R, C_out);
/// differentiable.
///
/// `remake`, if any, makes the rows for the backward pass, which keeps them otherwise.
///
/// By all threads, and no number of them changes a bit. LibTorch multiplies matrices by one thread
/// where OpenBLAS has one; its convolutions take a slow path for small batches on one thread.
at::Tensor linear_rows(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias,
                       const Remake& remake = {});

/// 1x1 convolution: x (N, C_in, T, V), best channels_last, weight (C_out, C_in, 1, 1), bias
/// (C_out), (V, C_out) or undefined -> (N, C_out, ceil(T / stride), V).
at::Tensor pointwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride = 1);

/// What follows a linear layer, in one pass over its result.
struct Finish {
  at::Tensor add;  // of the result's shape; may be undefined
  bool relu = false;
};

/// relu(y + add), in place, without gradients. y: (N, C, T, V), dense, channels_last.
void finish_in_place(at::Tensor& y, const Finish& finish);

/// pointwise() without gradients, then the finish in one pass with the bias. Channels from
/// `plain_from` on keep their sign. Returns channels_last.
at::Tensor pointwise_finished(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                              int64_t stride, const Finish& finish, int64_t plain_from = -1);

}  // namespace kinegraph
