// Published and executed costs of the models.
#include "framework/model/module_costs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/models/build_model.h"

namespace kinegraph {
namespace {

std::vector<ModuleCost> costs_of(const std::string& backbone, const std::string& skeleton,
                                 int64_t frames, int64_t classes = 60) {
  const bool has_two_heads = backbone.find("dualhead") != std::string::npos;
  const std::string heads =
      has_two_heads ? "{fine: {type: gcn, feature: fine}, coarse: {type: gcn, feature: coarse}}"
                    : "{logits: gcn}";
  const auto context = model_context(skeleton, /*persons=*/2, frames, classes);
  Recognizer model(
      model_options(
          fmt::format("backbone: {{type: {}}}\nheads: {}\nloss: cross_entropy\n", backbone, heads)),
      context);
  return measure_modules(model, context.backbone.inputs);
}

const ModuleCost& row_of(const std::vector<ModuleCost>& rows, const std::string& name) {
  for (const auto& row : rows)
    if (row.name == name) return row;
  throw std::runtime_error("no module " + name);
}

/// In thousandths of 1e9, as the tables are rounded.
int64_t thousandths(int64_t macs) { return std::lround(static_cast<double>(macs) / 1e6); }

/// Multiply-accumulates of one clip of two persons, in 1e6.
struct Published {
  std::string backbone, skeleton;
  int64_t frames, total, graph;  // graph: -1 where it is not published
};

std::ostream& operator<<(std::ostream& out, const Published& published) {
  return out << published.backbone << ", " << published.frames << " frames on "
             << published.skeleton;
}

const std::vector<Published> kPublished{
    {"stgcn", "ntu25", 300, 17093, 864},
    {"stgcn", "ntu25", 100, 5698, -1},
    {"stgcn", "openpose18", 300, 12133, -1},
    {"agcn", "ntu25", 300, 19407, 867},
    {"agcn", "ntu25", 100, 6469, -1},
    {"agcn", "openpose18", 300, 13799, -1},
    {"aagcn", "ntu25", 300, 19414, -1},
    {"aagcn", "ntu25", 100, 6473, -1},
    {"aagcn", "openpose18", 300, 13804, -1},
    {"msg3d", "ntu25", 300, 32772, 8524},
    {"msg3d", "ntu25", 100, 10924, -1},
    {"msg3d, graph_scales: 8, window_scales: 8", "openpose18", 300, 23927, -1},
    {"dualhead", "ntu25", 300, 18937, 5538},
    {"dualhead", "ntu25", 100, 6341, -1},
    {"dualhead, graph_scales: 8, window_scales: 8", "openpose18", 300, 14196, -1},
    {"ctrgcn", "ntu25", 300, 8707, -1},
    {"ctrgcn", "ntu25", 100, 2972, -1},
    {"ctrgcn", "ntu25", 64, 1939, -1},
    {"shiftgcn", "ntu25", 300, 3569, 0}};

class PublishedCost : public testing::TestWithParam<Published> {};

TEST_P(PublishedCost, IsWhatOurLayersState) {
  const Published& published = GetParam();
  const int64_t classes = published.skeleton == "ntu25" ? 60 : 400;
  const auto rows = costs_of(published.backbone, published.skeleton, published.frames, classes);
  const Macs& macs = rows.front().cost.published;
  EXPECT_EQ(thousandths(macs.convolution + macs.graph), published.total);
  if (published.graph < 0) return;  // the source gives the total alone
  EXPECT_EQ(thousandths(macs.graph), published.graph);
}

INSTANTIATE_TEST_SUITE_P(OfTheTables, PublishedCost, testing::ValuesIn(kPublished));

TEST(ModuleCosts, OfTheWholeAreTheSumsOfItsParts) {
  for (const std::string backbone : {"stgcn", "ctrgcn", "dualhead"}) {
    SCOPED_TRACE(backbone);
    const auto rows = costs_of(backbone, "kinect20", /*frames=*/8);
    Cost sum;
    for (const auto& row : rows)
      if (row.depth == 1) sum += row.cost;
    const Cost& whole = rows.front().cost;
    EXPECT_EQ(sum.published.convolution, whole.published.convolution);
    EXPECT_EQ(sum.published.graph, whole.published.graph);
    EXPECT_EQ(sum.executed, whole.executed);
    EXPECT_EQ(sum.peak_bytes, whole.peak_bytes);
  }
}

TEST(ModuleCosts, OfAUnitIsThatOfItsLayers) {
  const auto rows = costs_of("stgcn, channels: [8, 8]", "ntu25", /*frames=*/6);
  const auto& block = row_of(rows, "backbone.st_gcn_networks.1");
  const auto& graph = row_of(rows, "backbone.st_gcn_networks.1.gcn");
  const auto& time = row_of(rows, "backbone.st_gcn_networks.1.tcn");
  constexpr int64_t kRows = 2 * 6 * 25;
  EXPECT_EQ(graph.cost.published.convolution, kRows * 8 * 24);
  EXPECT_EQ(graph.cost.published.graph, kRows * 24 * 25);
  EXPECT_EQ(time.cost.published.convolution, kRows * 8 * 8 * 9);
  EXPECT_EQ(time.cost.executed, kRows * 8 * 8 * 9);
  EXPECT_EQ(block.cost.executed, graph.cost.executed + time.cost.executed);
  EXPECT_EQ(block.parameters, graph.parameters + time.parameters);
  EXPECT_EQ(block.depth, 2u);
  EXPECT_EQ(graph.depth, 3u);
}

TEST(ModuleCosts, CountOnlyTheEdgesThatTheSparseKernelVisits) {
  const auto rows = costs_of("stgcn, channels: [8]", "ntu25", /*frames=*/6);
  constexpr int64_t kRows = 2 * 6 * 25, kEdges = 73;
  constexpr int64_t kSparse = 2 * 6 * kEdges * 3, kBias = 8 * 3 * 25;
  EXPECT_EQ(row_of(rows, "backbone.st_gcn_networks.0.gcn").cost.executed,
            kSparse + kRows * 3 * 24 + kBias);
}

TEST(ModuleCosts, NameEveryOutputOfABackbone) {
  const auto rows = costs_of("dualhead, width: 12", "kinect20", /*frames=*/16);
  const std::vector<std::vector<int64_t>> shapes{{1, 2, 48, 2, 20}, {1, 2, 24, 4, 20}};
  EXPECT_EQ(row_of(rows, "backbone").output_shapes, shapes);
  EXPECT_EQ(row_of(rows, "heads.fine").output_shapes, (std::vector<std::vector<int64_t>>{{1, 60}}));
}

}  // namespace
}  // namespace kinegraph
