#include "framework/skeleton/matrix.h"

#include <algorithm>
#include <cmath>

namespace kinegraph::graph_detail {
namespace {

Matrix column_normalized(const Matrix& a) {
  std::vector<double> sums(static_cast<size_t>(a.size), 0.0);
  for (size_t i = 0; i < a.values.size(); ++i) sums[i % sums.size()] += a.values[i];
  Matrix result = a;
  for (size_t i = 0; i < a.values.size(); ++i)
    if (sums[i % sums.size()] != 0) result.values[i] /= sums[i % sums.size()];
  return result;
}

double float_rounded(double value) { return static_cast<double>(static_cast<float>(value)); }

Matrix symmetric_normalized(const Matrix& a) {
  std::vector<double> scale;
  for (int64_t v = 0; v < a.size; ++v) {
    double degree = 0;
    for (int64_t w = 0; w < a.size; ++w) degree += a(v, w);
    scale.push_back(degree > 0 ? std::pow(static_cast<float>(degree), -0.5F) : 0.0);
  }
  const auto everywhere = [](int64_t, int64_t) { return true; };
  return Matrix::make(a.size, everywhere, [&](int64_t v, int64_t w) {
    return float_rounded(scale[static_cast<size_t>(v)] * a(v, w) * scale[static_cast<size_t>(w)]);
  });
}

}  // namespace

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result(a.size);
  for (int64_t v = 0; v < a.size; ++v)
    for (int64_t u = 0; u < a.size; ++u)
      if (a(v, u) != 0)
        for (int64_t w = 0; w < a.size; ++w) result(v, w) += a(v, u) * b(u, w);
  return result;
}

Matrix normalized(const Matrix& a, const std::string& normalization) {
  if (normalization == "column") return column_normalized(a);
  if (normalization == "symmetric") return symmetric_normalized(a);
  return a;
}

Matrix outward_links(int64_t joint_count, const std::vector<JointPair>& edges) {
  Matrix links(joint_count);
  for (const auto& [joint, neighbor] : edges) links(joint, neighbor) = 1;
  return links;
}

Matrix links_of(int64_t joint_count, const std::vector<JointPair>& edges) {
  const Matrix out = outward_links(joint_count, edges);
  return Matrix::make(joint_count,
                      [&](int64_t v, int64_t w) { return out(v, w) != 0 || out(w, v) != 0; });
}

Matrix hop_distances(const Matrix& links) {
  Matrix hops(links.size);
  std::fill(hops.values.begin(), hops.values.end(), kFar);
  for (int64_t start = 0; start < links.size; ++start) {
    std::vector<int64_t> reached{start};
    hops(start, start) = 0;
    for (size_t i = 0; i < reached.size(); ++i)
      for (int64_t w = 0; w < links.size; ++w)
        if (links(reached[i], w) != 0 && hops(start, w) == kFar) {
          hops(start, w) = hops(start, reached[i]) + 1;
          reached.push_back(w);
        }
  }
  return hops;
}

Matrix windowed(const Matrix& links, int64_t window) {
  return Matrix::make(links.size * window, [&](int64_t v, int64_t w) {
    return v % links.size == w % links.size || links(v % links.size, w % links.size) != 0;
  });
}

}  // namespace kinegraph::graph_detail
