// Schedules at exact values, among them those of published recipes.
#include "framework/optim/schedule.h"

#include <cmath>

#include "tests/framework/optim/toy_optimizer.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

std::shared_ptr<Schedule> schedule(const std::string& yaml, int64_t epochs, int64_t iterations) {
  return make_component<Schedule>(yaml, {epochs, iterations});
}

/// Factors at the first and the last iteration of every epoch, where they must agree.
std::vector<double> by_epoch(const std::string& yaml, int64_t epochs) {
  constexpr int64_t kIterations = 7;
  const auto built = schedule(yaml, epochs, kIterations);
  std::vector<double> factors;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    factors.push_back(built->factor(epoch * kIterations));
    EXPECT_EQ(factors.back(), built->factor(epoch * kIterations + kIterations - 1)) << epoch;
  }
  return factors;
}

TEST(Constant, StaysAtTheBaseRate) {
  EXPECT_EQ(by_epoch("constant", 4), std::vector<double>({1, 1, 1, 1}));
}

TEST(Step, DropsEverySoManyEpochs) {
  EXPECT_EQ(by_epoch("{type: step, every: 2, gamma: 0.5}", 6),
            std::vector<double>({1, 1, 0.5, 0.5, 0.25, 0.25}));
}

TEST(MultiStep, DropsAtTheStartOfAMilestone) {
  EXPECT_EQ(by_epoch("{type: multi_step, milestones: [1, 3], gamma: 0.5}", 5),
            std::vector<double>({1, 0.5, 0.5, 0.25, 0.25}));
}

TEST(MultiStep, NeedsMilestones) {
  EXPECT_EQ(thrown_message<ConfigError>([] { schedule("multi_step", 1, 1); }),
            "c.yaml:1:12: missing key 'milestones' in schedule 'multi_step'");
}

struct Recipe {
  std::string name, milestones;
  int64_t epochs;
  std::vector<int64_t> drops;  // 0-based epochs that are the first with a lower rate
};

void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.name; }

/// Tabulated in the configs of the authors; their rule is `epoch >= step` with 0-based epochs.
class PublishedSteps : public testing::TestWithParam<Recipe> {};
INSTANTIATE_TEST_SUITE_P(
    , PublishedSteps,
    testing::Values(Recipe{"stgcn_ntu60", "[10, 50]", 80, {10, 50}},
                    Recipe{"stgcn_kinetics", "[20, 30, 40, 50]", 50, {20, 30, 40}},
                    Recipe{"agcn_ntu60", "[30, 40]", 50, {30, 40}},
                    Recipe{"agcn_kinetics", "[45, 55]", 65, {45, 55}},
                    Recipe{"dualhead_ntu60", "[40, 60, 80]", 120, {40, 60, 80}},
                    Recipe{"ctrgcn_nw_ucla", "[50]", 65, {50}}),
    [](const auto& info) { return info.param.name; });

TEST_P(PublishedSteps, DividesTheRateByTenAtEach) {
  const Recipe& recipe = GetParam();
  const auto factors =
      by_epoch("{type: multi_step, milestones: " + recipe.milestones + "}", recipe.epochs);
  double expected = 1;
  for (int64_t epoch = 0; epoch < recipe.epochs; ++epoch) {
    for (const int64_t drop : recipe.drops)
      if (drop == epoch) expected /= 10;
    EXPECT_DOUBLE_EQ(factors[static_cast<size_t>(epoch)], expected) << epoch;
  }
}

TEST(Cosine, IsThatOfPysklAtEveryIteration) {
  constexpr int64_t kEpochs = 80, kIterations = 313;
  const auto built = schedule("cosine", kEpochs, kIterations);
  for (const int64_t i : {0, 1, 312, 313, 12'520, 25'039})
    EXPECT_DOUBLE_EQ(0.1 * built->factor(i),
                     0.5 * 0.1 * (1 + std::cos(M_PI * double(i) / (kEpochs * kIterations))));
  EXPECT_EQ(built->factor(0), 1);
  EXPECT_DOUBLE_EQ(built->factor(kEpochs * kIterations / 2), 0.5);
  EXPECT_NEAR(built->factor(kEpochs * kIterations), 0, 1e-15);
}

TEST(Cosine, EndsAtTheSmallestFactor) {
  const auto built = schedule("{type: cosine, min_factor: 0.2}", 2, 5);
  EXPECT_EQ(built->factor(0), 1);
  EXPECT_DOUBLE_EQ(built->factor(5), 0.6);
  EXPECT_DOUBLE_EQ(built->factor(10), 0.2);
}

/// CTR-GCN and AAGCN: 0.1 * (e + 1) / 5 in epochs 0-4, then the steps.
TEST(Warmup, ByEpochIsThatOfCtrGcn) {
  const auto factors =
      by_epoch("{type: multi_step, milestones: [35, 55], warmup: {epochs: 5, unit: epoch}}", 65);
  for (size_t epoch = 0; epoch < 5; ++epoch)
    EXPECT_DOUBLE_EQ(0.1 * factors[epoch], 0.1 * double(epoch + 1) / 5);
  EXPECT_EQ(factors[5], 1);
  EXPECT_EQ(factors[34], 1);
  EXPECT_DOUBLE_EQ(factors[35], 0.1);
  EXPECT_DOUBLE_EQ(factors[64], 0.01);
}

TEST(Warmup, ByIterationRisesFromTheStart) {
  const auto built = schedule("{type: constant, warmup: {epochs: 2, start: 0.2}}", 4, 5);
  EXPECT_DOUBLE_EQ(built->factor(0), 0.2);
  EXPECT_DOUBLE_EQ(built->factor(5), 0.6);
  EXPECT_DOUBLE_EQ(built->factor(9), 0.92);
  EXPECT_EQ(built->factor(10), 1);
}

TEST(Warmup, MayEndInsideAnEpoch) {
  const auto built = schedule("{type: constant, warmup: {epochs: 0.5}}", 1, 8);
  EXPECT_EQ(built->factor(0), 0);
  EXPECT_DOUBLE_EQ(built->factor(2), 0.5);
  EXPECT_EQ(built->factor(4), 1);
}

TEST(Warmup, MultipliesStep) {
  const auto built = schedule("{type: step, every: 1, gamma: 0.5, warmup: {epochs: 2}}", 4, 4);
  EXPECT_DOUBLE_EQ(built->factor(2), 0.25);
  EXPECT_DOUBLE_EQ(built->factor(6), 0.5 * 0.75);
  EXPECT_DOUBLE_EQ(built->factor(8), 0.25);
}

TEST(Warmup, MultipliesMultiStep) {
  const auto built =
      schedule("{type: multi_step, milestones: [1], warmup: {epochs: 2, unit: epoch}}", 3, 4);
  EXPECT_DOUBLE_EQ(built->factor(0), 0.5);
  EXPECT_DOUBLE_EQ(built->factor(4), 0.1);
}

TEST(Warmup, MultipliesCosine) {
  const auto built = schedule("{type: cosine, warmup: {epochs: 2}}", 4, 2);
  EXPECT_DOUBLE_EQ(built->factor(2), 0.5 * 0.5 * (1 + std::cos(M_PI / 4)));
  EXPECT_DOUBLE_EQ(built->factor(4), 0.5);
}

}  // namespace
}  // namespace kinegraph
