#include "framework/skeleton/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "framework/base/error.h"
#include "tests/support/paths.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

Skeleton shipped(const std::string& name) {
  return Skeleton::load((source_dir() / "datasets/skeletons" / (name + ".yaml")).string());
}

Skeleton ntu_edge() {
  return Skeleton::load((source_dir() / "tests/data/skeletons/ntu_edge.yaml").string());
}

Skeleton of(const std::string& joints, const std::string& bones, const std::string& center) {
  return Skeleton::parse(
      "name: x\njoints: [" + joints + "]\nbones: [" + bones + "]\ncenter: " + center, "x.yaml");
}

GraphOptions with(const std::string& partition, const std::string& normalization = "published") {
  GraphOptions options;
  options.partition = partition;
  options.normalization = normalization;
  return options;
}

std::vector<int64_t> nonzeros(const Adjacency& graph) {
  std::vector<int64_t> counts;
  const int64_t block = graph.nodes * graph.nodes;
  for (int64_t k = 0; k < graph.partitions; ++k) {
    const auto begin = graph.values.begin() + k * block;
    counts.push_back(block - std::count(begin, begin + block, 0.0));
  }
  return counts;
}

std::vector<double> sums(const Adjacency& graph) {
  std::vector<double> sums(static_cast<size_t>(graph.partitions), 0.0);
  const size_t block = graph.values.size() / sums.size();
  for (size_t i = 0; i < graph.values.size(); ++i) sums[i / block] += graph.values[i];
  return sums;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance) << i;
}

std::string error_of(const Skeleton& skeleton, const GraphOptions& options) {
  return thrown_message<ConfigError>([&] { build_graph(skeleton, options); });
}

using Counts = std::vector<int64_t>;

TEST(Graph, AdjacencyCarriesRowToColumn) {
  const Skeleton one_way = of("child, parent", "[child, parent]", "parent");
  const Adjacency graph = build_graph(one_way, with("self_in_out"));
  EXPECT_EQ(graph.partitions, 3);
  EXPECT_EQ(graph.nodes, 2);
  EXPECT_EQ(graph.values, (std::vector<double>{1, 0, 0, 1,     // itself
                                               0, 0, 1, 0,     // parent to child
                                               0, 1, 0, 0}));  // child to parent
  EXPECT_EQ(graph.at(1, 1, 0), 1);
  EXPECT_EQ(graph.at(2, 0, 1), 1);
}

TEST(Graph, SpatialPutsTheNearerSourceLast) {
  const Skeleton one_way = of("child, parent", "[child, parent]", "parent");
  const Adjacency graph = build_graph(one_way, with("spatial"));
  EXPECT_EQ(graph.values, (std::vector<double>{0.5, 0, 0, 0.5,   // itself
                                               0, 0.5, 0, 0,     // child to parent: from afar
                                               0, 0, 0.5, 0}));  // parent to child
}

TEST(Graph, WindowNodesAreFrameMajor) {
  GraphOptions options = with("k_hop", "none");
  options.window = 2;
  options.num_scales = 2;
  const Adjacency graph = build_graph(of("a, b, c", "[b, a], [c, b]", "a"), options);
  EXPECT_EQ(graph.nodes, 6);
  EXPECT_EQ(graph.at(1, 0, 4), 1);  // a of frame 0, b of frame 1
  EXPECT_EQ(graph.at(1, 0, 3), 1);  // a of frames 0 and 1
  EXPECT_EQ(graph.at(1, 0, 5), 0);
}

TEST(Graph, UniformAndDistanceCounts) {
  const std::map<std::string, std::pair<Skeleton, Counts>> kCounts{
      {"ntu25", {shipped("ntu25"), {25, 48}}},
      {"openpose18", {shipped("openpose18"), {18, 34}}},
      {"ntu_edge", {ntu_edge(), {24, 46}}}};
  for (const auto& [name, expected] : kCounts) {
    const auto& [skeleton, counts] = expected;
    EXPECT_EQ(nonzeros(build_graph(skeleton, with("uniform"))), Counts{counts[0] + counts[1]});
    EXPECT_EQ(nonzeros(build_graph(skeleton, with("distance"))), counts) << name;
  }
}

