#include "models/kernels/tile_kernel.h"

#include <algorithm>

#include "models/kernels/multiversion.h"
#include "models/kernels/tile_filter.h"

namespace kinegraph {
namespace {

using ThreeTaps = TileFilter<kThreeTaps, kOneTap>;
using FourTaps = TileFilter<kTwoTapsTwice, kTwoTaps>;
using SixTaps = TileFilter<kThreeTaps, kTwoTaps>;
using NineTaps = TileFilter<kThreeTaps, kThreeTaps>;

template <class Filter>
constexpr TileSizes sizes_of() {
  static_assert(Filter::kInputs <= kMostTileInputs);
  return {Filter::kTaps, Filter::kOutputs, Filter::kInputs, Filter::kPoints};
}

/// Where the side of a filter that is no points lies: a pointer to the first row of each frame.
template <class Scalar>
using Frames = Scalar* const*;

template <int Bytes, class Filter, FilterSide kSide, class Scalar>
KINEGRAPH_INLINE void make_points(const TileRows& rows, Frames<const Scalar> frames, Scalar* points,
                                  int64_t point_step) {
  using Transform = TileTransform<Filter, kSide>;
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  for (int64_t r = 0; r < rows.count; ++r)
    for (int64_t c = 0; c < rows.channels; c += kOne) {
      Lanes<Bytes, Scalar> x[Transform::kFrom], y[Transform::kTo];
      if (c + kOne <= rows.channels)
#pragma GCC unroll 32
        for (int64_t i = 0; i < Transform::kFrom; ++i) load(x[i], frames[i] + r * rows.row + c);
      else
        for (int64_t i = 0; i < Transform::kFrom; ++i)
          load(x[i], frames[i] + r * rows.row + c, rows.channels - c);
      Transform::template apply<Scalar>(x, y);
      Scalar* const to = points + r * rows.point_row + c;
#pragma GCC unroll 32
      for (int64_t p = 0; p < Transform::kTo; ++p) store(to + p * point_step, y[p]);
    }
}

template <int Bytes, class Filter, FilterSide kSide, class Scalar>
KINEGRAPH_INLINE void make_frames(const TileRows& rows, const Scalar* points, int64_t point_step,
                                  const Scalar* bias, bool is_added, Frames<Scalar> frames) {
  using Transform = TileTransform<Filter, kSide>;
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  for (int64_t r = 0; r < rows.count; ++r)
    for (int64_t c = 0; c < rows.channels; c += kOne) {
      Lanes<Bytes, Scalar> x[Transform::kFrom], y[Transform::kTo], start = {};
      const Scalar* const from = points + r * rows.point_row + c;
#pragma GCC unroll 32
      for (int64_t p = 0; p < Transform::kFrom; ++p) load(x[p], from + p * point_step);
      Transform::template apply<Scalar>(x, y);
      if (bias) load(start, bias + c, rows.channels - c);
#pragma GCC unroll 16
      for (int64_t i = 0; i < Transform::kTo; ++i) {
        Scalar* const to = frames[i] + r * rows.row + c;
        if (is_added) load(start, to, rows.channels - c);
        y[i] += start;
        store(to, y[i], rows.channels - c);
      }
    }
}

template <int Bytes, FilterSide kSide, class Scalar>
KINEGRAPH_INLINE void make_points_of(const TileSizes& sizes, const TileRows& rows,
                                     Frames<const Scalar> frames, Scalar* points,
                                     int64_t point_step) {
  switch (sizes.taps) {
    case ThreeTaps::kTaps:
      return make_points<Bytes, ThreeTaps, kSide>(rows, frames, points, point_step);
    case FourTaps::kTaps:
      return make_points<Bytes, FourTaps, kSide>(rows, frames, points, point_step);
    case SixTaps::kTaps:
      return make_points<Bytes, SixTaps, kSide>(rows, frames, points, point_step);
    default:
      return make_points<Bytes, NineTaps, kSide>(rows, frames, points, point_step);
  }
}

template <int Bytes, FilterSide kSide, class Scalar>
KINEGRAPH_INLINE void make_frames_of(const TileSizes& sizes, const TileRows& rows,
                                     const Scalar* points, int64_t point_step, const Scalar* bias,
                                     bool is_added, Frames<Scalar> frames) {
  switch (sizes.taps) {
    case ThreeTaps::kTaps:
      return make_frames<Bytes, ThreeTaps, kSide>(rows, points, point_step, bias, is_added, frames);
    case FourTaps::kTaps:
      return make_frames<Bytes, FourTaps, kSide>(rows, points, point_step, bias, is_added, frames);
    case SixTaps::kTaps:
      return make_frames<Bytes, SixTaps, kSide>(rows, points, point_step, bias, is_added, frames);
    default:
      return make_frames<Bytes, NineTaps, kSide>(rows, points, point_step, bias, is_added, frames);
  }
}

constexpr int kRowTile = 5;    // rows whose sums stay in registers; 25 joints are 5 tiles
constexpr int kMostWidth = 4;  // registers side by side

/// rows: of the kRowTile that are stored; `a` has a row to read for each of them.
template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void multiply_tile(const Scalar* const (&a)[kRowTile], int64_t a_step,
                                    const Scalar* b, int64_t b_row, int64_t depth, Scalar* to,
                                    int64_t to_row, int64_t rows, bool is_added) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  Lanes<Bytes, Scalar> sum[kRowTile][Width] = {};
  for (int64_t k = 0; k < depth; ++k, b += b_row) {
    Lanes<Bytes, Scalar> y[Width];
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) load(y[j], b + j * kOne);
#pragma GCC unroll 8
    for (int i = 0; i < kRowTile; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < Width; ++j) sum[i][j] += a[i][k * a_step] * y[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRowTile; ++i)
    if (i < rows)
#pragma GCC unroll 4
      for (int j = 0; j < Width; ++j) {
        Scalar* const place = to + i * to_row + j * kOne;
        Lanes<Bytes, Scalar> before = {};
        if (is_added) load(before, place);
        sum[i][j] += before;
        store(place, sum[i][j]);
      }
}

template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void multiply_panel(const ProductShape& shape, const Strided<const Scalar>& a,
                                     const Scalar* b, int64_t b_row, Scalar* to, int64_t to_row,
                                     bool is_added) {
  for (int64_t r = 0; r < shape.rows; r += kRowTile) {
    const int64_t rows = std::min<int64_t>(kRowTile, shape.rows - r);
    const Scalar* tile[kRowTile];
    for (int64_t i = 0; i < kRowTile; ++i) tile[i] = a.data + (r + std::min(i, rows - 1)) * a.row;
    multiply_tile<Bytes, Width>(tile, a.step, b, b_row, shape.depth, to + r * to_row, to_row, rows,
                                is_added);
  }
}

template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void multiply_all(const ProductShape& shape, const Strided<const Scalar>& a,
                                   const Strided<const Scalar>& b, const Strided<Scalar>& to,
                                   bool is_added) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>, kAll = Width * kOne;
  int64_t c = 0;
  for (; c + kAll <= shape.columns; c += kAll)
    multiply_panel<Bytes, Width>(shape, a, b.data + c, b.row, to.data + c, to.row, is_added);
  for (; c < shape.columns; c += kOne)
    multiply_panel<Bytes, 1>(shape, a, b.data + c, b.row, to.data + c, to.row, is_added);
}

