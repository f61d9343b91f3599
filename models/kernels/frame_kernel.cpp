#include "models/kernels/frame_kernel.h"

#include <algorithm>

#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

constexpr int kMixTile = 5;    // outputs whose sums stay in registers; 25 joints are 5 tiles
constexpr int kMostWidth = 4;  // registers side by side
constexpr int64_t kProductDepth = 32;  // Lanes of a row that RowProducts packs at once
constexpr int kWideTile = 5, kNarrowTileA = 3, kNarrowTileB = 2;  // of RowProducts

constexpr int64_t tiles(int64_t count, int64_t tile) { return (count + tile - 1) / tile; }

/// One tile of outputs for Width * kLanes channels; panel: (inputs, Width) Lanes.
template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void mix_tile(const Scalar* matrix, const Scalar* panel, int64_t inputs,
                               Scalar* to, int64_t row, int64_t outputs, int64_t channels) {
  Lanes<Bytes, Scalar> sum[kMixTile][Width] = {};
  for (int64_t p = 0; p < inputs; ++p, matrix += kMixTile, panel += Width * kLanes<Bytes, Scalar>) {
    Lanes<Bytes, Scalar> x[Width];
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) load(x[j], panel + j * kLanes<Bytes, Scalar>);
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
        store(to + i * row + j * kLanes<Bytes, Scalar>, sum[i][j],
              channels - j * kLanes<Bytes, Scalar>);
}

template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void mix_panel(const FrameShape& shape, const Scalar* matrix, const Scalar* from,
                                int64_t from_row, Scalar* to, int64_t to_row, int64_t channels,
                                Scalar* panel) {
  for (int64_t p = 0; p < shape.inputs; ++p)
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) {
      Lanes<Bytes, Scalar> x;
      load(x, from + p * from_row + j * kLanes<Bytes, Scalar>,
           channels - j * kLanes<Bytes, Scalar>);
      store(panel + (p * Width + j) * kLanes<Bytes, Scalar>, x);
    }
  for (int64_t m = 0; m < shape.outputs; m += kMixTile)
    mix_tile<Bytes, Width>(matrix + m * shape.inputs, panel, shape.inputs, to + m * to_row, to_row,
                           shape.outputs - m, channels);
}

template <int Bytes, int Width, class Scalar>
KINEGRAPH_INLINE void mix_all(const FrameShape& shape, const Scalar* matrix,
                              const FrameRows<const Scalar>& from, const FrameRows<Scalar>& to,
                              Scalar* panel) {
  constexpr int64_t kOne = kLanes<Bytes, Scalar>, kAll = Width * kOne;
  for (int64_t t = 0; t < shape.frames; ++t) {
    const Scalar* in = from.data + t * from.frame;
    Scalar* out = to.data + t * to.frame;
    int64_t c = 0;
    for (; c + kAll <= shape.channels; c += kAll)
      mix_panel<Bytes, Width>(shape, matrix, in + c, from.row, out + c, to.row, kAll, panel);
    for (; c < shape.channels; c += kOne)
      mix_panel<Bytes, 1>(shape, matrix, in + c, from.row, out + c, to.row, shape.channels - c,
                          panel);
  }
}

KINEGRAPH_MULTIVERSION void mix(const FrameShape& shape, const float* matrix,
                                const FrameRows<const float>& from, const FrameRows<float>& to,
                                float* panel) {
  has_wide_registers() ? mix_all<kWide, kMostWidth>(shape, matrix, from, to, panel)
                       : mix_all<kNarrow, 2>(shape, matrix, from, to, panel);
}

KINEGRAPH_MULTIVERSION void mix(const FrameShape& shape, const double* matrix,
                                const FrameRows<const double>& from, const FrameRows<double>& to,
                                double* panel) {
  has_wide_registers() ? mix_all<kWide, kMostWidth>(shape, matrix, from, to, panel)
                       : mix_all<kNarrow, 2>(shape, matrix, from, to, panel);
}

/// (tiles, depth, Tile) Lanes: the rows of `frames` frames, a tile of rows side by side; rows past
/// the last are 0.
template <int Bytes, int Tile, class Scalar>
KINEGRAPH_INLINE void pack_rows(const FrameRows<const Scalar>& rows, int64_t first_frame,
                                int64_t frames, int64_t count, int64_t channels, Scalar* to) {
  for (int64_t tile = 0; tile < count; tile += Tile)
    for (int64_t t = first_frame; t < first_frame + frames; ++t)
      for (int64_t c = 0; c < channels; c += kLanes<Bytes, Scalar>)
        for (int64_t i = tile; i < tile + Tile; ++i, to += kLanes<Bytes, Scalar>) {
          Lanes<Bytes, Scalar> x = {};
          if (i < count) load(x, rows.data + t * rows.frame + i * rows.row + c, channels - c);
          store(to, x);
        }
}

