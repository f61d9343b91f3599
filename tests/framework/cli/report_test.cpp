// The page that every run ends with, and the verb that makes it again.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/no_programs.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class Report : public testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& words) const {
    return run_program(words, experiment_.folder().path());
  }
  Outcome train(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"train", "--config", "tiny.yaml",     "--work-dir",
                                   "run",   "--set",    "train.epochs=1"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  nlohmann::json starts(const std::string& dir) const {
    return nlohmann::json::parse(read_file(experiment_ / (dir + "/environment.json")));
  }
  std::string page(const std::string& dir) const {
    return read_file(experiment_ / (dir + "/report.html"));
  }

  TinyExperiment experiment_;
};

TEST_F(Report, IsMadeAgainFromTheFolder) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string first = page("run");
  fs::remove(experiment_ / "run/report.html");
  fs::remove_all(experiment_ / "run/figures");
  const Outcome outcome = run({"report", "run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "report: run/report.html\n");
  EXPECT_EQ(page("run"), first);
  EXPECT_TRUE(fs::exists(experiment_ / "run/figures/confusion_matrix.pdf"));
}

TEST_F(Report, NeedsARun) {
  fs::create_directories(experiment_ / "empty");
  expect_error(run({"report", "empty"}),
               "empty: neither report.json nor log.jsonl in it; expected the folder of a run\n"
               "  `kinegraph train` and `kinegraph test` say at their end where it is.");
}

TEST_F(Report, OfATrainingSaysWhatItWasMadeFrom) {
  ASSERT_EQ(train({"--threads", "1"}).exit_code, 0);
  const auto all = starts("run");
  ASSERT_EQ(all.size(), 1u);
  const auto& start = all[0];
  EXPECT_EQ(start["command"],
            "kinegraph train --config tiny.yaml --work-dir run --set train.epochs=1 --threads 1");
  EXPECT_EQ(start["model"], "stgcn");
  EXPECT_EQ(start["parameters"], "1148");
  EXPECT_EQ(start["device"], "cpu");
  for (const char* key :
       {"date", "compute", "kinegraph", "LibTorch", "compiler", "system", "processor"})
    EXPECT_NE(start.value(key, ""), "") << key;
  ASSERT_EQ(start["data"].size(), 2u);
  EXPECT_EQ(start["data"][0]["use"], "training");
  EXPECT_EQ(start["data"][0]["clips"], 24);
  EXPECT_EQ(start["data"][1]["clips"], 8);
  const std::string hash = start["data"][0]["sha256"];
  EXPECT_EQ(hash.size(), 64u);
  EXPECT_NE(page("run").find(hash), std::string::npos);
}

TEST_F(Report, OfAResumedRunKeepsItsBeginning) {
  ASSERT_EQ(train().exit_code, 0);
  const Outcome outcome = run({"train", "--resume", "run", "--set", "train.epochs=2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("report: run/report.html\n"), outcome.out.npos);
  ASSERT_EQ(starts("run").size(), 2u);
  EXPECT_NE(page("run").find("Earlier starts of this run: 1"), std::string::npos);
  EXPECT_NE(page("run").find("2 epochs"), std::string::npos);
}

TEST_F(Report, OfATestHasNoCurves) {
  ASSERT_EQ(train().exit_code, 0);
  const Outcome outcome = run({"test", "--checkpoint", "run/last.pth", "--work-dir", "tested"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("\nreport: tested/report.html\n"), outcome.out.npos) << outcome.out;
  EXPECT_EQ(page("tested").find("Training curves"), std::string::npos);
  EXPECT_NE(page("tested").find("<svg"), std::string::npos);
  EXPECT_EQ(starts("tested")[0]["checkpoint"], "run/last.pth");
  EXPECT_EQ(starts("tested")[0]["data"][0]["use"], "test");
}

TEST_F(Report, TrainingSucceedsWithoutGnuplot) {
  const Outcome outcome = [this] {
    const NoPrograms none;
    return train();
  }();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: no charts in run/report.html: there is no gnuplot; install "
                             "it, on Debian and Ubuntu with 'apt-get install gnuplot-nox'\n"),
            outcome.err.npos)
      << outcome.err;
  EXPECT_NE(page("run").find("Per class"), std::string::npos);
  EXPECT_EQ(page("run").find("<svg"), std::string::npos);
}

TEST_F(Report, ThatCannotBeMadeDoesNotFailATraining) {
  ASSERT_EQ(train().exit_code, 0);
  fs::remove(experiment_ / "run/report.html");
  fs::create_directories(experiment_ / "run/report.html/in the way");
  const Outcome outcome = run({"train", "--resume", "run", "--set", "train.epochs=2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: no report.html: run/report.html: "), outcome.err.npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("\n  To make it later: kinegraph report run\n"), outcome.err.npos)
      << outcome.err;
  EXPECT_EQ(outcome.out.find("report: "), outcome.out.npos);
}

}  // namespace
}  // namespace kinegraph
