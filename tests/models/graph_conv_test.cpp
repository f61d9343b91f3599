#include "models/layers/graph_conv.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

/// What aggregate_neighbours() takes, with an upstream gradient.
struct Case {
  at::Tensor x, adjacency, is_edge, upstream;
};

/// A graph of K = 3 subsets in which about a third of the pairs are edges.
Case random_case(at::ScalarType type, int64_t n = 2, int64_t t = 6) {
  at::manual_seed(1);
  constexpr int64_t kChannels = 5, kJoints = 7, kSubsets = 3;
  Case random;
  random.x = at::randn({n, kChannels, t, kJoints}, at::kDouble).to(type);
  random.is_edge = at::rand({kSubsets, kJoints, kJoints}) < 0.35;
  random.adjacency =
      (at::randn({kSubsets, kJoints, kJoints}, at::kDouble) * random.is_edge).to(type);
  random.upstream = at::randn({n, kSubsets * kChannels, t, kJoints}, at::kDouble).to(type);
  return random;
}

struct Result {
  at::Tensor out, grad_x, grad_adjacency;
};

Result run(const Case& given, const at::Tensor& is_edge) {
  const auto x = given.x.clone().requires_grad_();
  const auto adjacency = given.adjacency.clone().requires_grad_();
  const auto out = aggregate_neighbours(x, adjacency, is_edge);
  out.backward(given.upstream);
  return {out.detach(), x.grad(), adjacency.grad()};
}

Result run_sparse(const Case& given) { return run(given, given.is_edge); }
Result run_dense(const Case& given) { return run(given, {}); }

void expect_sparse_equals_dense(at::ScalarType type, double tolerance) {
  const auto given = random_case(type);
  const auto sparse = run_sparse(given), dense = run_dense(given);
  EXPECT_LE(error_of(sparse.out, dense.out), tolerance);
  EXPECT_LE(error_of(sparse.grad_x, dense.grad_x), tolerance);
  EXPECT_LE(error_of(sparse.grad_adjacency, dense.grad_adjacency * given.is_edge), tolerance);
}

TEST(AggregateNeighbours, SparseEqualsDenseInFloat64) {
  expect_sparse_equals_dense(at::kDouble, 1e-12);
}

TEST(AggregateNeighbours, SparseEqualsDenseInFloat32) {
  expect_sparse_equals_dense(at::kFloat, 1e-5);
}

TEST(AggregateNeighbours, GivesTheSumsOfItsDefinition) {
  const auto given = random_case(at::kDouble);
  const auto literal = at::einsum("nctv,kvw->nkctw", {given.x, given.adjacency});
  EXPECT_LE(error_of(run_sparse(given).out, literal.flatten(1, 2)), 1e-12);
  EXPECT_LE(error_of(run_dense(given).out, literal.flatten(1, 2)), 1e-12);
}

TEST(AggregateNeighbours, TakesGraphsOfEveryClip) {
  auto given = random_case(at::kDouble);
  given.adjacency = at::randn({2, 3, 7, 7}, at::kDouble);
  const auto literal = at::einsum("nctv,nkvw->nkctw", {given.x, given.adjacency});
  EXPECT_LE(error_of(run_dense(given).out, literal.flatten(1, 2)), 1e-12);
}

TEST(AggregateNeighbours, EntriesOutsideTheGraphCountAsZero) {
  auto given = random_case(at::kDouble);
  const auto expected = run_sparse(given);
  given.adjacency += 10 * given.is_edge.logical_not();
  const auto actual = run_sparse(given);
  EXPECT_TRUE(at::equal(actual.out, expected.out));
  EXPECT_TRUE(at::equal(actual.grad_x, expected.grad_x));
}

TEST(AggregateNeighbours, EntriesOutsideTheGraphGetNoGradient) {
  const auto given = random_case(at::kDouble);
  const auto outside = run_sparse(given).grad_adjacency.masked_select(given.is_edge.logical_not());
  EXPECT_EQ(outside.abs().max().item<double>(), 0);
}

TEST(AggregateNeighbours, TakesInputInAnyMemoryOrder) {
  auto given = random_case(at::kDouble);
  const auto expected = run_sparse(given);
  given.x = given.x.contiguous(at::MemoryFormat::ChannelsLast);
  given.upstream = given.upstream.contiguous(at::MemoryFormat::ChannelsLast);
  const auto actual = run_sparse(given);
  EXPECT_TRUE(at::equal(actual.out, expected.out));
  EXPECT_TRUE(at::equal(actual.grad_x, expected.grad_x));
  EXPECT_TRUE(at::equal(actual.grad_adjacency, expected.grad_adjacency));
}

