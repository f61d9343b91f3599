// `kinegraph describe model`.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

/// The first words of the table's lines, without the line of heads.
std::string names_in(const std::string& text) {
  std::vector<std::string> names;
  bool is_table = false;
  for (const auto& line : split(text, '\n')) {
    if (line.find("parameters") != line.npos)
      is_table = true;
    else if (line.empty())
      is_table = false;
    else if (is_table)
      names.push_back(line.substr(0, line.find(' ', line.find_first_not_of(' '))));
  }
  return join(names, "|");
}

TEST_F(DescribeModel, PrintsATable) {
  const Outcome outcome = run({"--set", "model.backbone.dropout=0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "TABLE");
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
  expect_error(run({"--skeleton", "ntu25", "--frames", "100000", "--persons", "100000"}),
               "out of memory; try a smaller data.batch_size");
}

}  // namespace
}  // namespace kinegraph