// The same for both register sizes and number types.
#define KINEGRAPH_DEFINE(suffix, attribute, Bytes, Width, Scalar)                                  \
  attribute void to_points_##suffix(FilterSide side, const TileSizes& sizes, const TileRows& rows, \
                                    Frames<const Scalar> frames, Scalar* points, int64_t step) {   \
    if (side == FilterSide::kFromInputs)                                                           \
      make_points_of<Bytes, FilterSide::kFromInputs>(sizes, rows, frames, points, step);           \
    else if (side == FilterSide::kFromOutputs)                                                     \
      make_points_of<Bytes, FilterSide::kFromOutputs>(sizes, rows, frames, points, step);          \
    else                                                                                           \
      make_points_of<Bytes, FilterSide::kFromTaps>(sizes, rows, frames, points, step);             \
  }                                                                                                \
  attribute void to_frames_##suffix(FilterSide side, const TileSizes& sizes, const TileRows& rows, \
                                    const Scalar* points, int64_t step, const Scalar* bias,        \
                                    bool is_added, Frames<Scalar> frames) {                        \
    if (side == FilterSide::kToOutputs)                                                            \
      make_frames_of<Bytes, FilterSide::kToOutputs>(sizes, rows, points, step, bias, is_added,     \
                                                    frames);                                       \
    else                                                                                           \
      make_frames_of<Bytes, FilterSide::kToTaps>(sizes, rows, points, step, bias, is_added,        \
                                                 frames);                                          \
  }                                                                                                \
  attribute void multiply_##suffix(const ProductShape& shape, const Strided<const Scalar>& a,      \
                                   const Strided<const Scalar>& b, const Strided<Scalar>& to,      \
                                   bool is_added) {                                                \
    multiply_all<Bytes, Width>(shape, a, b, to, is_added);                                         \
  }
