#pragma once

#include <ATen/core/Tensor.h>

namespace kinegraph {

/// Zeroes each element with probability `p` and scales the rest by 1 / (1 - p); x itself when not
/// training.
///
/// On the CPU the mask is a hash of a key, drawn once per call from the default generator, and the
/// element's place in memory: at::dropout draws element by element from one serial generator, which
/// took a ninth of ST-GCN's training step. Results do not depend on the number of threads.
at::Tensor parallel_dropout(const at::Tensor& x, double p, bool is_training);

}  // namespace kinegraph
