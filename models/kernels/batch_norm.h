#pragma once

#include <ATen/core/Tensor.h>

#include "models/kernels/pointwise.h"
#include "models/kernels/remake.h"

namespace kinegraph {

/// y = relu(BatchNorm(x) + add) of a batch, and what the norm found in it.
struct BatchNormed {
  at::Tensor y;               // (N, C, T, V), channels_last
  at::Tensor rest;            // (N, P, T, V), a view of x's other channels; undefined without
  at::Tensor mean, variance;  // (C), float64, no gradients; the variance with N*T*V - 1 below
};

/// BatchNorm in training (Ioffe & Szegedy 2015) on the CPU, float32 and float64, and what follows
/// it, in two passes over memory and two backwards; LibTorch makes up to six and seven. Sums are in
/// float64, and no number of threads changes a bit.
///
/// x: (N, C + P, T, V), best channels_last or a channel range of that; weight, bias: (C), for the
/// first channels. The others are left as they are: as parts of one x the gradients of both need no
/// copies. All, and finish.add of y's sizes, are differentiable, once. Only x is kept for the
/// backward pass, and y where the ReLU stands behind a sum.
BatchNormed batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       double epsilon, const Finish& finish);

/// How to make `y` again, if it is that of batch_norm() and nothing was added to it.
Remake remake_of_batch_norm(const at::Tensor& y);

}  // namespace kinegraph
