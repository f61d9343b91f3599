#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// rows (R, C_in), weight (C_out, C_in) -> (R, C_out), one matrix product. bias: (C_out), or (P,
/// C_out) of which row r gets bias[r mod P], or undefined.
///
/// On the CPU threads share the rows, and the sums over rows in the gradients run over a fixed
/// partition: the bits do not depend on the number of threads.
at::Tensor rows_product(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias);

/// 1x1 convolution: x (N, C_in, T, V), best channels_last, weight (C_out, C_in, 1, 1), bias
/// (C_out), (V, C_out) or undefined -> (N, C_out, ceil(T / stride), V), channels_last.
///
/// As a matrix product, because LibTorch's convolution takes its slow path for small batches and
/// reorders memory in the others.
at::Tensor pointwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride = 1);

/// What follows a linear layer, in one pass over its result.
struct Finish {
  at::Tensor add;  // of the result's shape; may be undefined
  bool relu = false;
};

/// relu(y + add), in place, without gradients. y: (N, C, T, V), dense, channels_last.
void finish_in_place(at::Tensor& y, const Finish& finish);

/// pointwise() without gradients, its blocks finished while they lie in the cache. Channels from
/// `plain_from` on keep their sign.
at::Tensor pointwise_finished(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                              int64_t stride, const Finish& finish, int64_t plain_from = -1);

}  // namespace kinegraph