TEST(Graph, SpatialKeepsThePublishedPeculiarity) {
  const Adjacency ntu = build_graph(shipped("ntu25"), with("spatial"));
  EXPECT_EQ(nonzeros(ntu), (Counts{25, 40, 8}));
  expect_near(sums(ntu), {8.95, 13.30, 2.75}, 1e-9);
  EXPECT_EQ(ntu.at(2, 1, 0), 0.25);
  EXPECT_EQ(ntu.at(2, 2, 3), 0.5);
  for (const int64_t child : {1, 2, 4, 8}) EXPECT_NEAR(ntu.at(2, 20, child), 1.0 / 3, 1e-15);
  const Adjacency openpose = build_graph(shipped("openpose18"), with("spatial"));
  EXPECT_EQ(nonzeros(openpose), (Counts{18, 25, 9}));
  expect_near(sums(openpose), {20.0 / 3, 103.0 / 12, 2.75}, 1e-9);
  const Adjacency bones = build_graph(ntu_edge(), with("spatial"));
  EXPECT_EQ(nonzeros(bones), (Counts{24, 41, 5}));
  expect_near(sums(bones), {8.6167, 13.7667, 1.6167}, 5e-5);
}

TEST(Graph, SpatialSplitsEveryEdgeOnceMaxHopReachesAllJoints) {
  GraphOptions options = with("spatial");
  options.max_hop = 2;
  const Skeleton chain = of("a, b, c", "[b, a], [c, b]", "a");
  EXPECT_EQ(nonzeros(build_graph(chain, options)), (Counts{3, 2, 2, 1, 1}));
}

TEST(Graph, DilationSkipsDistances) {
  GraphOptions options = with("distance", "none");
  options.max_hop = 2;
  options.dilation = 2;
  const Adjacency graph = build_graph(of("a, b, c", "[b, a], [c, b]", "a"), options);
  EXPECT_EQ(nonzeros(graph), (Counts{3, 2}));
  EXPECT_EQ(graph.at(1, 0, 2), 1);
}

TEST(Graph, SelfInOutCounts) {
  const Adjacency ntu = build_graph(shipped("ntu25"), with("self_in_out"));
  EXPECT_EQ(nonzeros(ntu), (Counts{25, 24, 24}));
  expect_near(sums(ntu), {25, 24, 20}, 1e-12);
  for (const int64_t child : {1, 2, 4, 8}) EXPECT_EQ(ntu.at(2, child, 20), 0.25);
  const Adjacency openpose = build_graph(shipped("openpose18"), with("self_in_out"));
  EXPECT_EQ(nonzeros(openpose), (Counts{18, 17, 17}));
  expect_near(sums(openpose), {18, 17, 12}, 1e-12);
}

TEST(Graph, KinectGraphIsThatOfCtrGcn) {
  const Adjacency graph = build_graph(shipped("kinect20"), with("self_in_out"));
  EXPECT_EQ(nonzeros(graph), (Counts{20, 19, 19}));
  expect_near(sums(graph), {20, 19, 15}, 1e-12);
  for (const int64_t child : {1, 3, 4, 8}) EXPECT_EQ(graph.at(2, child, 2), 0.25);
  for (const int64_t child : {12, 16}) EXPECT_EQ(graph.at(2, child, 0), 0.5);
}

TEST(Graph, DisentangledCounts) {
  GraphOptions options = with("k_hop");
  const Adjacency ntu = build_graph(shipped("ntu25"), options);
  EXPECT_EQ(nonzeros(ntu), (Counts{25, 73, 79, 85, 91, 97, 97, 97, 81, 65, 55, 45, 35}));
  expect_near(sums(ntu),
              {25, 24.83012, 24.62929, 24.28907, 24.28074, 24.54893, 24.71587, 24.89477, 24.89952,
               24.90427, 24.9282, 24.95214, 24.97607},
              1e-5);
  options.num_scales = 8;
  const Adjacency openpose = build_graph(shipped("openpose18"), options);
  EXPECT_EQ(nonzeros(openpose), (Counts{18, 52, 58, 70, 80, 78, 58, 34}));
  expect_near(sums(openpose),
              {18, 17.86308, 17.30818, 17.46845, 17.90026, 17.87326, 17.66208, 17.66208}, 1e-5);
}

