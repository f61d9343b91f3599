#include "models/kernels/row_product.h"

#include <algorithm>

#include "models/kernels/divide_up.h"
#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

constexpr int kRowTile = 5;      // rows whose sums stay in registers; 25 joints are 5 tiles
constexpr int64_t kDepth = 256;  // of a panel that stays in the cache

/// The columns of a tile: all lanes of Width registers, or the first lanes of one.
template <int Bytes, int Width, class Scalar>
struct Columns {
  static constexpr int64_t kOne = kLanes<Bytes, Scalar>;

  KINEGRAPH_INLINE void load_all(Lanes<Bytes, Scalar> (&to)[Width], const Scalar* from) const {
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) load(to[j], from + j * kOne);
  }
  KINEGRAPH_INLINE void store_all(Scalar* to, const Lanes<Bytes, Scalar> (&from)[Width]) const {
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) store(to + j * kOne, from[j]);
  }
};

template <int Bytes, class Scalar>
struct FirstColumns {
  int64_t count;

  KINEGRAPH_INLINE void load_all(Lanes<Bytes, Scalar> (&to)[1], const Scalar* from) const {
    load(to[0], from, count);
  }
  KINEGRAPH_INLINE void store_all(Scalar* to, const Lanes<Bytes, Scalar> (&from)[1]) const {
    store(to, from[0], count);
  }
};

/// rows: of the kRowTile that are stored; `a` has a row to read for each of them.
template <int Bytes, int Width, class Scalar, class Some>
KINEGRAPH_INLINE void multiply_tile(const Some& columns, const Scalar* const (&a)[kRowTile],
                                    int64_t a_step, const Scalar* b, int64_t b_row, int64_t depth,
                                    Scalar* to, int64_t to_row, int64_t rows, bool is_added) {
  Lanes<Bytes, Scalar> sum[kRowTile][Width] = {};
  for (int64_t k = 0; k < depth; ++k, b += b_row) {
    Lanes<Bytes, Scalar> y[Width];
    columns.load_all(y, b);
#pragma GCC unroll 8
    for (int i = 0; i < kRowTile; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < Width; ++j) sum[i][j] += a[i][k * a_step] * y[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRowTile; ++i)
    if (i < rows) {
      if (is_added) {
        Lanes<Bytes, Scalar> before[Width];
        columns.load_all(before, to + i * to_row);
#pragma GCC unroll 4
        for (int j = 0; j < Width; ++j) sum[i][j] += before[j];
      }
      columns.store_all(to + i * to_row, sum[i]);
    }
}

template <int Bytes, int Width, class Scalar, class Some>
KINEGRAPH_INLINE void multiply_panel(const Some& columns, const ProductShape& shape,
                                     const Strided<const Scalar>& a, const Scalar* b, int64_t b_row,
                                     Scalar* to, int64_t to_row, bool is_added) {
  for (int64_t r = 0; r < shape.rows; r += kRowTile) {
    const int64_t rows = std::min<int64_t>(kRowTile, shape.rows - r);
    const Scalar* tile[kRowTile];
    for (int64_t i = 0; i < kRowTile; ++i) tile[i] = a.data + (r + std::min(i, rows - 1)) * a.row;
    multiply_tile<Bytes, Width>(columns, tile, a.step, b, b_row, shape.depth, to + r * to_row,
                                to_row, rows, is_added);
  }
}

/// Registers of the next panel of as many columns: at most `most`, in panels that are alike.
constexpr int64_t panel_width(int64_t registers, int64_t most) {
  return divide_up(registers, divide_up(registers, most));
}

template <int Bytes, int Most, class Scalar>
KINEGRAPH_INLINE void multiply_panels(const ProductShape& shape, const Strided<const Scalar>& a,
                                      const Strided<const Scalar>& b, const Strided<Scalar>& to,
                                      bool is_added) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  int64_t c = 0;
  while (c + kOne <= shape.columns) {
    const int64_t width = panel_width((shape.columns - c) / kOne, Most);
    const Scalar* const from = b.data + c;
    Scalar* const here = to.data + c;
    if (Most >= 4 && width == 4)
      multiply_panel<Bytes, std::min(4, Most)>(Columns<Bytes, std::min(4, Most), Scalar>(), shape,
                                               a, from, b.row, here, to.row, is_added);
    else if (Most >= 3 && width == 3)
      multiply_panel<Bytes, std::min(3, Most)>(Columns<Bytes, std::min(3, Most), Scalar>(), shape,
                                               a, from, b.row, here, to.row, is_added);
    else if (width == 2)
      multiply_panel<Bytes, 2>(Columns<Bytes, 2, Scalar>(), shape, a, from, b.row, here, to.row,
                               is_added);
    else
      multiply_panel<Bytes, 1>(Columns<Bytes, 1, Scalar>(), shape, a, from, b.row, here, to.row,
                               is_added);
    c += width * kOne;
  }
  if (c < shape.columns)
    multiply_panel<Bytes, 1>(FirstColumns<Bytes, Scalar>{shape.columns - c}, shape, a, b.data + c,
                             b.row, to.data + c, to.row, is_added);
}

template <int Bytes, int Most, class Scalar>
KINEGRAPH_INLINE void multiply_all(const ProductShape& shape, const Strided<const Scalar>& a,
                                   const Strided<const Scalar>& b, const Strided<Scalar>& to,
                                   bool is_added) {
  for (int64_t k = 0; k < std::max<int64_t>(shape.depth, 1); k += kDepth)
    multiply_panels<Bytes, Most>({shape.rows, std::min(kDepth, shape.depth - k), shape.columns},
                                 {a.data + k * a.step, a.row, a.step},
                                 {b.data + k * b.row, b.row, b.step}, to, is_added || k > 0);
}

#define KINEGRAPH_DEFINE(suffix, attribute, Bytes, most, Scalar)                              \
  attribute void multiply_##suffix(const ProductShape& shape, const Strided<const Scalar>& a, \
                                   const Strided<const Scalar>& b, const Strided<Scalar>& to, \
                                   bool is_added) {                                           \
    multiply_all<Bytes, most>(shape, a, b, to, is_added);                                     \
  }
KINEGRAPH_DEFINE(wide, KINEGRAPH_WIDE, kWide, 4, float)
KINEGRAPH_DEFINE(wide, KINEGRAPH_WIDE, kWide, 4, double)
KINEGRAPH_DEFINE(narrow, KINEGRAPH_NARROW, kNarrow, 2, float)
KINEGRAPH_DEFINE(narrow, KINEGRAPH_NARROW, kNarrow, 2, double)
#undef KINEGRAPH_DEFINE

}  // namespace

template <class Scalar>
void multiply_rows(const ProductShape& shape, Strided<const Scalar> a, Strided<const Scalar> b,
                   Strided<Scalar> to, bool is_added) {
  has_wide_registers() ? multiply_wide(shape, a, b, to, is_added)
                       : multiply_narrow(shape, a, b, to, is_added);
}

template void multiply_rows(const ProductShape&, Strided<const float>, Strided<const float>,
                            Strided<float>, bool);
template void multiply_rows(const ProductShape&, Strided<const double>, Strided<const double>,
                            Strided<double>, bool);

}  // namespace kinegraph
