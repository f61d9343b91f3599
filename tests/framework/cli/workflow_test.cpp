// From a config to scores, as a user does it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "framework/base/text.h"
#include "framework/eval/scores.h"
#include "framework/run/checkpoint.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class Workflow : public testing::Test {
 protected:
  Workflow() {
    TinyStore().write(folder_ / "store.h5");
    folder_.write("configs/toy/tiny.yaml",
                  tiny_config("store.h5") + "streams:\n  bone: {seed: 6}\n  joint: {}\n");
  }

  Outcome run(const std::vector<std::string>& words) const {
    return run_program(words, folder_.path());
  }

  Outcome train(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"train", "--config", "configs/toy/tiny.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  std::vector<std::string> files_of(const std::string& dir) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ / dir))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  TempDir folder_;
};

TEST_F(Workflow, TrainLeavesAllFilesOfARun) {
  const Outcome outcome = train({"--work-dir", "run"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(join(files_of("run")),
            "best.pth, config.yaml, confusion_matrix.csv, environment.json, figures, last.pth, "
            "log.jsonl, metrics.csv, per_class.csv, report.html, report.json");
  for (const auto& line : split(read_file(folder_ / "run/log.jsonl"), '\n'))
    EXPECT_TRUE(nlohmann::json::parse(line).contains("event")) << line;
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_ / "run/report.json"))["clips"], 8);
  EXPECT_EQ(read_checkpoint(folder_ / "run/last.pth").state.epoch, 3);
}

TEST_F(Workflow, TrainSaysAtItsBeginningWhatItTrains) {
  const std::string text = train({"--work-dir", "run", "--threads", "1"}).err;
  EXPECT_NE(text.find("model: stgcn, 1148 parameters, on cpu\n"
                      "data: 24 clips to train on, 8 to validate on, 4 classes, skeleton tiny, "
                      "keypoints 1x6x7x3 (M,T,V,C)\n"
                      "run: run\n"
                      "compute: 1 threads (OpenMP), "),
            text.npos)
      << text;
}

TEST_F(Workflow, TrainSaysAtItsEndHowToTest) {
  const std::string text = train({"--work-dir", "my run"}).out;
  EXPECT_NE(text.find("\nfiles in my run: best.pth, last.pth, config.yaml, log.jsonl, "
                      "report.json\n"
                      "to test the best: kinegraph test --checkpoint 'my run/best.pth'\n"
                      "report: my run/report.html\n"),
            text.npos)
      << text;
}

TEST_F(Workflow, RunsAreNamedAfterTheConfig) {
  ASSERT_EQ(train({"--set", "train.epochs=1"}).exit_code, 0);
  ASSERT_EQ(train({"--set", "train.epochs=1"}).exit_code, 0);
  EXPECT_EQ(files_of("runs"), std::vector<std::string>{"toy_tiny"});
  EXPECT_EQ(files_of("runs/toy_tiny").size(), 2u);
}