TEST(AggregateNeighbours, GivesTheSameBitsForOneAndTwoThreads) {
  const auto given = random_case(at::kFloat, /*n=*/16, /*t=*/64);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto serial = run_sparse(given);
  at::set_num_threads(2);
  const auto parallel = run_sparse(given);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(serial.out, parallel.out));
  EXPECT_TRUE(at::equal(serial.grad_x, parallel.grad_x));
  EXPECT_TRUE(at::equal(serial.grad_adjacency, parallel.grad_adjacency));
}

TEST(AggregateNeighbours, RefusesAGraphOfAnotherNumberOfJoints) {
  const auto given = random_case(at::kFloat);
  const auto x = given.x.narrow(3, 0, 6);
  EXPECT_THROW(aggregate_neighbours(x, given.adjacency, given.is_edge), c10::Error);
}

/// Two joints; the hand hangs on the shoulder. self_in_out: itself, parent to child, child to
/// parent.
at::Tensor one_way_graph() {
  const auto skeleton = Skeleton::parse(
      "name: arm\njoints: [shoulder, hand]\nbones: [[hand, shoulder]]\ncenter: shoulder\n", "arm");
  GraphOptions options;
  options.partition = "self_in_out";
  return to_tensor(build_graph(skeleton, options));
}

TEST(AggregateNeighbours, CarriesFromTheFirstIndexToTheSecond) {
  const auto x = at::tensor({5.0f, 7.0f}).view({1, 1, 1, 2});  // shoulder, hand
  const auto graph = one_way_graph();
  const auto out = aggregate_neighbours(x, graph, graph != 0).view({3, 2});
  EXPECT_TRUE(at::equal(out[0], at::tensor({5.0f, 7.0f}))) << out;
  EXPECT_TRUE(at::equal(out[1], at::tensor({0.0f, 5.0f}))) << out;  // the hand sees the shoulder
  EXPECT_TRUE(at::equal(out[2], at::tensor({7.0f, 0.0f}))) << out;
}

GraphConv random_conv(const Case& given) {
  GraphConv conv(GraphConvOptions{given.x.size(1), /*out_channels=*/4, given.adjacency.size(0)});
  conv->to(given.x.scalar_type());
  return conv;
}

/// Yan et al. 2018, eq. (10), as the published code writes it.
at::Tensor literal_graph_conv(const GraphConv& conv, const Case& given) {
  const int64_t k = given.adjacency.size(0);
  auto y = at::conv2d(given.x, conv->conv->weight, conv->conv->bias);
  y = y.view({y.size(0), k, y.size(1) / k, y.size(2), y.size(3)});
  return at::einsum("nkctv,kvw->nctw", {y, given.adjacency});
}

TEST(GraphConv, EqualsThePublishedEinsumInFloat64) {
  const auto given = random_case(at::kDouble);
  auto conv = random_conv(given);
  const auto expected = literal_graph_conv(conv, given);
  EXPECT_LE(error_of(conv(given.x, given.adjacency, given.is_edge), expected), 1e-12);
}

TEST(GraphConv, EqualsThePublishedEinsumInFloat32) {
  const auto given = random_case(at::kFloat);
  auto conv = random_conv(given);
  const auto expected = literal_graph_conv(conv, given);
  EXPECT_LE(error_of(conv(given.x, given.adjacency, given.is_edge), expected), 1e-5);
}

TEST(GraphConv, GradientsEqualFiniteDifferences) {
  auto given = random_case(at::kDouble, /*n=*/1, /*t=*/3);
  auto conv = random_conv(given);
  given.x.requires_grad_();
  given.adjacency.requires_grad_();
  const auto upstream = at::randn({1, 4, 3, 7}, at::kDouble);
  const auto value = [&] {
    return (conv(given.x, given.adjacency, given.is_edge) * upstream).sum();
  };
  value().backward();
  for (const auto& variable : {given.x, given.adjacency, conv->conv->weight, conv->conv->bias})
    EXPECT_LE(error_of(variable.grad(), numerical_gradient(variable, value)), 1e-8);
}

}  // namespace
}  // namespace kinegraph
