#include "models/kernels/tile_kernel.h"

#include <algorithm>

#include "models/kernels/multiversion.h"
#include "models/kernels/tile_filter.h"

namespace kinegraph {
namespace {

using OneTap = TileFilter<kOneTap, kOneTap>;
using TwoTaps = TileFilter<kOneTap, kTwoTaps>;
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
                                  const TileEnding<Scalar>& ending, Frames<Scalar> frames) {
  using Transform = TileTransform<Filter, kSide>;
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  for (int64_t r = 0; r < rows.count; ++r)
    for (int64_t c = 0; c < rows.channels; c += kOne) {
      Lanes<Bytes, Scalar> x[Transform::kFrom], y[Transform::kTo], start = {};
      const Scalar* const from = points + r * rows.point_row + c;
#pragma GCC unroll 32
      for (int64_t p = 0; p < Transform::kFrom; ++p) load(x[p], from + p * point_step);
      Transform::template apply<Scalar>(x, y);
      if (ending.bias) load(start, ending.bias + c, rows.channels - c);
#pragma GCC unroll 16
      for (int64_t i = 0; i < Transform::kTo; ++i) {
        Scalar* const to = frames[i] + r * rows.row + c;
        y[i] += start;
        if (ending.is_added) {
          Lanes<Bytes, Scalar> before;
          load(before, to, rows.channels - c);
          y[i] += before;
        }
        if (ending.has_relu) y[i] = y[i] < 0 ? Lanes<Bytes, Scalar>{} : y[i];  // NaN stays
        store(to, y[i], rows.channels - c);
      }
    }
}

template <int Bytes, FilterSide kSide, class Scalar>
KINEGRAPH_INLINE void make_points_of(const TileSizes& sizes, const TileRows& rows,
                                     Frames<const Scalar> frames, Scalar* points,
                                     int64_t point_step) {
  switch (sizes.taps) {
    case OneTap::kTaps:
      return make_points<Bytes, OneTap, kSide>(rows, frames, points, point_step);
    case TwoTaps::kTaps:
      return make_points<Bytes, TwoTaps, kSide>(rows, frames, points, point_step);
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
                                     const Scalar* points, int64_t point_step,
                                     const TileEnding<Scalar>& ending, Frames<Scalar> frames) {
  switch (sizes.taps) {
    case OneTap::kTaps:
      return make_frames<Bytes, OneTap, kSide>(rows, points, point_step, ending, frames);
    case TwoTaps::kTaps:
      return make_frames<Bytes, TwoTaps, kSide>(rows, points, point_step, ending, frames);
    case ThreeTaps::kTaps:
      return make_frames<Bytes, ThreeTaps, kSide>(rows, points, point_step, ending, frames);
    case FourTaps::kTaps:
      return make_frames<Bytes, FourTaps, kSide>(rows, points, point_step, ending, frames);
    case SixTaps::kTaps:
      return make_frames<Bytes, SixTaps, kSide>(rows, points, point_step, ending, frames);
    default:
      return make_frames<Bytes, NineTaps, kSide>(rows, points, point_step, ending, frames);
  }
}

// The same for both register sizes and number types.
#define KINEGRAPH_DEFINE(suffix, attribute, Bytes, Scalar)                                         \
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
                                    const Scalar* points, int64_t step,                            \
                                    const TileEnding<Scalar>& ending, Frames<Scalar> frames) {     \
    if (side == FilterSide::kToOutputs)                                                            \
      make_frames_of<Bytes, FilterSide::kToOutputs>(sizes, rows, points, step, ending, frames);    \
    else                                                                                           \
      make_frames_of<Bytes, FilterSide::kToTaps>(sizes, rows, points, step, ending, frames);       \
  }
KINEGRAPH_DEFINE(wide, KINEGRAPH_WIDE, kWide, float)
KINEGRAPH_DEFINE(wide, KINEGRAPH_WIDE, kWide, double)
KINEGRAPH_DEFINE(narrow, KINEGRAPH_NARROW, kNarrow, float)
KINEGRAPH_DEFINE(narrow, KINEGRAPH_NARROW, kNarrow, double)
#undef KINEGRAPH_DEFINE

template <class Scalar>
void to_points(FilterSide side, const TileSizes& sizes, const TileRows& rows,
               Frames<const Scalar> frames, Scalar* points, int64_t point_step) {
  has_wide_registers() ? to_points_wide(side, sizes, rows, frames, points, point_step)
                       : to_points_narrow(side, sizes, rows, frames, points, point_step);
}

template <class Scalar>
void to_frames(FilterSide side, const TileSizes& sizes, const TileRows& rows, const Scalar* points,
               int64_t point_step, const TileEnding<Scalar>& ending, Frames<Scalar> frames) {
  has_wide_registers() ? to_frames_wide(side, sizes, rows, points, point_step, ending, frames)
                       : to_frames_narrow(side, sizes, rows, points, point_step, ending, frames);
}

}  // namespace

TileSizes tile_sizes(int64_t taps) {
  if (taps <= OneTap::kTaps) return sizes_of<OneTap>();
  if (taps <= TwoTaps::kTaps) return sizes_of<TwoTaps>();
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
                         int64_t point_step, const TileEnding<Scalar>& ending,
                         Scalar* const* frames) {
  to_frames(FilterSide::kToOutputs, sizes, rows, points, point_step, ending, frames);
}

template <class Scalar>
void taps_from_points(const TileSizes& sizes, const TileRows& rows, const Scalar* points,
                      int64_t point_step, Scalar* const* taps) {
  to_frames(FilterSide::kToTaps, sizes, rows, points, point_step, TileEnding<Scalar>{}, taps);
}

#define KINEGRAPH_INSTANTIATE(Scalar)                                                              \
  template void points_from_inputs(const TileSizes&, const TileRows&, const Scalar* const*,        \
                                   Scalar*, int64_t);                                              \
  template void points_from_outputs(const TileSizes&, const TileRows&, const Scalar* const*,       \
                                    Scalar*, int64_t);                                             \
  template void points_from_taps(const TileSizes&, const TileRows&, const Scalar* const*, Scalar*, \
                                 int64_t);                                                         \
  template void outputs_from_points(const TileSizes&, const TileRows&, const Scalar*, int64_t,     \
                                    const TileEnding<Scalar>&, Scalar* const*);                    \
  template void taps_from_points(const TileSizes&, const TileRows&, const Scalar*, int64_t,        \
                                 Scalar* const*);
KINEGRAPH_INSTANTIATE(float)
KINEGRAPH_INSTANTIATE(double)
#undef KINEGRAPH_INSTANTIATE

}  // namespace kinegraph