TEST_F(Workflow, StreamsGetARunEach) {
  const Outcome outcome =
      train({"--set", "train.epochs=1", "--streams", "joint,bone", "--work-dir", "both"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(files_of("both"), std::vector<std::string>({"bone", "joint"}));
  EXPECT_NE(read_file(folder_ / "both/bone/config.yaml").find("seed: 6\n"), std::string::npos);
}

TEST_F(Workflow, AMisspeltStreamStopsBeforeAnyTraining) {
  const Outcome outcome = train({"--streams", "joint,boen", "--work-dir", "both"});
  expect_error(outcome,
               "no stream 'boen' in this config; did you mean 'bone'?\n"
               "  its streams: bone, joint");
  EXPECT_FALSE(fs::exists(folder_ / "both"));
}

TEST_F(Workflow, TestNeedsOnlyTheCheckpoint) {
  ASSERT_EQ(train({"--work-dir", "run"}).exit_code, 0);
  const Outcome outcome = run({"test", "--checkpoint", "run/last.pth", "--work-dir", "tested"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(join(files_of("tested")),
            "config.yaml, confusion_matrix.csv, environment.json, figures, metrics.csv, "
            "per_class.csv, report.html, report.json, scores.h5");
  const Scores scores = read_scores(folder_ / "tested/scores.h5");
  EXPECT_EQ(scores.num_clips(), 8);
  EXPECT_EQ(scores.class_names, TinyStore().classes);
  const auto trained = nlohmann::json::parse(read_file(folder_ / "run/report.json"));
  const auto tested = nlohmann::json::parse(read_file(folder_ / "tested/report.json"));
  EXPECT_EQ(trained["scores_sha256"], tested["scores_sha256"]);
}

TEST_F(Workflow, TestTakesAnotherSplitAndConfig) {
  ASSERT_EQ(train({"--work-dir", "run", "--set", "train.epochs=1"}).exit_code, 0);
  const Outcome outcome =
      run({"test", "--checkpoint", "run/best.pth", "--config", "configs/toy/tiny.yaml", "--split",
           "train", "--work-dir", "tested"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(read_scores(folder_ / "tested/scores.h5").num_clips(), 24);
}

TEST_F(Workflow, TestsAreNamedAfterTheRun) {
  ASSERT_EQ(train({"--set", "train.epochs=1"}).exit_code, 0);
  const std::string run_dir = "runs/toy_tiny/" + files_of("runs/toy_tiny").front();
  ASSERT_EQ(run({"test", "--checkpoint", run_dir + "/best.pth"}).exit_code, 0);
  EXPECT_EQ(files_of("runs"), std::vector<std::string>({"toy_tiny", "toy_tiny-test"}));
}

TEST_F(Workflow, AFinishedRunHasNothingToGoOnWith) {
  ASSERT_EQ(train({"--work-dir", "run", "--set", "train.epochs=1"}).exit_code, 0);
  const std::string weights = read_file(folder_ / "run/last.pth");
  const Outcome outcome = run({"train", "--resume", "run"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("run/last.pth: all 1 epochs are done; to train longer, add --set "
                             "train.epochs=N\n"),
            outcome.err.npos);
  EXPECT_EQ(read_file(folder_ / "run/last.pth"), weights);
}

TEST_F(Workflow, AFinishedRunGoesOnWithMoreEpochs) {
  ASSERT_EQ(train({"--work-dir", "run", "--set", "train.epochs=1"}).exit_code, 0);
  const Outcome outcome = run({"train", "--resume", "run", "--set", "train.epochs=2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("going on after 1 epochs and 0 batches, iteration 3\n"),
            outcome.err.npos);
  EXPECT_EQ(read_checkpoint(folder_ / "run/last.pth").state.epoch, 2);
  EXPECT_NE(read_file(folder_ / "run/config.yaml").find("epochs: 2\n"), std::string::npos);
}

TEST_F(Workflow, ImportOfAFormatWithoutSourceTakesTheStoreAlone) {
  const Outcome outcome =
      run({"import", "synthetic", "made/made.h5", "--set", "subjects=3", "--set", "repetitions=1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("clips      126\n"), outcome.out.npos) << outcome.out;
  EXPECT_EQ(files_of("made"), std::vector<std::string>{"made.h5"});
}

class Interrupt : public Workflow, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(, Interrupt, testing::Values(SIGINT, SIGTERM));

TEST_P(Interrupt, SavesAndSaysHowToGoOn) {
  Program program({"train", "--config", "configs/toy/tiny.yaml", "--work-dir", "run", "--set",
                   "train.epochs=100000"},
                  folder_.path());
  ASSERT_TRUE(program.wait_until([&] { return fs::exists(folder_ / "run/last.pth"); }));
  program.send(GetParam());
  const Outcome outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_NE(outcome.err.find("; saved in run/last.pth\n"
                             "to go on: kinegraph train --resume run\n"),
            outcome.err.npos)
      << outcome.err;
  const TrainingState state = read_checkpoint(folder_ / "run/last.pth").state;
  EXPECT_GT(state.iteration, 0);
  const std::string epochs = "train.epochs=" + std::to_string(state.epoch + 2);
  const Outcome resumed = run({"train", "--resume", "run", "--set", epochs});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(read_checkpoint(folder_ / "run/last.pth").state.epoch, state.epoch + 2);
}

}  // namespace
}  // namespace kinegraph