/// sums: (TileA, TileB) Lanes, added to.
template <int Bytes, int TileA, int TileB, class Scalar>
KINEGRAPH_INLINE void product_tile(const Scalar* a, const Scalar* b, int64_t depth, Scalar* sums) {
  Lanes<Bytes, Scalar> sum[TileA][TileB];
#pragma GCC unroll 8
  for (int i = 0; i < TileA; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < TileB; ++j) load(sum[i][j], sums + (i * TileB + j) * kLanes<Bytes, Scalar>);
  for (int64_t d = 0; d < depth;
       ++d, a += TileA * kLanes<Bytes, Scalar>, b += TileB * kLanes<Bytes, Scalar>) {
    Lanes<Bytes, Scalar> y[TileB];
#pragma GCC unroll 8
    for (int j = 0; j < TileB; ++j) load(y[j], b + j * kLanes<Bytes, Scalar>);
#pragma GCC unroll 8
    for (int i = 0; i < TileA; ++i) {
      Lanes<Bytes, Scalar> x;
      load(x, a + i * kLanes<Bytes, Scalar>);
#pragma GCC unroll 8
      for (int j = 0; j < TileB; ++j) sum[i][j] += x * y[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < TileA; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < TileB; ++j)
      store(sums + (i * TileB + j) * kLanes<Bytes, Scalar>, sum[i][j]);
}

template <class Scalar>
struct ProductScratch {
  Scalar *a, *b, *sums;
};

template <int Bytes, int TileA, int TileB, class Scalar>
KINEGRAPH_INLINE void add_all(const FrameShape& shape, const FrameRows<const Scalar>& a,
                              const FrameRows<const Scalar>& b, int64_t part,
                              const ProductScratch<Scalar>& scratch) {
  const int64_t a_tiles = tiles(shape.outputs, TileA), b_tiles = tiles(shape.inputs, TileB);
  for (int64_t t = 0; t < shape.frames; t += part) {
    const int64_t frames = std::min(part, shape.frames - t);
    const int64_t depth = frames * tiles(shape.channels, kLanes<Bytes, Scalar>);
    pack_rows<Bytes, TileA>(a, t, frames, shape.outputs, shape.channels, scratch.a);
    pack_rows<Bytes, TileB>(b, t, frames, shape.inputs, shape.channels, scratch.b);
    for (int64_t i = 0; i < a_tiles; ++i)
      for (int64_t j = 0; j < b_tiles; ++j)
        product_tile<Bytes, TileA, TileB>(
            scratch.a + i * depth * TileA * kLanes<Bytes, Scalar>,
            scratch.b + j * depth * TileB * kLanes<Bytes, Scalar>, depth,
            scratch.sums + (i * b_tiles + j) * TileA * TileB * kLanes<Bytes, Scalar>);
  }
}

KINEGRAPH_MULTIVERSION void add_row_products(const FrameShape& shape,
                                             const FrameRows<const float>& a,
                                             const FrameRows<const float>& b, int64_t part,
                                             const ProductScratch<float>& scratch) {
  has_wide_registers() ? add_all<kWide, kWideTile, kWideTile>(shape, a, b, part, scratch)
                       : add_all<kNarrow, kNarrowTileA, kNarrowTileB>(shape, a, b, part, scratch);
}

KINEGRAPH_MULTIVERSION void add_row_products(const FrameShape& shape,
                                             const FrameRows<const double>& a,
                                             const FrameRows<const double>& b, int64_t part,
                                             const ProductScratch<double>& scratch) {
  has_wide_registers() ? add_all<kWide, kWideTile, kWideTile>(shape, a, b, part, scratch)
                       : add_all<kNarrow, kNarrowTileA, kNarrowTileB>(shape, a, b, part, scratch);
}

int64_t product_tile_a() { return has_wide_registers() ? kWideTile : kNarrowTileA; }
int64_t product_tile_b() { return has_wide_registers() ? kWideTile : kNarrowTileB; }

}  // namespace

template <class Scalar>
std::vector<Scalar> tile_matrix(const Scalar* matrix, int64_t outputs, int64_t inputs,
                                int64_t output_stride, int64_t input_stride) {
  std::vector<Scalar> tiled;
  tiled.reserve(static_cast<size_t>(tiles(outputs, kMixTile) * kMixTile * inputs));
  for (int64_t tile = 0; tile < outputs; tile += kMixTile)
    for (int64_t p = 0; p < inputs; ++p)
      for (int64_t m = tile; m < tile + kMixTile; ++m)
        tiled.push_back(m < outputs ? matrix[m * output_stride + p * input_stride] : Scalar(0));
  return tiled;
}

template <class Scalar>
void mix_frames(const FrameShape& shape, const std::vector<Scalar>& tiled_matrix,
                FrameRows<const Scalar> from, FrameRows<Scalar> to) {
  const Scratch<Scalar> panel(shape.inputs * kMostWidth);
  mix(shape, tiled_matrix.data(), from, to, panel.data);
}

template <class Scalar>
RowProducts<Scalar>::RowProducts(int64_t outputs, int64_t inputs)
    : outputs_(outputs),
      inputs_(inputs),
      sums_(tiles(outputs, product_tile_a()) * product_tile_a() * tiles(inputs, product_tile_b()) *
            product_tile_b()) {
  std::fill_n(sums_.data, sums_.size, Scalar(0));
}

template <class Scalar>
void RowProducts<Scalar>::add(const FrameShape& shape, FrameRows<const Scalar> a,
                              FrameRows<const Scalar> b) {
  const int64_t depth = tiles(shape.channels, lane_count<Scalar>());  // of a frame
  const int64_t part = std::min(std::max<int64_t>(1, kProductDepth / depth), shape.frames);
  const Scratch<Scalar> packed_a((outputs_ + kWideTile) * part * depth),
      packed_b((inputs_ + kWideTile) * part * depth);
  add_row_products(shape, a, b, part, {packed_a.data, packed_b.data, sums_.data});
}

template <class Scalar>
void RowProducts<Scalar>::move_to(double* sums) {
  const int64_t a_tile = product_tile_a(), b_tile = product_tile_b();
  const int64_t b_tiles = tiles(inputs_, b_tile), lanes = lane_count<Scalar>();
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
