// The loops of frame_matmul() and frame_products(), for float and double.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kernels/lanes.h"

namespace kinegraph {

/// Rows of adjacent channels: row i of frame t starts at data + t * frame + i * row.
template <class Scalar>
struct FrameRows {
  Scalar* data;
  int64_t frame, row;
};

struct FrameShape {
  int64_t frames, outputs, inputs, channels;
};

/// A matrix (outputs, inputs) in the order in which mix_frames() reads it.
template <class Scalar>
std::vector<Scalar> tile_matrix(const Scalar* matrix, int64_t outputs, int64_t inputs,
                                int64_t output_stride, int64_t input_stride);

/// to[t,m,c] = sum_p matrix[m,p] * from[t,p,c].
template <class Scalar>
void mix_frames(const FrameShape& shape, const std::vector<Scalar>& tiled_matrix,
                FrameRows<const Scalar> from, FrameRows<Scalar> to);

/// sum_{t,c} a[t,m,c] * b[t,p,c] for all pairs of rows, over any number of parts of the frames.
template <class Scalar>
class RowProducts {
 public:
  RowProducts(int64_t outputs, int64_t inputs);
  /// a: shape.outputs rows, b: shape.inputs rows.
  void add(const FrameShape& shape, FrameRows<const Scalar> a, FrameRows<const Scalar> b);
  /// sums[m,p] += what add() has seen since the last time.
  void move_to(double* sums);

 private:
  int64_t outputs_, inputs_;
  Scratch<Scalar> sums_;  // (tiles of outputs, tiles of inputs, outputs, inputs) Lanes
};

}  // namespace kinegraph
