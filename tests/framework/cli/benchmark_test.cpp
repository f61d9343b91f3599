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

class Benchmark : public testing::Test {
 protected:
  Benchmark() {
    TinyStore().write(folder_ / "store.h5");
    folder_.write("tiny.yaml", tiny_config("store.h5"));
  }

  Outcome run(const Words& more) const {
    Words words{"benchmark", "--config", "tiny.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, folder_.path());
  }
  /// With as few rounds as can be.
  Outcome run_once(Words more) const {
    more.insert(more.end(), {"--repeats", "1", "--warm-ups", "0"});
    return run(more);
  }
  json result() const { return json::parse(read_file(folder_ / "result.json")); }

  TempDir folder_;
};

/// "loader 1 2": name, threads, workers.
std::string keys_of(const json& rows) {
  std::vector<std::string> keys;
  for (const auto& row : rows) {
    std::string key = row["name"].get<std::string>() + " " + row["threads"].dump();
    if (row.contains("workers")) key += " " + row["workers"].dump();
    keys.push_back(key);
  }
  return join(keys);
}

TEST_F(Benchmark, MeasuresEveryRowOnTheDataOfTheConfig) {
  const Outcome outcome =
      run_once({"--threads", "1,2", "--workers", "0,2", "--json", "result.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json result = this->result();
  EXPECT_EQ(keys_of(result["rows"]),
            "sgemm 1, sgemm 2, copy 1, copy 2, loader 1 0, loader 1 2, inference 1, inference 2, "
            "train 1, train 2");
  EXPECT_EQ(result["inputs"], json({{"keypoints", {1, 6, 7, 3}}}));
  EXPECT_EQ(result["classes"], 4);
  EXPECT_EQ(result["batch_size"], 8);
  EXPECT_EQ(result["backbone"], "stgcn");
  for (const auto& row : result["rows"]) {
    EXPECT_EQ(row["rates"].size(), 1u);
    EXPECT_GT(row["min"], 0);
    EXPECT_GT(row["idle_mib"], 1);
    EXPECT_GT(row["peak_mib"], row["idle_mib"]);
  }
}

TEST_F(Benchmark, PrintsARowALine) {
  const Outcome outcome = run_once({"--threads", "1", "--workers", "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::vector<std::string> names;
  for (const auto& line : split(outcome.out, '\n')) names.push_back(line.substr(0, line.find(' ')));
  EXPECT_EQ(join(names), ", sgemm, copy, loader, inference, train");
  EXPECT_NE(outcome.err.find("model: stgcn, 4 classes, batch 8, keypoints 1x6x7x3 (M,T,V,C)\n"),
            outcome.err.npos)
      << outcome.err;
}

TEST_F(Benchmark, NeedsNoDataWithAShape) {
  fs::remove(folder_ / "store.h5");
  const Outcome outcome =
      run_once({"--threads", "1", "--skeleton", "coco17", "--frames", "12", "--persons", "3",
                "--channels", "2", "--classes", "5", "--batch", "4", "--json", "result.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(keys_of(result()["rows"]),
            "sgemm 1, copy 1, inference 1, inference, one person 1, train 1");
  EXPECT_EQ(result()["inputs"], json({{"keypoints", {3, 12, 17, 2}}}));
  EXPECT_EQ(result()["classes"], 5);
  EXPECT_EQ(result()["batch_size"], 4);
}

TEST_F(Benchmark, MedianIsOfAllRepeatsAndOfNoWarmUp) {
  const Outcome outcome = run({"--threads", "1", "--skeleton", "coco17", "--frames", "4",
                               "--repeats=4", "--warm-ups=3", "--json", "result.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const auto& row : result()["rows"]) {
    std::vector<double> rates = row["rates"];
    ASSERT_EQ(rates.size(), 4u);
    std::sort(rates.begin(), rates.end());
    EXPECT_EQ(row["min"], rates[0]);
    EXPECT_EQ(row["median"], (rates[1] + rates[2]) / 2);
    EXPECT_EQ(row["max"], rates[3]);
  }
}

TEST_F(Benchmark, ReportsAShapeThatMemoryCannotHold) {
  const Outcome outcome = run_once({"--threads", "1", "--skeleton", "ntu25", "--batch", "100000",
                                    "--frames", "100000", "--persons", "100000"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("error: inference, 1 thread: "), outcome.err.npos) << outcome.err;
}

TEST_F(Benchmark, StopsAtCtrlC) {
  Program program({"benchmark", "--config", "tiny.yaml", "--repeats=100000", "--json=result.json"},
                  folder_.path());
  const auto has_begun = [&] {
    return program.err_so_far().find("machine: ") != std::string::npos;
  };
  ASSERT_TRUE(program.wait_until(has_begun)) << program.err_so_far();
  program.send(SIGINT);
  const Outcome outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_NE(outcome.err.find("\ninterrupted; nothing was written\n"), outcome.err.npos)
      << outcome.err;
  EXPECT_FALSE(fs::exists(folder_ / "result.json"));
}

TEST_F(Benchmark, NeedsAConfig) {
  expect_error(run_program({"benchmark"}),
               "--config FILE is missing\n"
               "  see `kinegraph benchmark --help`");
}

TEST_F(Benchmark, RefusesNumbersOutOfRange) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"frames", "0"}, {"persons", "x"}, {"batch", "3.5"}, {"repeats", "1000000"}};
  for (const auto& [option, value] : bad)
    expect_error(run({"--" + option, value}),
                 "--" + option + " is '" + value + "'; expected a whole number in 1..100000");
}

TEST_F(Benchmark, RefusesBadLists) {
  for (const std::string value : {"0", ",1", "1,x", "2000"})
    expect_error(run({"--threads", value}),
                 "--threads is '" + value + "'; expected whole numbers in 1..1024, such as 1,2");
}

TEST_F(Benchmark, RefusesPartsOfAShapeThatTheDataGive) {
  expect_error(run({"--classes", "60"}),
               "--classes needs --skeleton\n"
               "  Without it the data say that.");
}

TEST_F(Benchmark, RefusesAnUnknownSkeleton) {
  expect_error(run({"--skeleton", "ntu52"}),
               "skeleton 'ntu52': no such layout; did you mean 'ntu25'?; expected one of: "
               "blazepose33, body25, coco17, hand21, kinect20, ntu25, openpose18\n"
               "  A layout of your own is given by its path, such as ./mine.yaml.");
}

}  // namespace
}  // namespace kinegraph
