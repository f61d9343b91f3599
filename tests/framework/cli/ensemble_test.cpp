// Streams to an ensemble, as a user fuses them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "framework/eval/ensemble.h"
#include "framework/io/hdf5.h"
#include "tests/support/run_program.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class Ensemble : public testing::Test {
 protected:
  Ensemble() {
    write("joint", {0.4f, 0.6f, 0.1f, 0.9f});  // wrong about the first clip
    write("bone", {0.9f, 0.1f, 0.6f, 0.4f});   // wrong about the second
  }

  void write(const std::string& run, const std::vector<float>& values,
             ScoreKind kind = ScoreKind::probabilities) const {
    write_scores(Scores({"a", "b"}, {0, 1}, {"drink", "eat"}, values, kind),
                 folder_ / run / "scores.h5");
  }

  Outcome fuse(std::vector<std::string> words) const {
    words.insert(words.begin(), "ensemble");
    words.insert(words.end(), {"--work-dir", "fused"});
    return run_program(words, folder_.path());
  }

  void expect_fuse_error(const std::vector<std::string>& words, const std::string& message) const {
    expect_error(fuse(words), message);
    EXPECT_FALSE(fs::exists(folder_ / "fused"));
  }

  TempDir folder_;
};

TEST_F(Ensemble, SaysHowEachStreamDoesAndAllTogether) {
  const Outcome outcome = fuse({"joint", "bone/scores.h5"});
  EXPECT_EQ(outcome.out.rfind("stream           weight    top1\n"
                              "joint/scores.h5       1  0.5000\n"
                              "bone/scores.h5        1  0.5000\n"
                              "ensemble                 1.0000\n"
                              "\n"
                              "2 clips, 2 classes\n",
                              0),
            0u)
      << outcome.out;
  EXPECT_NE(
      outcome.out.find("\nfiles in fused: scores.h5, report.json, metrics.csv, per_class.csv\n"),
      outcome.out.npos);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_F(Ensemble, LeavesScoresAndAReport) {
  ASSERT_EQ(fuse({"joint", "bone", "--weights", "3:0.5"}).exit_code, 0);
  const Scores scores = read_scores(folder_ / "fused/scores.h5");
  EXPECT_EQ(scores.kind, ScoreKind::weighted_sum);
  EXPECT_FLOAT_EQ(scores.values[0], 3 * 0.4f + 0.5f * 0.9f);
  const auto file = Hdf5File::open(folder_ / "fused/scores.h5");
  EXPECT_EQ(file.read_attribute<std::string>("/", "streams"), "joint/scores.h5, bone/scores.h5");
  EXPECT_EQ(file.read_attribute<std::string>("/", "weights"), "3, 0.5");
  EXPECT_EQ(file.read_attribute<std::string>("/", "sum_of"), "probabilities");
  const auto report = nlohmann::json::parse(read_file(folder_ / "fused/report.json"));
  EXPECT_EQ(report["metrics"]["top1"]["value"], 0.5);
  const auto starts = nlohmann::json::parse(read_file(folder_ / "fused/environment.json"));
  EXPECT_EQ(starts[0]["streams"], "joint/scores.h5, bone/scores.h5");
  for (const char* name : {"report.html", "metrics.csv", "per_class.csv", "confusion_matrix.csv"})
    EXPECT_TRUE(fs::exists(folder_ / "fused" / name)) << name;
}

TEST_F(Ensemble, TakesCommasBetweenWeights) {
  ASSERT_EQ(fuse({"joint", "bone", "--weights", "2,1"}).exit_code, 0);
  EXPECT_FLOAT_EQ(read_scores(folder_ / "fused/scores.h5").values[0], 2 * 0.4f + 0.9f);
}

TEST_F(Ensemble, SumsLogitsWhereAskedFor) {
  write("joint", {1, -2, 3, 4}, ScoreKind::logits);
  write("bone", {10, 20, 30, 40}, ScoreKind::logits);
  ASSERT_EQ(fuse({"joint", "bone", "--of", "logits"}).exit_code, 0);
  EXPECT_EQ(read_scores(folder_ / "fused/scores.h5").values, std::vector<float>({11, 18, 33, 44}));
}

TEST_F(Ensemble, NeedsTwoStreams) {
  expect_fuse_error({"joint"},
                    "an ensemble takes at least two streams\n  see `kinegraph ensemble --help`");
}

TEST_F(Ensemble, NeedsAWeightForEachStream) {
  expect_fuse_error({"joint", "bone", "--weights", "2:1:1"},
                    "--weights 2:1:1 has 3 factors\n  expected one for each of the 2 streams");
}

TEST_F(Ensemble, RefusesOtherWeights) {
  for (const std::string weight : {"0", "-1", "nan", "inf", "two", "1e999", ""})
    expect_fuse_error({"joint", "bone", "--weights", weight + ":1"},
                      "--weights: '" + weight + "' is no number above 0");
}

TEST_F(Ensemble, KnowsProbabilitiesAndLogits) {
  expect_fuse_error({"joint", "bone", "--of", "logit"},
                    "--of is 'logit'; did you mean 'logits'?\n"
                    "  expected probabilities or logits");
}

TEST_F(Ensemble, NamesAFolderWithoutScores) {
  fs::create_directories(folder_ / "empty");
  expect_fuse_error({"joint", "empty"},
                    "empty/scores.h5: no such file\n"
                    "  Check the path.");
}

TEST_F(Ensemble, NamesStreamsThatDoNotFit) {
  write_scores(Scores({"a", "c"}, {0, 1}, {"drink", "eat"}, {1, 0, 0, 1}),
               folder_ / "bone/scores.h5");
  expect_fuse_error({"joint", "bone"},
                    "bone/scores.h5: clips are missing: 1 (such as b); expected the clips of "
                    "joint/scores.h5\n"
                    "  Test all streams on the same split.");
}

TEST_F(Ensemble, KeepsAnOldFolder) {
  folder_.write("fused/notes.txt", "mine");
  expect_error(fuse({"joint", "bone"}),
               "fused: the folder is not empty; expected a new or empty work folder\n"
               "  Choose another --work-dir. `kinegraph train --resume` goes on with a run.");
}

}  // namespace
}  // namespace kinegraph
