#include "models/kernels/frame_kernel.h"

#include <algorithm>

#include "models/kernels/divide_up.h"
#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

constexpr int kMixTile = 5;        // outputs whose sums stay in registers; 25 joints are 5 tiles
constexpr int kMostWidth = 4;      // registers side by side
constexpr int64_t kMixDepth = 56;  // inputs of a tile, which stay in the first cache
constexpr int64_t kProductDepth = 64;  // Lanes of a row that a tile of RowProducts takes at once
constexpr int kWideTile = 5, kNarrowTileA = 3, kNarrowTileB = 2;  // of RowProducts

/// What no processor foresees: the kernels jump from row to row.
template <class Scalar>
KINEGRAPH_INLINE void prefetch_row(const Scalar* row, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes<64, Scalar>) __builtin_prefetch(row + i, 0, 2);
}

/// Adds some inputs to one tile of outputs, or writes it if they are the first ones: Width Lanes,
/// or one of which `channels` exist.
template <int Bytes, int Width, bool IsWhole, class Scalar>
KINEGRAPH_INLINE void mix_tile(const Scalar* matrix, const Scalar* from, int64_t from_row,
                               int64_t inputs, bool is_first, Scalar* to, int64_t to_row,
                               int64_t outputs, int64_t channels) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  const int64_t exist = IsWhole ? Width * kOne : channels;
  Lanes<Bytes, Scalar> sum[kMixTile][Width] = {};
#pragma GCC unroll 8
  for (int i = 0; i < kMixTile; ++i)
    if (i < outputs && !is_first)
#pragma GCC unroll 4
      for (int j = 0; j < Width; ++j) load(sum[i][j], to + i * to_row + j * kOne, exist - j * kOne);
  for (int64_t p = 0; p < inputs; ++p, matrix += kMixTile, from += from_row) {
    Lanes<Bytes, Scalar> x[Width];
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) load(x[j], from + j * kOne, exist - j * kOne);
#pragma GCC unroll 8
    for (int i = 0; i < kMixTile; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < Width; ++j) sum[i][j] += matrix[i] * x[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < kMixTile; ++i)
    if (i < outputs)
#pragma GCC unroll 4
      for (int j = 0; j < Width; ++j)
        store(to + i * to_row + j * kOne, sum[i][j], exist - j * kOne);
}

/// Some channels of a frame, as mix_tile(). The same of the frame `next` elements behind are read
/// soon.
template <int Bytes, int Width, bool IsWhole, class Scalar>
KINEGRAPH_INLINE void mix_panel(const FrameShape& shape, const Scalar* matrix, const Scalar* from,
                                int64_t from_row, int64_t next, Scalar* to, int64_t to_row,
                                int64_t channels) {
  constexpr int64_t kShare = divide_up(kMixDepth, kMixTile);  // rows fetched with a tile
  for (int64_t p = 0; p < shape.inputs; p += kMixDepth) {
    const int64_t inputs = std::min(kMixDepth, shape.inputs - p);
    const Scalar* rows = from + p * from_row;
    for (int64_t m = 0; m < shape.outputs; m += kMixTile) {
      const int64_t first = m / kMixTile * kShare;
      for (int64_t i = first; i < std::min(first + kShare, next == 0 ? 0 : inputs); ++i)
        prefetch_row(rows + next + i * from_row, channels);
      mix_tile<Bytes, Width, IsWhole>(matrix + m * shape.inputs + p * kMixTile, rows, from_row,
                                      inputs, p == 0, to + m * to_row, to_row, shape.outputs - m,
                                      channels);
    }
  }
}

/// The panel that is `width` <= Width whole Lanes wide.
template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void mix_panel_of(int64_t width, const FrameShape& shape, const Scalar* matrix,
                                   const Scalar* from, int64_t from_row, int64_t next, Scalar* to,
                                   int64_t to_row) {
  if (width == Width)
    mix_panel<Bytes, Width, true>(shape, matrix, from, from_row, next, to, to_row,
                                  Width * kLanes<Bytes, Scalar>);
  else if constexpr (Width > 1)
    mix_panel_of<Bytes, Width - 1>(width, shape, matrix, from, from_row, next, to, to_row);
}

template <int Bytes, int Most, class Scalar>
KINEGRAPH_INLINE void mix_all(const FrameShape& shape, const Scalar* matrix,
                              const FrameRows<const Scalar>& from, const FrameRows<Scalar>& to) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  const int64_t whole = shape.channels / kOne, panels = divide_up(whole, Most), rest = whole * kOne;
  for (int64_t t = 0; t < shape.frames; ++t) {
    const Scalar* in = from.data + t * from.frame;
    Scalar* out = to.data + t * to.frame;
    const int64_t next = t + 1 < shape.frames ? from.frame : 0;
    for (int64_t i = 0; i < panels; ++i) {  // of about equal width
      const int64_t first = i * whole / panels, width = (i + 1) * whole / panels - first;
      mix_panel_of<Bytes, Most>(width, shape, matrix, in + first * kOne, from.row, next,
                                out + first * kOne, to.row);
    }
    if (rest < shape.channels)
      mix_panel<Bytes, 1, false>(shape, matrix, in + rest, from.row, next, out + rest, to.row,
                                 shape.channels - rest);
  }
}

