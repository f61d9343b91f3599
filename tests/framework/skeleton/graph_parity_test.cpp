// Every graph of the published code (shared/golden/graphs.h5) against build_graph().

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <regex>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/io/hdf5.h"
#include "framework/skeleton/graph.h"
#include "framework/skeleton/skeleton.h"
#include "tests/support/golden.h"
#include "tests/support/parity_log.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// What a data set holds, from its path "/<repo>/<layout>/<graph>".
struct Case {
  std::string repo, layout, graph;

  explicit Case(const std::string& path) {
    const auto words = split(path.substr(1), '/');
    repo = words.at(0);
    layout = words.at(1);
    graph = join({words.begin() + 2, words.end()}, "/");
  }

  bool is_pyskl() const { return repo == "pyskl" || repo == "mmaction2"; }

  Skeleton skeleton() const {
    static const std::map<std::string, std::string> kFiles{
        {"ntu-rgb+d", "ntu25"},     {"ntu_rgb_d", "ntu25"},     {"nturgb+d", "ntu25"},
        {"openpose", "openpose18"}, {"kinetics", "openpose18"}, {"coco", "coco17"},
        {"handmp", "hand21"}};
    const fs::path root = source_dir();
    if (layout == "ntu_edge")
      return Skeleton::load((root / "tests/data/skeletons/ntu_edge.yaml").string());
    return Skeleton::load((root / "datasets/skeletons" / (kFiles.at(layout) + ".yaml")).string());
  }

  std::string edge_set() const {
    return is_pyskl() && layout == "nturgb+d" ? "pyskl" : Skeleton::kDefaultEdgeSet;
  }

  /// Why a data set is left out, or "".
  std::string exclusion() const {
    if (repo == "DualHead-Network" && graph.rfind("dicentered_k_adjacency_", 0) == 0)
      return "no model reads these experiments of DualHead's graph tools; the first averages walk "
             "counts over the hops, the rules of the other two are not clear from their values";
    return "";
  }

  /// No value when the data set is unknown.
  std::optional<GraphOptions> options() const {
    auto found = is_pyskl() ? pyskl_options() : plain_options();
    if (found) found->edge_set = edge_set();
    return found;
  }

 private:
  std::optional<GraphOptions> pyskl_options() const {
    GraphOptions options;
    std::smatch match;
    if (std::regex_match(graph, match, std::regex("stgcn_spatial/hop(\\d+)"))) {
      options.partition = "spatial";
      options.max_hop = std::stoll(match[1]);
    } else if (graph == "spatial/hop1") {
      options.partition = "self_in_out";
    } else if (graph == "binary_adj/hop1") {
      options.partition = "binary";
    } else if (std::regex_match(graph, match,
                                std::regex("msg3d(?:_window(\\d+))?_scales_(\\d+)"))) {
      options.partition = "k_hop";
      options.normalization = "column";
      options.window = match[1].matched ? std::stoll(match[1]) : 1;
      options.num_scales = std::stoll(match[2]);
    } else {
      return std::nullopt;
    }
    return options;
  }

  std::optional<GraphOptions> plain_options() const {
    GraphOptions options;
    std::smatch match;
    if (repo == "st-gcn" &&
        std::regex_match(graph, match,
                         std::regex("(uniform|distance|spatial)/hop(\\d+)_dil(\\d+)"))) {
      options.partition = match[1];
      options.max_hop = std::stoll(match[2]);
      options.dilation = std::stoll(match[3]);
    } else if (repo == "2s-AGCN" && graph == "spatial") {
      options.partition = "self_in_out";
    } else if (repo == "MS-G3D" || repo == "DualHead-Network") {
      return ms_g3d_options();
    } else {
      return std::nullopt;
    }
    return options;
  }

