// Fast filters along frames in tiles, the loops of tiled_conv() and window_matmul(), for float and
// double.
#pragma once

#include <cstdint>

#include "models/kernels/lanes.h"

namespace kinegraph {

/// Sizes of the fast filter of a number of taps: a tile of `outputs` frames is made from `inputs`
/// frames by `points` products.
struct TileSizes {
  int64_t taps, outputs, inputs, points;
};

constexpr int64_t kMostTileTaps = 9, kMostTileInputs = 17;

/// The filter with the fewest taps of at least that many (1 to kMostTileTaps). Its last taps are 0
/// then.
TileSizes tile_sizes(int64_t taps);

/// Rows of channels, such as one a joint: `row` elements apart in each frame, and in each point
/// `point_row` elements apart, where channels beyond the last fill the register.
struct TileRows {
  int64_t count, channels, row, point_row;
};

/// Point p at points + p * point_step from the filter's input frames, of which each pointer is the
/// first row.
template <class Scalar>
void points_from_inputs(const TileSizes& sizes, const TileRows& rows, const Scalar* const* frames,
                        Scalar* points, int64_t point_step);

/// The gradient of the points from that of the output frames.
template <class Scalar>
void points_from_outputs(const TileSizes& sizes, const TileRows& rows, const Scalar* const* frames,
                         Scalar* points, int64_t point_step);

/// What is done to output frames before they are stored: relu(frames + bias + what was there).
template <class Scalar>
struct TileEnding {
  const Scalar* bias;  // a value for each channel, or null
  bool is_added, has_relu;
};

/// The output frames.
template <class Scalar>
void outputs_from_points(const TileSizes& sizes, const TileRows& rows, const Scalar* points,
                         int64_t point_step, const TileEnding<Scalar>& ending,
                         Scalar* const* frames);

/// The points of the filter's taps, or the gradient of the taps from that of the points.
template <class Scalar>
void points_from_taps(const TileSizes& sizes, const TileRows& rows, const Scalar* const* taps,
                      Scalar* points, int64_t point_step);
template <class Scalar>
void taps_from_points(const TileSizes& sizes, const TileRows& rows, const Scalar* points,
                      int64_t point_step, Scalar* const* taps);

}  // namespace kinegraph
