// `list`, `describe` and `config`.
#include <gtest/gtest.h>

#include "framework/base/text.h"
#include "framework/run/experiment.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_experiment.h"

namespace kinegraph {
namespace {

std::string head_of(const std::string& text, size_t lines) {
  size_t end = 0;
  while (lines-- > 0 && end != text.npos) end = text.find('\n', end + 1);
  return text.substr(0, end) + "\n";
}

TEST(List, ShowsEveryKindWithItsComponents) {
  const Outcome outcome = run_program({"list"});
  for (const auto* registry : all_registries()) {
    const size_t at = ("\n" + outcome.out).find("\n" + registry->kind() + "\n");
    ASSERT_NE(at, outcome.out.npos) << registry->kind();
    for (const auto& name : registry->names())
      EXPECT_NE(outcome.out.find("\n  " + name + " ", at), outcome.out.npos) << name;
  }
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST(List, FitsAHundredColumns) {
  for (const auto& line : split(run_program({"list"}).out, '\n')) EXPECT_LE(line.size(), 100u);
}

TEST(List, ShowsOneKindBySingularOrPlural) {
  for (const char* word : {"optimizer", "optimizers"})
    EXPECT_EQ(run_program({"list", word}).out,
              "  adam                  Adam (Kingma & Ba, ICLR 2015)\n"
              "  adamw                 Adam with decoupled weight decay (Loshchilov 2019)\n"
              "  sgd                   stochastic gradient descent with momentum\n");
}

TEST(List, ShowsTheFirstSentenceAboutASkeleton) {
  const Outcome outcome = run_program({"list", "skeletons"});
  EXPECT_NE(outcome.out.find("  kinect20              20 joints: Kinect v1, as in "
                             "Northwestern-UCLA.\n"),
            outcome.out.npos)
      << outcome.out;
}

TEST(List, HintsAtANearKind) {
  const Outcome outcome = run_program({"list", "optimiser"});
  EXPECT_EQ(head_of(outcome.err, 1), "error: no kind 'optimiser'; did you mean 'optimizer'?\n");
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST(Describe, ShowsEveryOption) {
  const Outcome outcome = run_program({"describe", "backbone", "stgcn"});
  EXPECT_EQ(head_of(outcome.out, 11),
            "backbone stgcn\n"
            "  ST-GCN: spatial temporal graph convolutions (Yan et al., AAAI 2018)\n"
            "\n"
            "  options and their defaults:\n"
            "\n"
            "    graph:\n"
            "        partition of the skeleton graph\n"
            "\n"
            "        partition = spatial\n"
            "            which joints a matrix joins\n"
            "            (uniform | distance | spatial | self_in_out | binary | k_hop)\n");
  EXPECT_EQ(outcome.out.substr(outcome.out.find("\n    channels =")),
            "\n"
            "    channels = [64, 64, 64, 64, 128, 128, 128, 256, 256, 256]\n"
            "        width of each block; a block that widens halves the frames\n"
            "        (list of integer, 1..4096)\n"
            "\n"
            "    temporal_kernel = 9\n"
            "        frames of the temporal convolution, odd\n"
            "        (integer, 1..99)\n"
            "\n"
            "    dropout = 0.5\n"
            "        after each temporal convolution but the first block's\n"
            "        (number, 0..1)\n"
            "\n"
            "    edge_importance = true\n"
            "        learn a factor for every edge of every block\n"
            "        (true | false)\n"
            "\n"
            "    init = authors\n"
            "        how weights start. authors: convolutions N(0, 0.02) with bias 0, BatchNorm "
            "N(1, 0.02);\n"
            "        pyskl: LibTorch's own\n"
            "        (authors | pyskl)\n");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST(Describe, ShowsRequiredOptionsWithoutADefault) {
  const Outcome outcome = run_program({"describe", "schedule", "multi_step"});
  EXPECT_EQ(head_of(outcome.out, 8),
            "schedule multi_step\n"
            "  times gamma at each milestone\n"
            "\n"
            "  options and their defaults:\n"
            "\n"
            "    milestones\n"
            "        0-based epochs at whose start the rate drops\n"
            "        (list of integer, >= 0, required)\n");
}

TEST(Describe, ShowsTheJointsOfASkeleton) {
  const Outcome outcome = run_program({"describe", "skeleton", "hand21"});
  EXPECT_EQ(head_of(outcome.out, 6),
            "skeleton hand21\n"
            "  MediaPipe's hand, PYSKL's handmp. One hand has no left and right joints.\n"
            "\n"
            "  joint  name                   parent\n"
            "      0  wrist                  - (the centre)\n"
            "      1  thumb_cmc              wrist\n");
}

TEST(Describe, HintsAtANearName) {
  const Outcome outcome = run_program({"describe", "backbone", "stgnc"});
  EXPECT_EQ(head_of(outcome.err, 1), "error: no backbone 'stgnc'; did you mean 'stgcn'?\n");
  EXPECT_EQ(outcome.exit_code, 2);
}

/// A config with a base and a stream.
class Config : public testing::Test {
 protected:
  Config() {
    folder_.write("base.yaml", tiny_config("store.h5"));
    folder_.write("mine.yaml",
                  "base: base.yaml\n"
                  "train:\n"
                  "  epochs: 9\n"
                  "streams:\n"
                  "  bone: {seed: 77}\n");
  }

  std::string shown(std::vector<std::string> options) const {
    options.insert(options.begin(), {"config", "mine.yaml"});
    const Outcome outcome = run_program(options, folder_.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.out;
  }

  TempDir folder_;
};

TEST_F(Config, ShowsWhereEveryValueComesFrom) {
  const std::string text = shown({"--set", "data.workers=7"});
  for (const char* line :
       {"seed: 5  # base.yaml:1:7\n", "  epochs: 9  # mine.yaml:3:11\n",
        "  workers: 7  # --set data.workers=7\n", "  val_interval: 1  # default\n"})
    EXPECT_NE(text.find(line), text.npos) << line << text;
}

TEST_F(Config, IsPlainWhenAsked) {
  const std::string text = shown({"--plain"});
  EXPECT_EQ(text.find('#'), text.npos);
  EXPECT_NE(text.find("\n  epochs: 9\n"), text.npos);
}

TEST_F(Config, AppliesAStream) {
  EXPECT_EQ(shown({"--plain", "--stream", "bone"}).rfind("seed: 77\n", 0), 0u);
}

}  // namespace
}  // namespace kinegraph
