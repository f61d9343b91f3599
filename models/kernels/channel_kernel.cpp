#include "models/kernels/channel_kernel.h"

#include <algorithm>

#include "models/kernels/divide_up.h"
#include "models/kernels/lanes.h"
#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

/// How many rows, or frames, by how many rows have their sums in registers at once.
template <int Bytes, int First, int Second>
struct Tile {};
using WideTile = Tile<kWide, 4, 5>;
using NarrowTile = Tile<kNarrow, 2, 3>;
constexpr int64_t kMostTile = 5;

/// sums[i][j] = sum_d a[d][i] * b[d][j], lane by lane; a: (depth, A) Lanes, b: (depth, B) Lanes.
template <int Bytes, int A, int B, class Scalar>
KINEGRAPH_INLINE void lane_products(const Scalar* a, const Scalar* b, int64_t depth,
                                    Lanes<Bytes, Scalar> (&sums)[A][B]) {
#pragma GCC unroll 8
  for (int i = 0; i < A; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < B; ++j) sums[i][j] = Lanes<Bytes, Scalar>{};
  for (int64_t d = 0; d < depth;
       ++d, a += A * kLanes<Bytes, Scalar>, b += B * kLanes<Bytes, Scalar>) {
    Lanes<Bytes, Scalar> y[B];
#pragma GCC unroll 8
    for (int j = 0; j < B; ++j) load(y[j], b + j * kLanes<Bytes, Scalar>);
#pragma GCC unroll 8
    for (int i = 0; i < A; ++i) {
      Lanes<Bytes, Scalar> x;
      load(x, a + i * kLanes<Bytes, Scalar>);
#pragma GCC unroll 8
      for (int j = 0; j < B; ++j) sums[i][j] += x * y[j];
    }
  }
}

/// One row of `channels` to each of its groups, which are `group` apart.
template <int Bytes, class Scalar>
KINEGRAPH_INLINE void pack_row(const Scalar* from, int64_t channels, int64_t group, Scalar* to) {
  if (channels == 4 * kLanes<Bytes, Scalar>) {
    Lanes<Bytes, Scalar> x[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) load(x[i], from + i * kLanes<Bytes, Scalar>);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) store(to + i * group, x[i]);
    return;
  }
  for (int64_t c = 0; c < channels; c += kLanes<Bytes, Scalar>, to += group) {
    Lanes<Bytes, Scalar> x;
    load(x, from + c, channels - c);
    store(to, x);
  }
}

template <int Bytes, class Scalar>
KINEGRAPH_INLINE void pack_zeros(int64_t channels, int64_t group, Scalar* to) {
  for (int64_t c = 0; c < channels; c += kLanes<Bytes, Scalar>, to += group)
    store(to, Lanes<Bytes, Scalar>{});
}

/// (groups, tiles of outputs, inputs, Size) Lanes; outputs past the last are 0.
template <int Bytes, int Size, class Scalar>
KINEGRAPH_INLINE void pack_graph(const ChannelGraph<const Scalar>& graph, bool is_transposed,
                                 int64_t inputs, int64_t outputs, int64_t channels, int64_t group,
                                 Scalar* to) {
  for (int64_t tile = 0; tile < outputs; tile += Size)
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t o = tile; o < tile + Size; ++o, to += kLanes<Bytes, Scalar>)
        if (o < outputs)
          pack_row<Bytes>(is_transposed ? graph.entries[static_cast<size_t>(o)] + i * graph.step
                                        : graph.entries[static_cast<size_t>(i)] + o * graph.step,
                          channels, group, to);
        else
          pack_zeros<Bytes>(channels, group, to);
}

/// (groups, rows, Frames) Lanes from frame t on; frames past the last are 0.
template <int Bytes, int Frames, class Scalar>
KINEGRAPH_INLINE void pack_frames(const ChannelRows<const Scalar>& rows, int64_t t,
                                  const ChannelShape& shape, int64_t group, Scalar* to) {
  for (int64_t f = 0; f < Frames; ++f)
    for (size_t i = 0; i < rows.offsets.size(); ++i) {
      Scalar* const row = to + (static_cast<int64_t>(i) * Frames + f) * kLanes<Bytes, Scalar>;
      if (t + f < shape.frames)
        pack_row<Bytes>(rows.data + (t + f) * rows.frame + rows.offsets[i], shape.channels, group,
                        row);
      else
        pack_zeros<Bytes>(shape.channels, group, row);
    }
}

