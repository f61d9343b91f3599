// The loops of aggregate_channelwise() for one clip and a block of channels, for float and double.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kernels/frame_kernel.h"

namespace kinegraph {

/// Rows of adjacent channels: the block's first channel of row i in frame t lies at
/// data + t * frame + offsets[i].
template <class Scalar>
struct ChannelRows {
  Scalar* data;
  int64_t frame;
  const std::vector<int64_t>& offsets;
};

/// The block's first channel of entry (u, w) lies at entries[u] + w * step.
template <class Scalar>
struct ChannelGraph {
  const std::vector<Scalar*>& entries;
  int64_t step;
};

struct ChannelShape {
  int64_t frames, channels;
};

/// to[t,w,c] = sum_u from[t,u,c] * graph[u,w,c].
template <class Scalar>
void gather_channels(const ChannelShape& shape, ChannelRows<const Scalar> from,
                     ChannelGraph<const Scalar> graph, ChannelRows<Scalar> to);

/// to[t,u,c] = sum_w from[t,w,c] * graph[u,w,c].
template <class Scalar>
void scatter_channels(const ChannelShape& shape, ChannelRows<const Scalar> from,
                      ChannelGraph<const Scalar> graph, ChannelRows<Scalar> to);

/// graph[u,w,c] = sum_t from[t,u,c] * to[t,w,c].
template <class Scalar>
void channel_products(const ChannelShape& shape, ChannelRows<const Scalar> from,
                      ChannelRows<const Scalar> to, ChannelGraph<Scalar> graph);

}  // namespace kinegraph