KINEGRAPH_DEFINE(wide, KINEGRAPH_WIDE, kWide, 4, float)
KINEGRAPH_DEFINE(wide, KINEGRAPH_WIDE, kWide, 4, double)
KINEGRAPH_DEFINE(narrow, KINEGRAPH_NARROW, kNarrow, 2, float)
KINEGRAPH_DEFINE(narrow, KINEGRAPH_NARROW, kNarrow, 2, double)
#undef KINEGRAPH_DEFINE

template <class Scalar>
void to_points(FilterSide side, const TileSizes& sizes, const TileRows& rows,
               Frames<const Scalar> frames, Scalar* points, int64_t point_step) {
  has_wide_registers() ? to_points_wide(side, sizes, rows, frames, points, point_step)
                       : to_points_narrow(side, sizes, rows, frames, points, point_step);
}

template <class Scalar>
void to_frames(FilterSide side, const TileSizes& sizes, const TileRows& rows, const Scalar* points,
               int64_t point_step, const Scalar* bias, bool is_added, Frames<Scalar> frames) {
  has_wide_registers()
      ? to_frames_wide(side, sizes, rows, points, point_step, bias, is_added, frames)
      : to_frames_narrow(side, sizes, rows, points, point_step, bias, is_added, frames);
}

}  // namespace

TileSizes tile_sizes(int64_t taps) {
  if (taps <= ThreeTaps::kTaps) return sizes_of<ThreeTaps>();
  if (taps <= FourTaps::kTaps) return sizes_of<FourTaps>();
  if (taps <= SixTaps::kTaps) return sizes_of<SixTaps>();
  return sizes_of<NineTaps>();
}

template <class Scalar>
void points_from_inputs(const TileSizes& sizes, const TileRows& rows, const Scalar* const* frames,
                        Scalar* points, int64_t point_step) {
  to_points(FilterSide::kFromInputs, sizes, rows, frames, points, point_step);
}

template <class Scalar>
void points_from_outputs(const TileSizes& sizes, const TileRows& rows, const Scalar* const* frames,
                         Scalar* points, int64_t point_step) {
  to_points(FilterSide::kFromOutputs, sizes, rows, frames, points, point_step);
}

template <class Scalar>
void points_from_taps(const TileSizes& sizes, const TileRows& rows, const Scalar* const* taps,
                      Scalar* points, int64_t point_step) {
  to_points(FilterSide::kFromTaps, sizes, rows, taps, points, point_step);
}

template <class Scalar>
void outputs_from_points(const TileSizes& sizes, const TileRows& rows, const Scalar* points,
                         int64_t point_step, const Scalar* bias, bool is_added,
                         Scalar* const* frames) {
  to_frames(FilterSide::kToOutputs, sizes, rows, points, point_step, bias, is_added, frames);
}

template <class Scalar>
void taps_from_points(const TileSizes& sizes, const TileRows& rows, const Scalar* points,
                      int64_t point_step, Scalar* const* taps) {
  const Scalar* const bias = nullptr;
  to_frames(FilterSide::kToTaps, sizes, rows, points, point_step, bias, /*is_added=*/false, taps);
}

template <class Scalar>
void multiply_rows(const ProductShape& shape, Strided<const Scalar> a, Strided<const Scalar> b,
                   Strided<Scalar> to, bool is_added) {
  has_wide_registers() ? multiply_wide(shape, a, b, to, is_added)
                       : multiply_narrow(shape, a, b, to, is_added);
}

#define KINEGRAPH_INSTANTIATE(Scalar)                                                              \
  template void points_from_inputs(const TileSizes&, const TileRows&, const Scalar* const*,        \
                                   Scalar*, int64_t);                                              \
  template void points_from_outputs(const TileSizes&, const TileRows&, const Scalar* const*,       \
                                    Scalar*, int64_t);                                             \
  template void points_from_taps(const TileSizes&, const TileRows&, const Scalar* const*, Scalar*, \
                                 int64_t);                                                         \
  template void outputs_from_points(const TileSizes&, const TileRows&, const Scalar*, int64_t,     \
                                    const Scalar*, bool, Scalar* const*);                          \
  template void taps_from_points(const TileSizes&, const TileRows&, const Scalar*, int64_t,        \
                                 Scalar* const*);                                                  \
  template void multiply_rows(const ProductShape&, Strided<const Scalar>, Strided<const Scalar>,   \
                              Strided<Scalar>, bool);
KINEGRAPH_INSTANTIATE(float)
KINEGRAPH_INSTANTIATE(double)
#undef KINEGRAPH_INSTANTIATE

}  // namespace kinegraph