KINEGRAPH_MULTIVERSION void mix(const FrameShape& shape, const float* matrix,
                                const FrameRows<const float>& from, const FrameRows<float>& to) {
  has_wide_registers() ? mix_all<kWide, kMostWidth>(shape, matrix, from, to)
                       : mix_all<kNarrow, 2>(shape, matrix, from, to);
}

KINEGRAPH_MULTIVERSION void mix(const FrameShape& shape, const double* matrix,
                                const FrameRows<const double>& from, const FrameRows<double>& to) {
  has_wide_registers() ? mix_all<kWide, kMostWidth>(shape, matrix, from, to)
                       : mix_all<kNarrow, 2>(shape, matrix, from, to);
}

/// Rows of some frames, [begin, end).
template <class Scalar>
struct RowsOfPart {
  FrameRows<const Scalar> rows;
  int64_t count, begin, end;

  /// Row i of frame 0; the last one again for those behind it.
  KINEGRAPH_INLINE const Scalar* row(int64_t i) const {
    return rows.data + std::min(i, count - 1) * rows.row;
  }
};

/// sums: (TileA, TileB) Lanes, added to: those of the rows from `first_a` and `first_b` on.
template <int Bytes, int TileA, int TileB, bool IsWhole, class Scalar>
KINEGRAPH_INLINE void product_tile(const RowsOfPart<Scalar>& a, int64_t first_a,
                                   const RowsOfPart<Scalar>& b, int64_t first_b, int64_t channels,
                                   Scalar* sums) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  const Scalar *row_a[TileA], *row_b[TileB];
#pragma GCC unroll 8
  for (int i = 0; i < TileA; ++i) row_a[i] = a.row(first_a + i);
#pragma GCC unroll 8
  for (int j = 0; j < TileB; ++j) row_b[j] = b.row(first_b + j);
  Lanes<Bytes, Scalar> sum[TileA][TileB];
#pragma GCC unroll 8
  for (int i = 0; i < TileA; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < TileB; ++j) load(sum[i][j], sums + (i * TileB + j) * kOne);
  for (int64_t t = a.begin; t < a.end; ++t)
    for (int64_t c = 0; c < channels; c += kOne) {
      const int64_t exist = IsWhole ? kOne : channels - c;
      Lanes<Bytes, Scalar> y[TileB];
#pragma GCC unroll 8
      for (int j = 0; j < TileB; ++j) load(y[j], row_b[j] + t * b.rows.frame + c, exist);
#pragma GCC unroll 8
      for (int i = 0; i < TileA; ++i) {
        Lanes<Bytes, Scalar> x;
        load(x, row_a[i] + t * a.rows.frame + c, exist);
#pragma GCC unroll 8
        for (int j = 0; j < TileB; ++j) sum[i][j] += x * y[j];
      }
    }
#pragma GCC unroll 8
  for (int i = 0; i < TileA; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < TileB; ++j) store(sums + (i * TileB + j) * kOne, sum[i][j]);
}

/// All tiles of a part of the frames. A tile of b stays in the cache while a passes; meanwhile the
/// next one is fetched, some of its frames with every tile of a.
template <int Bytes, int TileA, int TileB, bool IsWhole, class Scalar>
KINEGRAPH_INLINE void add_part(const RowsOfPart<Scalar>& a, const RowsOfPart<Scalar>& b,
                               int64_t channels, Scalar* sums) {
  const int64_t a_tiles = divide_up(a.count, TileA), b_tiles = divide_up(b.count, TileB);
  for (int64_t j = 0; j < b_tiles; ++j) {
    const int64_t next = (j + 1) * TileB, last = std::min(next + TileB, b.count);
    for (int64_t i = 0; i < a_tiles; ++i) {
      for (int64_t t = b.begin + i; t < b.end; t += a_tiles)
        for (int64_t r = next; r < last; ++r) prefetch_row(b.row(r) + t * b.rows.frame, channels);
      product_tile<Bytes, TileA, TileB, IsWhole>(
          a, i * TileA, b, j * TileB, channels,
          sums + (i * b_tiles + j) * TileA * TileB * kLanes<Bytes, Scalar>);
    }
  }
}