TEST(Graph, WindowCounts) {
  GraphOptions options = with("k_hop");
  options.num_scales = 6;
  options.window = 3;
  EXPECT_EQ(nonzeros(build_graph(shipped("ntu25"), options)),
            (Counts{75, 657, 561, 615, 669, 723}));
  options.window = 5;
  EXPECT_EQ(nonzeros(build_graph(shipped("ntu25"), options)),
            (Counts{125, 1825, 1475, 1625, 1775, 1925}));
  options.num_scales = 8;
  EXPECT_EQ(nonzeros(build_graph(shipped("openpose18"), options)),
            (Counts{90, 1300, 1090, 1390, 1640, 1590, 1090, 490}));
  options.window = 3;
  EXPECT_EQ(nonzeros(build_graph(shipped("openpose18"), options)),
            (Counts{54, 468, 414, 522, 612, 594, 414, 198}));
}

TEST(Graph, BlazePoseIsConnectedWith39Edges) {
  const Skeleton skeleton = shipped("blazepose33");
  EXPECT_EQ(skeleton.edge_set("default").size(), 39U);
  EXPECT_EQ(nonzeros(build_graph(skeleton, with("binary"))), Counts{78});
  EXPECT_EQ(nonzeros(build_graph(skeleton, with("uniform"))), Counts{33 + 78});
}

TEST(Graph, PysklEdgesOfNtuDifferAtTheHands) {
  GraphOptions options = with("binary");
  const Adjacency plain = build_graph(shipped("ntu25"), options);
  options.edge_set = "pyskl";
  const Adjacency pyskl = build_graph(shipped("ntu25"), options);
  EXPECT_EQ(plain.at(0, 21, 22), 1);
  EXPECT_EQ(pyskl.at(0, 21, 22), 0);
  EXPECT_EQ(pyskl.at(0, 21, 7), 1);
  EXPECT_EQ(pyskl.at(0, 24, 11), 1);
}

TEST(Graph, ColumnsSumToOne) {
  const Adjacency graph = build_graph(shipped("coco17"), with("uniform"));
  for (int64_t w = 0; w < graph.nodes; ++w) {
    double sum = 0;
    for (int64_t v = 0; v < graph.nodes; ++v) sum += graph.at(0, v, w);
    EXPECT_NEAR(sum, 1, 1e-15);
  }
}

TEST(Graph, SymmetricNormalisationIsRoundedToFloatTwice) {
  const Skeleton chain = of("a, b, c", "[b, a], [c, b]", "a");
  const Adjacency graph = build_graph(chain, with("uniform", "symmetric"));
  EXPECT_EQ(graph.at(0, 0, 0), 0x1.fffffep-2);  // float(float(2^-1/2)^2), not 1/2
  EXPECT_EQ(graph.at(0, 0, 1), 0x1.a20bd6p-2);  // float(float(2^-1/2) * float(3^-1/2))
  EXPECT_EQ(graph.at(0, 1, 0), graph.at(0, 0, 1));
}

TEST(Graph, JointsWithoutLinksStayZero) {
  GraphOptions options = with("k_hop");
  options.self_links = false;
  options.num_scales = 3;
  const Adjacency graph = build_graph(of("a, b", "[b, a]", "a"), options);
  EXPECT_EQ(nonzeros(graph), (Counts{2, 2, 0}));
  EXPECT_EQ(graph.at(2, 0, 1), 0);
}

TEST(Graph, PlainScalesArePowers) {
  GraphOptions options = with("k_hop", "none");
  options.disentangled = false;
  options.num_scales = 3;
  const Adjacency graph = build_graph(of("a, b, c", "[b, a], [c, b]", "a"), options);
  EXPECT_EQ(graph.values, (std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1,     // I
                                               1, 1, 0, 1, 1, 1, 0, 1, 1,     // A + I
                                               2, 2, 1, 2, 3, 2, 1, 2, 2}));  // (A + I)^2
}

TEST(Graph, OneJointIsConnected) {
  EXPECT_EQ(build_graph(of("a", "", "a"), with("spatial")).values, (std::vector<double>{1, 0, 0}));
}

