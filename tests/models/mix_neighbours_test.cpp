// mix_neighbours(): all K neighbourhoods of a joint, gathered and mixed in one pass.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/layers/graph_conv.h"
#include "tests/support/models/gradients.h"

namespace kinegraph {
namespace {

struct Sizes {
  int64_t clips, subsets, in, out, frames, joints;
};

/// x, A for every clip or for all, weight, bias.
std::vector<at::Tensor> random_case(const Sizes& s, bool is_per_clip, at::ScalarType type) {
  const auto random = [&](at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble).to(type); };
  return {random({s.clips, s.in, s.frames, s.joints}),
          is_per_clip ? random({s.clips, s.subsets, s.joints, s.joints})
                      : random({s.subsets, s.joints, s.joints}),
          random({s.out, s.subsets * s.in}), random({s.joints, s.out})};
}

at::Tensor mixed(const std::vector<at::Tensor>& v) {
  return mix_neighbours(v[0], v[1], v[2], v[3]);
}

at::Tensor definition(const std::vector<at::Tensor>& v) {
  const auto gathered =
      at::einsum(v[1].dim() == 4 ? "nctv,nkvw->nkctw" : "nctv,kvw->nkctw", {v[0], v[1]});
  const auto y = at::conv2d(gathered.flatten(1, 2), v[2].unsqueeze(2).unsqueeze(3));
  return y + v[3].t().unsqueeze(1);
}

/// Several parts of the frames and clips, whole registers and remainders, the least of everything.
void expect_definition(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  for (const bool is_per_clip : {false, true})
    for (const Sizes& sizes : {Sizes{2, 3, 64, 32, 17, 25},
                               {11, 2, 3, 10, 1, 17},
                               {1, 8, 5, 7, 9, 4},
                               {1, 1, 1, 1, 1, 1}})
      expect_alike(mixed, definition, random_case(sizes, is_per_clip, type), tolerance);
}

TEST(MixNeighbours, EqualsAConvolutionOfTheGatheredInFloat64) {
  expect_definition(at::kDouble, 1e-13);
}

TEST(MixNeighbours, EqualsAConvolutionOfTheGatheredInFloat32) {
  expect_definition(at::kFloat, 2e-5);
}

TEST(MixNeighbours, GradientsEqualFiniteDifferences) {
  at::manual_seed(2);
  for (const bool is_per_clip : {false, true})
    expect_numerical_gradients(mixed, random_case({2, 2, 3, 4, 3, 5}, is_per_clip, at::kDouble));
}

TEST(MixNeighbours, GivesTheSameBitsForOneAndTwoThreads) {
  at::manual_seed(3);
  for (const bool is_per_clip : {false, true})
    expect_same_bits_for_two_threads(mixed,
                                     random_case({19, 3, 16, 24, 20, 25}, is_per_clip, at::kFloat));
}

TEST(MixNeighbours, GivesOnlyTheGradientsThatAreAskedFor) {
  at::manual_seed(4);
  auto variables = random_case({2, 2, 3, 4, 3, 5}, false, at::kDouble);
  const auto all = result_and_gradients(mixed, variables);
  variables[2].requires_grad_();
  const auto out = mixed(variables);
  out.sum().backward();
  EXPECT_FALSE(variables[0].grad().defined());
  EXPECT_TRUE(variables[2].grad().defined());
  EXPECT_TRUE(at::equal(out.detach(), all[0]));
}

}  // namespace
}  // namespace kinegraph
