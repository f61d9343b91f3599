#include "framework/skeleton/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/skeleton/matrix.h"

namespace kinegraph {
namespace {

using graph_detail::hop_distances;
using graph_detail::kFar;
using graph_detail::Matrix;
using graph_detail::normalized;

/// What a partition works on.
struct Graph {
  const Skeleton& skeleton;
  const std::vector<JointPair>& edges;
  const GraphOptions& options;
  std::string normalization;  // resolved

  Matrix links() const { return graph_detail::links_of(skeleton.joint_count(), edges); }
};

/// The joined distances of ST-GCN and P, the normalised matrix of all of them.
struct HopGraph {
  explicit HopGraph(const Graph& graph)
      : size(graph.skeleton.joint_count()), hops(hop_distances(graph.links())), all(size) {
    const GraphOptions& options = graph.options;
    for (double& hop : hops.values)
      if (hop > static_cast<double>(options.max_hop)) hop = kFar;
    for (int64_t hop = 0; hop <= options.max_hop; hop += options.dilation)
      distances.push_back(static_cast<double>(hop));
    const auto is_joined = [&](int64_t v, int64_t w) {
      return std::find(distances.begin(), distances.end(), hops(v, w)) != distances.end();
    };
    all = normalized(Matrix::make(size, is_joined), graph.normalization);
  }

  template <class Select>
  Matrix part(double distance, const Select& select) const {
    return Matrix::make(
        size, [&](int64_t v, int64_t w) { return hops(v, w) == distance && select(v, w); }, all);
  }
  Matrix part(double distance) const {
    return part(distance, [](int64_t, int64_t) { return true; });
  }