template <int Bytes, int TileA, int TileB, class Scalar>
KINEGRAPH_INLINE void add_all(const FrameShape& shape, const FrameRows<const Scalar>& a,
                              const FrameRows<const Scalar>& b, Scalar* sums) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>;
  const int64_t part = std::max<int64_t>(1, kProductDepth / divide_up(shape.channels, kOne));
  for (int64_t t = 0; t < shape.frames; t += part) {
    const int64_t end = std::min(shape.frames, t + part);
    const RowsOfPart<Scalar> of_a{a, shape.outputs, t, end}, of_b{b, shape.inputs, t, end};
    shape.channels % kOne == 0
        ? add_part<Bytes, TileA, TileB, true>(of_a, of_b, shape.channels, sums)
        : add_part<Bytes, TileA, TileB, false>(of_a, of_b, shape.channels, sums);
  }
}

KINEGRAPH_MULTIVERSION void add_row_products(const FrameShape& shape,
                                             const FrameRows<const float>& a,
                                             const FrameRows<const float>& b, float* sums) {
  has_wide_registers() ? add_all<kWide, kWideTile, kWideTile>(shape, a, b, sums)
                       : add_all<kNarrow, kNarrowTileA, kNarrowTileB>(shape, a, b, sums);
}

KINEGRAPH_MULTIVERSION void add_row_products(const FrameShape& shape,
                                             const FrameRows<const double>& a,
                                             const FrameRows<const double>& b, double* sums) {
  has_wide_registers() ? add_all<kWide, kWideTile, kWideTile>(shape, a, b, sums)
                       : add_all<kNarrow, kNarrowTileA, kNarrowTileB>(shape, a, b, sums);
}

int64_t product_tile_a() { return has_wide_registers() ? kWideTile : kNarrowTileA; }
int64_t product_tile_b() { return has_wide_registers() ? kWideTile : kNarrowTileB; }

}  // namespace

template <class Scalar>
std::vector<Scalar> tile_matrix(const Scalar* matrix, int64_t outputs, int64_t inputs,
                                int64_t output_stride, int64_t input_stride) {
  std::vector<Scalar> tiled;
  tiled.reserve(static_cast<size_t>(divide_up(outputs, kMixTile) * kMixTile * inputs));
  for (int64_t tile = 0; tile < outputs; tile += kMixTile)
    for (int64_t p = 0; p < inputs; ++p)
      for (int64_t m = tile; m < tile + kMixTile; ++m)
        tiled.push_back(m < outputs ? matrix[m * output_stride + p * input_stride] : Scalar(0));
  return tiled;
}

template <class Scalar>
void mix_frames(const FrameShape& shape, const std::vector<Scalar>& tiled_matrix,
                FrameRows<const Scalar> from, FrameRows<Scalar> to) {
  mix(shape, tiled_matrix.data(), from, to);
}

template <class Scalar>
RowProducts<Scalar>::RowProducts(int64_t outputs, int64_t inputs)
    : outputs_(outputs),
      inputs_(inputs),
      sums_(divide_up(outputs, product_tile_a()) * product_tile_a() *
            divide_up(inputs, product_tile_b()) * product_tile_b()) {
  std::fill_n(sums_.data, sums_.size, Scalar(0));
}

template <class Scalar>
void RowProducts<Scalar>::add(const FrameShape& shape, FrameRows<const Scalar> a,
                              FrameRows<const Scalar> b) {
  add_row_products(shape, a, b, sums_.data);
}

template <class Scalar>
void RowProducts<Scalar>::move_to(double* sums) {
  const int64_t a_tile = product_tile_a(), b_tile = product_tile_b();
  const int64_t b_tiles = divide_up(inputs_, b_tile), lanes = lane_count<Scalar>();
  for (int64_t m = 0; m < outputs_; ++m)
    for (int64_t p = 0; p < inputs_; ++p) {
      const int64_t tile = m / a_tile * b_tiles + p / b_tile;
      const int64_t place = (tile * a_tile + m % a_tile) * b_tile + p % b_tile;
      double sum = 0;
      for (int64_t l = 0; l < lanes; ++l) sum += sums_.data[place * lanes + l];
      sums[m * inputs_ + p] += sum;
    }
  std::fill_n(sums_.data, sums_.size, Scalar(0));
}

template std::vector<float> tile_matrix(const float*, int64_t, int64_t, int64_t, int64_t);
template std::vector<double> tile_matrix(const double*, int64_t, int64_t, int64_t, int64_t);
template void mix_frames(const FrameShape&, const std::vector<float>&, FrameRows<const float>,
                         FrameRows<float>);
template void mix_frames(const FrameShape&, const std::vector<double>&, FrameRows<const double>,
                         FrameRows<double>);
template class RowProducts<float>;
template class RowProducts<double>;

}  // namespace kinegraph
