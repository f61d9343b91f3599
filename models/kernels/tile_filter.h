// Fast filters for tiles of output frames, and their transforms of registers.
#pragma once

#include <cstdint>

#include "models/kernels/multiversion.h"

namespace kinegraph {

/// Several neighbouring outputs of a filter, y[o] = sum_j x[o + j] g[j] for o < outputs, from
/// fewer products than outputs * taps:
///
///   y[o] = sum_p to_outputs[o][p] * (sum_j from_taps[p][j] g[j]) * (sum_i from_inputs[p][i] x[i])
///
/// Winograd, "Arithmetic complexity of computations", 1980; for convolutions Lavin & Gray, CVPR
/// 2016. With the points 0, 1, -1 and infinity alone the factors are 1 and 1/2, so hardly any digit
/// is lost.
struct FastFilter {
  int64_t taps, outputs, points;
  double from_taps[5][3];
  double from_inputs[5][5];
  double to_outputs[3][5];
};

/// One product.
inline constexpr FastFilter kOneTap = {1, 1, 1, {{1}}, {{1}}, {{1}}};

/// Karatsuba's three products instead of four.
inline constexpr FastFilter kTwoTapsTwice = {
    2, 2, 3, {{1, 0}, {1, 1}, {0, 1}}, {{1, -1, 0}, {0, 1, 0}, {0, -1, 1}}, {{1, 1, 0}, {0, 1, 1}}};

/// Four products instead of six, from the points 0, 1, -1 and infinity.
inline constexpr FastFilter kTwoTaps = {2,
                                        3,
                                        4,
                                        {{1, 0}, {.5, .5}, {.5, -.5}, {0, 1}},
                                        {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
                                        {{1, 1, 1, 0}, {0, 1, -1, 0}, {0, 1, 1, 1}}};

/// Five products instead of nine, from those points and 2, which has factors up to 4.
inline constexpr FastFilter kThreeTaps = {
    3,
    3,
    5,
    {{.5, 0, 0}, {-.5, -.5, -.5}, {-1. / 6, 1. / 6, -1. / 6}, {1. / 6, 1. / 3, 2. / 3}, {0, 0, 1}},
    {{2, -1, -2, 1, 0}, {0, -2, -1, 1, 0}, {0, 2, -3, 1, 0}, {0, -1, 0, 1, 0}, {0, 2, -1, -2, 1}},
    {{1, 1, 1, 1, 0}, {0, 1, -1, 2, 0}, {0, 1, 1, 4, 1}}};

/// The matrices of a filter.
enum class FilterSide { kFromTaps, kToTaps, kFromInputs, kFromOutputs, kToOutputs };

/// A filter of kOuter.taps groups of kInner.taps taps: the groups' products for tiles of
/// kInner.outputs frames are themselves added up by a filter along the tiles. Of both filters,
/// kInner has as many outputs as taps, so that group g of tile u reads what group 0 of tile u + g
/// does.
template <const FastFilter& kInner, const FastFilter& kOuter>
struct TileFilter {
  static_assert(kInner.outputs == kInner.taps);
  static constexpr int64_t kTaps = kInner.taps * kOuter.taps;
  static constexpr int64_t kOutputs = kInner.outputs * kOuter.outputs;
  static constexpr int64_t kInputs = kOutputs + kTaps - 1;
  static constexpr int64_t kPoints = kInner.points * kOuter.points;
};

namespace tile_filter {

constexpr int64_t inputs_of(const FastFilter& filter) { return filter.taps + filter.outputs - 1; }

constexpr int64_t rows_of(const FastFilter& filter, FilterSide side) {
  return side == FilterSide::kToTaps      ? filter.taps
         : side == FilterSide::kToOutputs ? filter.outputs
                                          : filter.points;
}

constexpr int64_t columns_of(const FastFilter& filter, FilterSide side) {
  return side == FilterSide::kFromTaps      ? filter.taps
         : side == FilterSide::kFromInputs  ? inputs_of(filter)
         : side == FilterSide::kFromOutputs ? filter.outputs
                                            : filter.points;
}

constexpr double factor_of(const FastFilter& filter, FilterSide side, int64_t row, int64_t column) {
  switch (side) {
    case FilterSide::kFromTaps:
      return filter.from_taps[row][column];
    case FilterSide::kToTaps:
      return filter.from_taps[column][row];
    case FilterSide::kFromInputs:
      return filter.from_inputs[row][column];
    case FilterSide::kFromOutputs:
      return filter.to_outputs[column][row];
    default:
      return filter.to_outputs[row][column];
  }
}

/// The sum from column kColumn on, of row kRow times x[column * kStep].
template <const FastFilter& kFilter, FilterSide kSide, int64_t kRow, int64_t kStep, int64_t kColumn,
          class Scalar, class Vector>
KINEGRAPH_INLINE void add_columns(const Vector* x, Vector& sum) {
  if constexpr (kColumn < columns_of(kFilter, kSide)) {
    constexpr double kFactor = factor_of(kFilter, kSide, kRow, kColumn);
    if constexpr (kFactor == 1)
      sum += x[kColumn * kStep];
    else if constexpr (kFactor == -1)
      sum -= x[kColumn * kStep];
    else if constexpr (kFactor != 0)
      sum += static_cast<Scalar>(kFactor) * x[kColumn * kStep];
    add_columns<kFilter, kSide, kRow, kStep, kColumn + 1, Scalar>(x, sum);
  }
}

/// The first column with a factor starts the sum: compilers must not drop an addition of 0.
template <const FastFilter& kFilter, FilterSide kSide, int64_t kRow, int64_t kStep, int64_t kColumn,
          class Scalar, class Vector>
KINEGRAPH_INLINE void start_columns(const Vector* x, Vector& sum) {
  constexpr double kFactor = factor_of(kFilter, kSide, kRow, kColumn);
  if constexpr (kFactor == 0) {
    start_columns<kFilter, kSide, kRow, kStep, kColumn + 1, Scalar>(x, sum);
  } else {
    if constexpr (kFactor == 1)
      sum = x[kColumn * kStep];
    else
      sum = static_cast<Scalar>(kFactor) * x[kColumn * kStep];
    add_columns<kFilter, kSide, kRow, kStep, kColumn + 1, Scalar>(x, sum);
  }
}

/// y[row * kToStep] = sum over columns of factor(row, column) x[column * kFromStep].
template <const FastFilter& kFilter, FilterSide kSide, int64_t kFromStep, int64_t kToStep,
          int64_t kRow, class Scalar, class Vector>
KINEGRAPH_INLINE void transform_rows(const Vector* x, Vector* y) {
  if constexpr (kRow < rows_of(kFilter, kSide)) {
    start_columns<kFilter, kSide, kRow, kFromStep, 0, Scalar>(x, y[kRow * kToStep]);
    transform_rows<kFilter, kSide, kFromStep, kToStep, kRow + 1, Scalar>(x, y);
  }
}

template <const FastFilter& kInner, FilterSide kSide, int64_t kGroups, int64_t kGroup,
          int64_t kStep, class Scalar, class Vector>
KINEGRAPH_INLINE void transform_groups(const Vector* x, Vector* y) {
  if constexpr (kGroup < kGroups) {
    transform_rows<kInner, kSide, 1, 1, 0, Scalar>(x + kGroup * kStep,
                                                   y + kGroup * rows_of(kInner, kSide));
    transform_groups<kInner, kSide, kGroups, kGroup + 1, kStep, Scalar>(x, y);
  }
}

template <const FastFilter& kOuter, FilterSide kSide, int64_t kWidth, int64_t kColumn, class Scalar,
          class Vector>
KINEGRAPH_INLINE void transform_across(const Vector* x, Vector* y) {
  if constexpr (kColumn < kWidth) {
    transform_rows<kOuter, kSide, kWidth, kWidth, 0, Scalar>(x + kColumn, y + kColumn);
    transform_across<kOuter, kSide, kWidth, kColumn + 1, Scalar>(x, y);
  }
}

}  // namespace tile_filter

/// One side of a TileFilter: x holds the taps, inputs, outputs or points in order.
template <class Filter, FilterSide kSide>
struct TileTransform;

template <const FastFilter& kInner, const FastFilter& kOuter, FilterSide kSide>
struct TileTransform<TileFilter<kInner, kOuter>, kSide> {
  static constexpr int64_t kGroups = tile_filter::columns_of(kOuter, kSide);
  static constexpr int64_t kWidth = tile_filter::rows_of(kInner, kSide);
  /// Inputs of neighbouring tiles overlap.
  static constexpr int64_t kStep =
      kSide == FilterSide::kFromInputs ? kInner.outputs : tile_filter::columns_of(kInner, kSide);
  static constexpr int64_t kFrom = (kGroups - 1) * kStep + tile_filter::columns_of(kInner, kSide);
  static constexpr int64_t kTo = tile_filter::rows_of(kOuter, kSide) * kWidth;

  template <class Scalar, class Vector>
  static KINEGRAPH_INLINE void apply(const Vector (&x)[kFrom], Vector (&y)[kTo]) {
    Vector groups[kGroups * kWidth];
    tile_filter::transform_groups<kInner, kSide, kGroups, 0, kStep, Scalar>(x, groups);
    tile_filter::transform_across<kOuter, kSide, kWidth, 0, Scalar>(groups, y);
  }
};

}  // namespace kinegraph
