#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// out[n,t,m,c] = sum_p matrix[m,p] * rows[n,t,p,c], or matrix[n,m,p] with a matrix for every clip.
///
/// matrix: (M, P) or (N, M, P); rows: (N, T, P, C), best with adjacent channels. Both are
/// differentiable. Returns (N, T, M, C), contiguous.
at::Tensor frame_matmul(const at::Tensor& matrix, const at::Tensor& rows);

/// out[n,m,p] = sum_{t,c} a[n,t,m,c] * b[n,t,p,c]: how alike two rows are over a clip.
///
/// a: (N, T, M, C), b: (N, T, P, C), best with adjacent channels. Both are differentiable.
at::Tensor frame_products(const at::Tensor& a, const at::Tensor& b);

}  // namespace kinegraph