  int64_t size;
  Matrix hops;
  Matrix all;
  std::vector<double> distances;
};

std::vector<Matrix> uniform(const Graph& graph) { return {HopGraph(graph).all}; }

std::vector<Matrix> distance(const Graph& graph) {
  const HopGraph hop_graph(graph);
  std::vector<Matrix> parts;
  for (const double hop : hop_graph.distances) parts.push_back(hop_graph.part(hop));
  return parts;
}

std::vector<Matrix> spatial(const Graph& graph) {
  const HopGraph hop_graph(graph);
  const int64_t center = graph.skeleton.center;
  // Distances above max_hop compare equal here, being infinite; this is the published behaviour.
  const auto is_nearer = [&](int64_t v, int64_t w) {
    return hop_graph.hops(v, center) < hop_graph.hops(w, center);
  };
  std::vector<Matrix> parts;
  for (const double hop : hop_graph.distances) {
    parts.push_back(hop_graph.part(hop, [&](int64_t v, int64_t w) { return !is_nearer(v, w); }));
    if (hop > 0) parts.push_back(hop_graph.part(hop, is_nearer));
  }
  return parts;
}

std::vector<Matrix> self_in_out(const Graph& graph) {
  const int64_t size = graph.skeleton.joint_count();
  const Matrix out = graph_detail::outward_links(size, graph.edges);
  const Matrix in = Matrix::make(size, [&](int64_t v, int64_t w) { return out(w, v) != 0; });
  return {Matrix::identity(size), normalized(in, graph.normalization),
          normalized(out, graph.normalization)};
}

std::vector<Matrix> binary(const Graph& graph) {
  return {normalized(graph.links(), graph.normalization)};
}

std::vector<Matrix> k_hop(const Graph& graph) {
  const GraphOptions& options = graph.options;
  const Matrix base = graph_detail::windowed(graph.links(), options.window);
  std::vector<Matrix> scales;
  if (options.disentangled) {
    const Matrix hops = hop_distances(base);
    for (int64_t k = 0; k < options.num_scales; ++k) {
      const auto is_joined = [&](int64_t v, int64_t w) {
        return hops(v, w) == static_cast<double>(k) || (options.self_links && v == w);
      };
      scales.push_back(normalized(Matrix::make(base.size, is_joined), graph.normalization));
    }
    return scales;
  }
  const Matrix step = normalized(base, graph.normalization);
  scales.push_back(Matrix::identity(base.size));
  while (static_cast<int64_t>(scales.size()) < options.num_scales)
    scales.push_back(product(scales.back(), step));
  return scales;
}

struct Partition {
  std::string name;
  std::vector<Matrix> (*build)(const Graph&);
  std::string published_normalization;
  std::vector<std::string> options;  // those that not every partition uses
  bool needs_connection;
};

const std::vector<Partition>& partitions() {
  static const std::vector<std::string> kHopOptions{"max_hop", "dilation"};
  static const std::vector<std::string> kScaleOptions{"num_scales", "disentangled", "self_links",
                                                      "window"};
  static const std::vector<Partition> kPartitions{
      {"uniform", uniform, "column", kHopOptions, true},
      {"distance", distance, "column", kHopOptions, true},
      {"spatial", spatial, "column", kHopOptions, true},
      {"self_in_out", self_in_out, "column", {}, false},
      {"binary", binary, "none", {}, false},
      {"k_hop", k_hop, "symmetric", kScaleOptions, true},
  };
  return kPartitions;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> partitions_with(const std::string& option) {
  std::vector<std::string> names;
  for (const auto& partition : partitions())
    if (contains(partition.options, option)) names.push_back(partition.name);
  return names;
}

/// An option that stands idle is a misunderstanding, so it is refused.
void check_used(const Node& given, const GraphOptions& options, Diagnostics& diagnostics) {
  const Node defaults = Codec<GraphOptions>::write(GraphOptions{}, nullptr);
  for (const auto& [name, key_location, value] : given.entries) {
    const auto users = partitions_with(name);
    if (users.empty() || contains(users, options.partition) ||
        value.scalar == defaults.find(name)->scalar)
      continue;
    diagnostics.error(value.location,
                      fmt::format("'{}' is {}, but partition '{}' does not use it\n  Leave it out, "
                                  "or choose a partition that does: {}.",
                                  name, value.scalar, options.partition, join(users)));
  }
}

void check_combinations(const Location& where, const GraphOptions& options,
                        Diagnostics& diagnostics) {
  if (options.partition == "self_in_out" && options.normalization == "symmetric")
    diagnostics.error(where,
                      "'normalization' is symmetric, but the matrices of partition "
                      "'self_in_out' are one-way\n  Use column or none.");
  if (options.dilation > options.max_hop)
    diagnostics.error(where, fmt::format("'dilation' is {}, above 'max_hop' {}: no joint would be "
                                         "joined to another\n  Raise max_hop to {} at least.",
                                         options.dilation, options.max_hop, options.dilation));
  if (!options.disentangled && !options.self_links)
    diagnostics.error(where,
                      "'self_links' is false, but with 'disentangled' false every joint has "
                      "its self link\n  Leave out self_links.");
}

void check_options(const Skeleton& skeleton, const GraphOptions& options) {
  Diagnostics diagnostics;
  const Location where{fmt::format("graph of skeleton '{}'", skeleton.name), 0, 0};
  Node given = Codec<GraphOptions>::write(options, nullptr);
  for (auto& entry : given.entries) entry.value.location = where;
  GraphOptions ignored;
  read_options(given, ignored, "the graph options", diagnostics);
  diagnostics.throw_if_any();
  check_used(given, options, diagnostics);
  check_combinations(where, options, diagnostics);
  diagnostics.throw_if_any();
}

/// "[nose, neck], [left_ear]": the joints of each connected part.
std::vector<std::string> connected_parts(const Graph& graph) {
  const Matrix hops = hop_distances(graph.links());
  std::vector<std::string> parts;
  for (int64_t v = 0; v < hops.size; ++v) {
    std::vector<std::string> names;
    bool is_first = true;
    for (int64_t w = 0; w < hops.size; ++w) {
      if (hops(v, w) == kFar) continue;
      is_first &= w >= v;
      names.push_back(graph.skeleton.joints[static_cast<size_t>(w)]);
    }
    if (is_first) parts.push_back("[" + join(names) + "]");
  }
  return parts;
}

void check_connected(const Graph& graph) {
  const auto parts = connected_parts(graph);
  if (parts.size() == 1) return;
  throw ConfigError(
      Fault{fmt::format("graph of skeleton '{}', edge set '{}'", graph.skeleton.name,
                        graph.options.edge_set),
            fmt::format("the joints fall into {} unconnected parts: {}", parts.size(), join(parts)),
            fmt::format("one connected graph, as partition '{}' measures distances along the edges",
                        graph.options.partition),
            "Add edges between the parts to the layout, or use partition self_in_out or binary."});
}

}  // namespace

std::vector<std::string> GraphOptions::partition_names() {
  std::vector<std::string> names;
  for (const auto& partition : partitions()) names.push_back(partition.name);
  return names;
}

std::vector<std::string> GraphOptions::normalization_names() {
  return {"published", "none", "column", "symmetric"};
}

Adjacency build_graph(const Skeleton& skeleton, const GraphOptions& options) {
  check_options(skeleton, options);
  const auto& partition = *std::find_if(partitions().begin(), partitions().end(),
                                        [&](const auto& p) { return p.name == options.partition; });
  const bool is_published = options.normalization == "published";
  const Graph graph{skeleton, skeleton.edge_set(options.edge_set), options,
                    is_published ? partition.published_normalization : options.normalization};
  if (partition.needs_connection) check_connected(graph);
  Adjacency adjacency;
  for (const Matrix& matrix : partition.build(graph)) {
    ++adjacency.partitions;
    adjacency.nodes = matrix.size;
    adjacency.values.insert(adjacency.values.end(), matrix.values.begin(), matrix.values.end());
  }
  return adjacency;
}

}  // namespace kinegraph