  std::optional<GraphOptions> ms_g3d_options() const {
    GraphOptions options;
    options.partition = "binary";
    if (graph == "A_binary") return options;
    options.normalization = "symmetric";
    if (graph == "A_normalized") return options;
    options.partition = "uniform";
    options.normalization = "none";
    if (graph == "A_binary_with_I") return options;
    options.partition = "k_hop";
    std::smatch match;
    if (std::regex_match(graph, match, std::regex("k_adjacency_0\\.\\.(\\d+)(_with_self)?"))) {
      options.num_scales = std::stoll(match[1]) + 1;
      options.self_links = match[2].matched;
      return options;
    }
    options.normalization = "published";
    if (std::regex_match(graph, match, std::regex("A_powers_(disentangled|plain)_(\\d+)"))) {
      options.disentangled = match[1] == "disentangled";
      options.num_scales = std::stoll(match[2]);
      return options;
    }
    if (std::regex_match(graph, match, std::regex("G3D_window(\\d+)_A_scales_(\\d+)"))) {
      options.window = std::stoll(match[1]);
      options.num_scales = std::stoll(match[2]);
      return options;
    }
    return std::nullopt;
  }
};

/// Pairs of two different joints in text such as "[[0, 1], [1, 1]]", sorted.
std::vector<JointPair> edges_in(const std::string& text) {
  static const std::regex kPair("\\[(\\d+), (\\d+)\\]");
  std::vector<JointPair> edges;
  for (std::sregex_iterator it(text.begin(), text.end(), kPair), end; it != end; ++it)
    if ((*it)[1] != (*it)[2]) edges.emplace_back(std::stoll((*it)[1]), std::stoll((*it)[2]));
  std::sort(edges.begin(), edges.end());
  return edges;
}

void expect_same_layout(const Hdf5File& file, const std::string& path, const Case& golden,
                        const Skeleton& skeleton) {
  for (const std::string name : {"edges", "inward"})
    if (file.has_attribute(path, name)) {
      EXPECT_EQ(skeleton.edge_set(golden.edge_set()),
                edges_in(file.read_attribute<std::string>(path, name)));
    }
  if (file.has_attribute(path, "center")) {
    EXPECT_EQ(skeleton.center, std::stoll(file.read_attribute<std::string>(path, "center")));
  }
}

/// A data set is (K, V, V), or (V, V) for K = 1, or (K * V, V).
void expect_same_values(const Hdf5File& file, const std::string& path, const Adjacency& graph) {
  const auto golden = file.read<double>(path);
  ASSERT_EQ(golden.values.size(), graph.values.size());
  ASSERT_EQ(golden.shape.back(), graph.nodes);
  const double tolerance = file.inspect(path).type == ElementType::float64 ? 1e-12 : 1e-6;
  int64_t wrong = 0;
  for (size_t i = 0; i < golden.values.size(); ++i)
    wrong += !(std::abs(golden.values[i] - graph.values[i]) <= tolerance);  // true for NaN
  EXPECT_EQ(wrong, 0) << "of " << golden.values.size() << " values";
}

TEST(GraphParity, EveryPublishedGraphIsReproduced) {
  const fs::path path = shared_dir() / "golden" / "graphs.h5";
  if (!fs::exists(path)) GTEST_SKIP() << "no " << path << "; set KINEGRAPH_SHARED_DIR";
  const Hdf5File file = Hdf5File::open(path);
  int ran = 0, skipped = 0;
  for (const auto& dataset : datasets_below(file)) {
    SCOPED_TRACE(dataset);
    const Case golden(dataset);
    if (!golden.exclusion().empty()) {
      ++skipped;
      std::cout << dataset << " is excluded: " << golden.exclusion() << "\n";
      continue;
    }
    const auto options = golden.options();
    if (!options) {
      ADD_FAILURE() << "this data set is mapped to no graph options";
      continue;
    }
    const Skeleton skeleton = golden.skeleton();
    expect_same_layout(file, dataset, golden, skeleton);
    expect_same_values(file, dataset, build_graph(skeleton, *options));
    ++ran;
  }
  EXPECT_GT(ran, 0);
  log_parity("graphs", ran, /*pending=*/0, skipped);
}

}  // namespace
}  // namespace kinegraph
