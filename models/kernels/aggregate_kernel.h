#pragma once

#include <ATen/core/Tensor.h>

#include "models/kernels/remake.h"

namespace kinegraph {

/// aggregate_neighbours() on the CPU for a sparse graph: only entries with `is_edge` are visited
/// (73 of 1875 on the NTU skeleton), a row of C channels at a time. float32 and float64.
at::Tensor aggregate_sparse(const at::Tensor& x, const at::Tensor& adjacency,
                            const at::Tensor& is_edge);

/// How to make `y` again, if it is that of aggregate_sparse().
Remake remake_of_aggregate_sparse(const at::Tensor& y);

}  // namespace kinegraph
