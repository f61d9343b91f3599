// Adjacency matrices of a skeleton.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/config/options.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// (K, V, V): K partitions of a graph, each as a matrix. A[k, v, w] carries joint v to joint w:
///
///   out[w] = sum_v x[v] * A[k, v, w]
///
/// CTR-GCN's authors and MS-G3D index the other way round, out[v] = sum_w A[k, v, w] * x[w]. It
/// makes no difference to the symmetric matrices of MS-G3D; CTR-GCN takes self_in_out transposed.
struct Adjacency {
  int64_t partitions = 0;      // K
  int64_t nodes = 0;           // V, or window * V with node f * V + v for joint v of frame f
  std::vector<double> values;  // row-major

  double at(int64_t k, int64_t from, int64_t to) const {
    return values[static_cast<size_t>((k * nodes + from) * nodes + to)];
  }
};

/// How the graph of a skeleton becomes an Adjacency.
///
/// Partitions. "Hops" is the distance of two joints along the edges, taken in either direction.
///  - uniform, distance, spatial: Yan et al. 2018 (ST-GCN), as in their code. Joined are joints
///    0, dilation, 2 * dilation ... hops apart, max_hop at most; all are normalised as one matrix
///    P.
///      uniform   K = 1: P.
///      distance  one matrix a distance: P where the joints are that far apart.
///      spatial   distance 0: P there. Every further distance gives two: from joints that are as
///      far
///                from the centre as the target or farther, then from those that are nearer.
///                PYSKL and MMAction2 call it stgcn_spatial. As published, distances to the centre
///                above max_hop all count as infinite and hence as equal: with max_hop 1 only edges
///                at the centre's neighbours reach the last matrix.
///  - self_in_out: K = 3: the identity; parent to child; child to parent. Shi et al. 2019 (2s-AGCN)
///    and PYSKL, where it is called spatial; also CTR-GCN.
///  - binary: K = 1: the edges in both directions, without self links. MS-G3D, PYSKL's binary_adj.
///  - k_hop: K = num_scales: Liu et al. 2020 (MS-G3D). Disentangled, matrix k joins the joints that
///    are exactly k hops apart, and, with self_links, each to itself. Otherwise it is the k-th
///    power of the normalised matrix of edges and self links. With window > 1 it is the graph of
///    G3D: every joint of a frame is joined to itself and its neighbours in all frames of the
///    window.
///
/// Normalisations of a matrix A.
///  - column: A[v, w] / sum_u A[u, w].
///  - symmetric: A[v, w] / sqrt(d[v] d[w]) with d the row sums. As in MS-G3D, d^-1/2 and the result
///    are rounded to float32. Not for self_in_out, whose matrices are one-way.
///  - none.
///  - published: symmetric for k_hop, none for binary, column for the others. PYSKL's and
///    MMAction2's MS-G3D is k_hop with column.
/// Joints without links keep a zero row and column, where MS-G3D's own code would give NaN.
struct GraphOptions {
  std::string partition = "spatial";
  std::string edge_set = Skeleton::kDefaultEdgeSet;
  int64_t max_hop = 1;
  int64_t dilation = 1;
  int64_t num_scales = 13;
  bool disentangled = true;
  bool self_links = true;
  int64_t window = 1;
  std::string normalization = "published";

  template <class Fields>
  void describe(Fields& field) {
    field("partition", partition, "which joints a matrix joins", OneOf{partition_names()});
    field("edge_set", edge_set, "edges of the skeleton to use");
    field("max_hop", max_hop, "uniform, distance, spatial: largest distance", Range{1, 64});
    field("dilation", dilation, "uniform, distance, spatial: step of distances", Range{1, 64});
    field("num_scales", num_scales, "k_hop: matrices, for 0 .. num_scales - 1 hops", Range{1, 64});
    field("disentangled", disentangled, "k_hop: exactly k hops instead of the k-th power");
    field("self_links", self_links, "k_hop, disentangled: also join each joint to itself");
    field("window", window, "k_hop: frames that one graph spans", Range{1, 25});
    field("normalization", normalization, "scaling; published: as the partition's authors do",
          OneOf{normalization_names()});
  }

  static std::vector<std::string> partition_names();
  static std::vector<std::string> normalization_names();
};

/// Throws ConfigError for an unknown name, a number out of range, an option that the partition does
/// not use, and for uniform, distance, spatial and k_hop when the edges leave the joints in several
/// unconnected parts.
Adjacency build_graph(const Skeleton& skeleton, const GraphOptions& options);

}  // namespace kinegraph
