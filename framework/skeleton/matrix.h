// Square matrices over the nodes of a graph, for building adjacencies.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "framework/skeleton/skeleton.h"

namespace kinegraph::graph_detail {

/// Row-major; a(v, w) belongs to the way from node v to node w.
struct Matrix {
  explicit Matrix(int64_t size) : size(size), values(static_cast<size_t>(size * size), 0.0) {}

  double& operator()(int64_t v, int64_t w) { return values[static_cast<size_t>(v * size + w)]; }
  double operator()(int64_t v, int64_t w) const {
    return values[static_cast<size_t>(v * size + w)];
  }

  /// A matrix with entry(v, w) wherever `select(v, w)`, else 0.
  template <class Select, class Entry>
  static Matrix make(int64_t size, const Select& select, const Entry& entry) {
    Matrix result(size);
    for (int64_t v = 0; v < size; ++v)
      for (int64_t w = 0; w < size; ++w)
        if (select(v, w)) result(v, w) = entry(v, w);
    return result;
  }
  template <class Select>
  static Matrix make(int64_t size, const Select& select) {
    return make(size, select, [](int64_t, int64_t) { return 1.0; });
  }
  static Matrix identity(int64_t size) {
    return make(size, [](int64_t v, int64_t w) { return v == w; });
  }

  int64_t size;
  std::vector<double> values;
};

/// The distance of nodes that no way joins.
constexpr double kFar = std::numeric_limits<double>::infinity();

Matrix product(const Matrix& a, const Matrix& b);

/// `normalization` is column, symmetric or none; see GraphOptions.
Matrix normalized(const Matrix& a, const std::string& normalization);

/// 1 from joint to neighbour of each edge.
Matrix outward_links(int64_t joint_count, const std::vector<JointPair>& edges);

/// 1 wherever an edge joins two joints, in either direction.
Matrix links_of(int64_t joint_count, const std::vector<JointPair>& edges);

/// All links and self links, from every frame of a window to every frame. Size window * V.
Matrix windowed(const Matrix& links, int64_t window);

/// Number of links on the shortest way, kFar where there is none.
Matrix hop_distances(const Matrix& links);

}  // namespace kinegraph::graph_detail