/// (groups, frames, Size) Lanes of the rows from `tile` on; rows past the last are 0.
template <int Bytes, int Size, class Scalar>
KINEGRAPH_INLINE void pack_tile(const ChannelRows<const Scalar>& rows, int64_t tile,
                                const ChannelShape& shape, int64_t group, Scalar* to) {
  const auto count = static_cast<int64_t>(rows.offsets.size());
  for (int64_t t = 0; t < shape.frames; ++t)
    for (int64_t i = tile; i < tile + Size; ++i, to += kLanes<Bytes, Scalar>)
      if (i < count)
        pack_row<Bytes>(rows.data + t * rows.frame + rows.offsets[static_cast<size_t>(i)],
                        shape.channels, group, to);
      else
        pack_zeros<Bytes>(shape.channels, group, to);
}

template <class Scalar>
struct ChannelScratch {
  Scalar *first, *second;
  int64_t first_group, second_group;  // from one group of channels to the next
};

template <int Bytes, int Frames, int Size, class Scalar>
KINEGRAPH_INLINE void move_all(Tile<Bytes, Frames, Size>, const ChannelShape& shape,
                               const ChannelRows<const Scalar>& from,
                               const ChannelGraph<const Scalar>& graph, bool is_transposed,
                               const ChannelRows<Scalar>& to,
                               const ChannelScratch<Scalar>& scratch) {
  const auto inputs = static_cast<int64_t>(from.offsets.size());
  const auto outputs = static_cast<int64_t>(to.offsets.size());
  pack_graph<Bytes, Size>(graph, is_transposed, inputs, outputs, shape.channels,
                          scratch.second_group, scratch.second);
  for (int64_t t = 0; t < shape.frames; t += Frames) {
    pack_frames<Bytes, Frames>(from, t, shape, scratch.first_group, scratch.first);
    for (int64_t c = 0; c < shape.channels; c += kLanes<Bytes, Scalar>) {
      const Scalar* const x = scratch.first + c / kLanes<Bytes, Scalar> * scratch.first_group;
      const Scalar* const g = scratch.second + c / kLanes<Bytes, Scalar> * scratch.second_group;
      for (int64_t tile = 0; tile < outputs; tile += Size) {
        Lanes<Bytes, Scalar> sums[Frames][Size];
        lane_products<Bytes>(x, g + tile * inputs * kLanes<Bytes, Scalar>, inputs, sums);
#pragma GCC unroll 8
        for (int f = 0; f < Frames; ++f)
#pragma GCC unroll 8
          for (int o = 0; o < Size; ++o)
            if (t + f < shape.frames && tile + o < outputs)
              store(to.data + (t + f) * to.frame + to.offsets[static_cast<size_t>(tile + o)] + c,
                    sums[f][o], shape.channels - c);
      }
    }
  }
}

KINEGRAPH_MULTIVERSION void move_channels(const ChannelShape& shape,
                                          const ChannelRows<const float>& from,
                                          const ChannelGraph<const float>& graph,
                                          bool is_transposed, const ChannelRows<float>& to,
                                          const ChannelScratch<float>& scratch) {
  has_wide_registers() ? move_all(WideTile(), shape, from, graph, is_transposed, to, scratch)
                       : move_all(NarrowTile(), shape, from, graph, is_transposed, to, scratch);
}

KINEGRAPH_MULTIVERSION void move_channels(const ChannelShape& shape,
                                          const ChannelRows<const double>& from,
                                          const ChannelGraph<const double>& graph,
                                          bool is_transposed, const ChannelRows<double>& to,
                                          const ChannelScratch<double>& scratch) {
  has_wide_registers() ? move_all(WideTile(), shape, from, graph, is_transposed, to, scratch)
                       : move_all(NarrowTile(), shape, from, graph, is_transposed, to, scratch);
}

template <class Scalar>
void move_in_scratch(const ChannelShape& shape, const ChannelRows<const Scalar>& from,
                     const ChannelGraph<const Scalar>& graph, bool is_transposed,
                     const ChannelRows<Scalar>& to) {
  const auto inputs = static_cast<int64_t>(from.offsets.size());
  const auto outputs = static_cast<int64_t>(to.offsets.size());
  const int64_t lanes = lane_count<Scalar>();
  const int64_t groups = divide_up(shape.channels, lanes);
  const int64_t frame_lanes = inputs * kMostTile, graph_lanes = inputs * (outputs + kMostTile);
  const Scratch<Scalar> frames(groups * frame_lanes), packed(groups * graph_lanes);
  move_channels(shape, from, graph, is_transposed, to,
                {frames.data, packed.data, frame_lanes * lanes, graph_lanes * lanes});
}