TEST(GraphErrors, UnknownNames) {
  EXPECT_EQ(error_of(of("a", "", "a"), with("spacial", "colum")),
            "graph of skeleton 'x': 'partition' is 'spacial'; did you mean 'spatial'?\n"
            "  expected one of: uniform, distance, spatial, self_in_out, binary, k_hop\n"
            "graph of skeleton 'x': 'normalization' is 'colum'; did you mean 'column'?\n"
            "  expected one of: published, none, column, symmetric");
}

TEST(GraphErrors, UnknownEdgeSet) {
  GraphOptions options;
  options.edge_set = "piskl";
  EXPECT_EQ(error_of(shipped("ntu25"), options),
            "skeleton 'ntu25': no edge set 'piskl'; did you mean 'pyskl'?; expected one of: "
            "default, pyskl");
}

TEST(GraphErrors, NumbersOutOfRange) {
  GraphOptions options;
  options.max_hop = 0;
  options.dilation = 65;
  options.num_scales = -1;
  options.window = 26;
  EXPECT_EQ(error_of(of("a", "", "a"), options),
            "graph of skeleton 'x': 'max_hop' is 0; expected 1..64\n"
            "graph of skeleton 'x': 'dilation' is 65; expected 1..64\n"
            "graph of skeleton 'x': 'num_scales' is -1; expected 1..64\n"
            "graph of skeleton 'x': 'window' is 26; expected 1..25");
}

TEST(GraphErrors, OptionsThatThePartitionDoesNotUse) {
  GraphOptions options = with("k_hop");
  options.max_hop = 2;
  EXPECT_EQ(error_of(of("a", "", "a"), options),
            "graph of skeleton 'x': 'max_hop' is 2, but partition 'k_hop' does not use it\n"
            "  Leave it out, or choose a partition that does: uniform, distance, spatial.");
  options = with("binary");
  options.disentangled = false;
  options.window = 3;
  EXPECT_EQ(error_of(of("a", "", "a"), options),
            "graph of skeleton 'x': 'disentangled' is false, but partition 'binary' does not use "
            "it\n  Leave it out, or choose a partition that does: k_hop.\n"
            "graph of skeleton 'x': 'window' is 3, but partition 'binary' does not use it\n"
            "  Leave it out, or choose a partition that does: k_hop.");
}

TEST(GraphErrors, OptionsThatContradict) {
  EXPECT_EQ(error_of(of("a", "", "a"), with("self_in_out", "symmetric")),
            "graph of skeleton 'x': 'normalization' is symmetric, but the matrices of partition "
            "'self_in_out' are one-way\n  Use column or none.");
  GraphOptions options = with("distance");
  options.dilation = 2;
  EXPECT_EQ(error_of(of("a", "", "a"), options),
            "graph of skeleton 'x': 'dilation' is 2, above 'max_hop' 1: no joint would be joined "
            "to another\n  Raise max_hop to 2 at least.");
  options = with("k_hop");
  options.disentangled = options.self_links = false;
  EXPECT_EQ(error_of(of("a", "", "a"), options),
            "graph of skeleton 'x': 'self_links' is false, but with 'disentangled' false every "
            "joint has its self link\n  Leave out self_links.");
}

TEST(GraphErrors, UnconnectedJoints) {
  const Skeleton parts = of("nose, eye, mouth, hip, knee", "[eye, nose], [knee, hip]", "nose");
  for (const std::string partition : {"uniform", "distance", "spatial", "k_hop"})
    EXPECT_EQ(error_of(parts, with(partition)),
              "graph of skeleton 'x', edge set 'default': the joints fall into 3 unconnected "
              "parts: [nose, eye], [mouth], [hip, knee]; expected one connected graph, as "
              "partition '" +
                  partition +
                  "' measures distances along the edges\n"
                  "  Add edges between the parts to the layout, or use partition self_in_out or "
                  "binary.");
  EXPECT_EQ(nonzeros(build_graph(parts, with("binary"))), Counts{4});
  EXPECT_EQ(nonzeros(build_graph(parts, with("self_in_out"))), (Counts{5, 2, 2}));
}

}  // namespace
}  // namespace kinegraph
