// `kinegraph describe model`.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "framework/base/text.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

class DescribeModel : public testing::Test {
 protected:
  DescribeModel() {
    TinyStore().write(folder_ / "store.h5");
    folder_.write("tiny.yaml", tiny_config("store.h5"));
  }

  Outcome run(const Words& more) const {
    Words words{"describe", "model", "--config", "tiny.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, folder_.path());
  }

  TempDir folder_;
};

/// The first words of the table's lines, without its heads.
std::string names_in(const std::string& text) {
  std::vector<std::string> names;
  bool is_table = false;
  for (const auto& line : split(text, '\n')) {
    if (line.find("MiB") != line.npos)
      is_table = true;
    else if (line.empty())
      is_table = false;
    else if (is_table)
      names.push_back(line.substr(0, line.find(' ', line.find_first_not_of(' '))));
  }
  return join(names, "|");
}

/// The last column depends on LibTorch's own temporary tensors.
std::string without_peaks(const std::string& text) {
  return std::regex_replace(text, std::regex("0\\.[0-9]{2}\n"), "#.##\n");
}

TEST_F(DescribeModel, PrintsATable) {
  const Outcome outcome = run({});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(
      without_peaks(outcome.out),
      "model: stgcn, 4 classes, one clip, keypoints 1x6x7x3 (M,T,V,C)\n"
      "\n"
      "                          output  parameters   conv  graph  published  executed  peak\n"
      "                                               MMAC   MMAC       MMAC      MMAC   MiB\n"
      "model                        1x4       1,148  0.027  0.014      0.041     0.029  #.##\n"
      "  backbone             1x1x8x6x7       1,112  0.027  0.014      0.041     0.029  #.##\n"
      "    st_gcn_networks.0    1x8x6x7         328  0.011  0.007      0.018     0.012  #.##\n"
      "    st_gcn_networks.1    1x8x6x7         448  0.016  0.007      0.023     0.017  #.##\n"
      "  heads.logits               1x4          36  0.000      -      0.000     0.000  #.##\n"
      "\n"
      "published: multiply-accumulates in the order of operations that was published,\n"
      "  of convolutions and linear layers (conv) and of products with graphs (graph)\n"
      "executed: those of this program, in evaluation mode on the CPU\n"
      "peak: the most that activations and other temporary tensors held at once\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(DescribeModel, ShowsAsManyLevelsAsAskedFor) {
  EXPECT_EQ(names_in(run({"--depth", "0"}).out), "model");
  EXPECT_EQ(names_in(run({"--depth", "1"}).out), "model|  backbone|  heads.logits");
  EXPECT_EQ(names_in(run({"--depth", "3"}).out),
            "model|  backbone|    st_gcn_networks.0|      gcn|      tcn|    st_gcn_networks.1|"
            "      gcn|      tcn|  heads.logits");
}

TEST_F(DescribeModel, WritesAllLevelsAsJson) {
  const Outcome outcome = run({"--depth", "0", "--json", "model.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json result = json::parse(read_file(folder_ / "model.json"));
  EXPECT_EQ(result["format"], "kinegraph model description 1");
  EXPECT_EQ(result["inputs"], json({{"keypoints", {1, 6, 7, 3}}}));
  EXPECT_EQ(result["classes"], 4);
  EXPECT_EQ(result["modules"].size(), 9u);
  const json& time = result["modules"][4];
  EXPECT_EQ(time["name"], "backbone.st_gcn_networks.0.tcn");
  EXPECT_EQ(time["outputs"], json::parse("[[1, 8, 6, 7]]"));
  EXPECT_EQ(time["parameters"], 8 * 8 * 3 + 8 + 4 * 8);
  EXPECT_EQ(time["published_macs"], json({{"convolution", 6 * 7 * 8 * 8 * 3}, {"graph", 0}}));
  EXPECT_EQ(time["executed_macs"], 6 * 7 * 8 * 8 * 3);
  EXPECT_GE(time["peak_bytes"], 6 * 7 * 8 * 4);
}

TEST_F(DescribeModel, NeedsNoDataWithAShape) {
  fs::remove(folder_ / "store.h5");
  const Outcome outcome = run({"--skeleton", "coco17", "--frames", "12", "--persons", "3",
                               "--channels", "2", "--classes", "5", "--depth", "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.substr(0, outcome.out.find('\n')),
            "model: stgcn, 5 classes, one clip, keypoints 3x12x17x2 (M,T,V,C)");
}

TEST_F(DescribeModel, NeedsAConfig) {
  expect_error(run_program({"describe", "model"}),
               "--config FILE is missing\n"
               "  see `kinegraph describe --help`");
}

TEST_F(DescribeModel, TakesNoName) {
  expect_error(run({"stgcn"}),
               "'model' takes no name\n"
               "  --config FILE says which model is described.");
}

TEST_F(DescribeModel, RefusesABadDepth) {
  expect_error(run({"--depth=-1"}), "--depth is '-1'; expected a whole number in 0..100000");
}

TEST_F(DescribeModel, RefusesPartsOfAShapeThatTheDataGive) {
  expect_error(run({"--classes", "60"}),
               "--classes needs --skeleton\n"
               "  Without it the data say that.");
}

TEST_F(DescribeModel, KeepsItsOptionsToItself) {
  expect_error(run_program({"describe", "backbone", "stgcn", "--depth", "1"}),
               "--depth goes with `kinegraph describe model`");
}

TEST_F(DescribeModel, ReportsAShapeThatMemoryCannotHold) {
  const Outcome outcome = run(
      {"--skeleton", "ntu25", "--frames", "100000", "--persons", "100000", "--channels", "100000"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  const std::string start =
      "error: the model cannot run on keypoints 100000x100000x25x100000 (M,T,V,C): ";
  EXPECT_EQ(outcome.err.substr(0, start.size()), start);
}

}  // namespace
}  // namespace kinegraph