template <int Bytes, int A, int B, class Scalar>
KINEGRAPH_INLINE void multiply_all(Tile<Bytes, A, B>, const ChannelShape& shape,
                                   const ChannelRows<const Scalar>& from,
                                   const ChannelRows<const Scalar>& to,
                                   const ChannelGraph<Scalar>& graph,
                                   const ChannelScratch<Scalar>& scratch) {
  const auto inputs = static_cast<int64_t>(from.offsets.size());
  const auto outputs = static_cast<int64_t>(to.offsets.size());
  for (int64_t w = 0; w < outputs; w += B)
    pack_tile<Bytes, B>(to, w, shape, scratch.second_group,
                        scratch.second + w * shape.frames * kLanes<Bytes, Scalar>);
  for (int64_t u = 0; u < inputs; u += A) {
    pack_tile<Bytes, A>(from, u, shape, scratch.first_group, scratch.first);
    for (int64_t c = 0; c < shape.channels; c += kLanes<Bytes, Scalar>) {
      const Scalar* const x = scratch.first + c / kLanes<Bytes, Scalar> * scratch.first_group;
      const Scalar* const y = scratch.second + c / kLanes<Bytes, Scalar> * scratch.second_group;
      for (int64_t w = 0; w < outputs; w += B) {
        Lanes<Bytes, Scalar> sums[A][B];
        lane_products<Bytes>(x, y + w * shape.frames * kLanes<Bytes, Scalar>, shape.frames, sums);
#pragma GCC unroll 8
        for (int i = 0; i < A; ++i)
#pragma GCC unroll 8
          for (int j = 0; j < B; ++j)
            if (u + i < inputs && w + j < outputs)
              store(graph.entries[static_cast<size_t>(u + i)] + (w + j) * graph.step + c,
                    sums[i][j], shape.channels - c);
      }
    }
  }
}

KINEGRAPH_MULTIVERSION void multiply_channels(const ChannelShape& shape,
                                              const ChannelRows<const float>& from,
                                              const ChannelRows<const float>& to,
                                              const ChannelGraph<float>& graph,
                                              const ChannelScratch<float>& scratch) {
  has_wide_registers() ? multiply_all(WideTile(), shape, from, to, graph, scratch)
                       : multiply_all(NarrowTile(), shape, from, to, graph, scratch);
}

KINEGRAPH_MULTIVERSION void multiply_channels(const ChannelShape& shape,
                                              const ChannelRows<const double>& from,
                                              const ChannelRows<const double>& to,
                                              const ChannelGraph<double>& graph,
                                              const ChannelScratch<double>& scratch) {
  has_wide_registers() ? multiply_all(WideTile(), shape, from, to, graph, scratch)
                       : multiply_all(NarrowTile(), shape, from, to, graph, scratch);
}

}  // namespace

template <class Scalar>
void gather_channels(const ChannelShape& shape, ChannelRows<const Scalar> from,
                     ChannelGraph<const Scalar> graph, ChannelRows<Scalar> to) {
  move_in_scratch(shape, from, graph, /*is_transposed=*/false, to);
}

template <class Scalar>
void scatter_channels(const ChannelShape& shape, ChannelRows<const Scalar> from,
                      ChannelGraph<const Scalar> graph, ChannelRows<Scalar> to) {
  move_in_scratch(shape, from, graph, /*is_transposed=*/true, to);
}

template <class Scalar>
void channel_products(const ChannelShape& shape, ChannelRows<const Scalar> from,
                      ChannelRows<const Scalar> to, ChannelGraph<Scalar> graph) {
  const int64_t lanes = lane_count<Scalar>();
  const int64_t groups = divide_up(shape.channels, lanes);
  const int64_t tile_lanes = shape.frames * kMostTile;
  const int64_t packed_lanes = shape.frames * (static_cast<int64_t>(to.offsets.size()) + kMostTile);
  const Scratch<Scalar> tile(groups * tile_lanes), packed(groups * packed_lanes);
  multiply_channels(shape, from, to, graph,
                    {tile.data, packed.data, tile_lanes * lanes, packed_lanes * lanes});
}

#define KINEGRAPH_INSTANTIATE(Scalar)                                              \
  template void gather_channels(const ChannelShape&, ChannelRows<const Scalar>,    \
                                ChannelGraph<const Scalar>, ChannelRows<Scalar>);  \
  template void scatter_channels(const ChannelShape&, ChannelRows<const Scalar>,   \
                                 ChannelGraph<const Scalar>, ChannelRows<Scalar>); \
  template void channel_products(const ChannelShape&, ChannelRows<const Scalar>,   \
                                 ChannelRows<const Scalar>, ChannelGraph<Scalar>);
KINEGRAPH_INSTANTIATE(float)
KINEGRAPH_INSTANTIATE(double)
#undef KINEGRAPH_INSTANTIATE

}  // namespace kinegraph
