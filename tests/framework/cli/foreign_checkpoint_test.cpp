// Checkpoints of other code as input, and ours as theirs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "framework/run/checkpoint_file.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_training.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Words = std::vector<std::string>;

/// A folder with the data and config of the tiny experiment, an untrained checkpoint of ours and
/// the same as theirs.
class ForeignCheckpoint : public testing::Test {
 protected:
  ForeignCheckpoint() {
    const auto trainer =
        make_trainer(experiment_, "run", {"model.heads.logits={type: gcn, init_std: 1}"});
    write_checkpoint(experiment_ / "ours.pth", trainer->snapshot());
  }

  Outcome run(const Words& words) const { return run_program(words, experiment_.folder().path()); }

  void export_to(const std::string& dialect, const std::string& file = "theirs.pth") const {
    const Outcome outcome = run({"export-checkpoint", "ours.pth", file, "--to", dialect});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }

  nlohmann::json predicted(Words words) const {
    words.insert(words.begin(), "predict");
    words.insert(words.end(), {"store.h5", "--split", "val", "--json", "-"});
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out, nullptr, /*allow_exceptions=*/false);
  }

  TinyExperiment experiment_;
};

TEST_F(ForeignCheckpoint, PredictsAsOursOfTheSameWeights) {
  const auto ours = predicted({"--checkpoint", "ours.pth"});
  for (const char* dialect : {"st_gcn", "pyskl", "mmaction2"}) {
    const std::string file = std::string(dialect) + ".pth";
    export_to(dialect, file);
    const auto theirs = predicted({"--checkpoint", file, "--config", "tiny.yaml"});
    EXPECT_EQ(theirs["classes"], ours["classes"]) << dialect;
    EXPECT_EQ(theirs["clips"], ours["clips"]) << dialect;
  }
}

TEST_F(ForeignCheckpoint, IsTestedAsOursOfTheSameWeights) {
  export_to("pyskl");
  for (const std::string file : {"ours", "theirs"}) {
    const Outcome outcome = run({"test", "--checkpoint", file + ".pth", "--config", "tiny.yaml",
                                 "--split", "val", "--work-dir", file});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  const Scores ours = read_scores(experiment_ / "ours/scores.h5");
  EXPECT_EQ(read_scores(experiment_ / "theirs/scores.h5").values, ours.values);
}

TEST_F(ForeignCheckpoint, SaysWhoseNamesItHas) {
  export_to("pyskl");
  const Outcome outcome =
      run({"predict", "store.h5", "--checkpoint", "theirs.pth", "--config", "tiny.yaml"});
  EXPECT_NE(outcome.err.find("weights: 37 tensors of theirs.pth, named as by pyskl\n"),
            std::string::npos)
      << outcome.err;
}

TEST_F(ForeignCheckpoint, NeedsAConfig) {
  export_to("st_gcn");
  for (const std::string verb : {"test", "predict"}) {
    Words words{verb, "--checkpoint", "theirs.pth"};
    if (verb == "predict") words.emplace_back("store.h5");
    expect_error(run(words),
                 "theirs.pth: a checkpoint of other code, which has no config of ours inside\n"
                 "  --config FILE says which model it is for and how its data are prepared.");
  }
}

TEST_F(ForeignCheckpoint, HintsAtANearDialect) {
  export_to("pyskl");
  expect_error(
      run({"test", "--checkpoint", "theirs.pth", "--config", "tiny.yaml", "--dialect", "pyskel"}),
      "no dialect 'pyskel'; did you mean 'pyskl'?\n"
      "  dialects: agcn, ctrgcn, dualhead, mmaction2, msg3d, pyskl, shiftgcn, st_gcn");
}

TEST_F(ForeignCheckpoint, OfOursHasNoDialect) {
  expect_error(run({"test", "--checkpoint", "ours.pth", "--dialect", "pyskl"}),
               "ours.pth: a checkpoint of Kinegraph, which has no dialect\n"
               "  Leave out the dialect 'pyskl'.");
}

TEST_F(ForeignCheckpoint, LogitsComeWithThePredictions) {
  const auto top = predicted({"--checkpoint", "ours.pth"})["clips"][0]["top"];
  ASSERT_EQ(top.size(), 4u);
  const double ratio = top[0]["probability"].get<double>() / top[1]["probability"].get<double>();
  EXPECT_NEAR(std::exp(top[0]["logit"].get<double>() - top[1]["logit"].get<double>()) / ratio, 1,
              1e-4);
}

TEST_F(ForeignCheckpoint, ExportSaysWhatItWrote) {
  EXPECT_EQ(run({"export-checkpoint", "ours.pth", "theirs.pth", "--to", "pyskl"}).out,
            "39 tensors in theirs.pth, named as by pyskl\n");
  const CheckpointValue root = read_checkpoint_file(experiment_ / "theirs.pth");
  EXPECT_TRUE(root.find("state_dict")->find("cls_head.fc_cls.weight"));
  EXPECT_EQ(*(*root.find("meta")->find("CLASSES")->get<CheckpointList>())[1].get<std::string>(),
            "run");
}

TEST_F(ForeignCheckpoint, ExportKeepsWhatIsThere) {
  experiment_.folder().write("theirs.pth", "mine");
  expect_error(run({"export-checkpoint", "ours.pth", "theirs.pth", "--to", "pyskl"}),
               "theirs.pth: it is there already\n  --force replaces it.");
  EXPECT_EQ(read_file(experiment_ / "theirs.pth"), "mine");
}

TEST_F(ForeignCheckpoint, ExportNamesTheDialectsOfTheBackbone) {
  expect_error(run({"export-checkpoint", "ours.pth", "theirs.pth"}),
               "--to is missing\n  the backbone 'stgcn' is known to: mmaction2, pyskl, st_gcn");
  expect_error(run({"export-checkpoint", "ours.pth", "theirs.pth", "--to", "msg3d"}),
               "the dialect 'msg3d' has no backbone 'stgcn'\n"
               "  it is known to: mmaction2, pyskl, st_gcn");
  EXPECT_FALSE(fs::exists(experiment_ / "theirs.pth"));
}

/// Training that starts from weights; `words` follow.
class LoadFrom : public ForeignCheckpoint {
 protected:
  Outcome train(const Words& more) const {
    Words words{"train",          "--config", "tiny.yaml",
                "--work-dir",     "tuned",    "--set",
                "train.epochs=1", "--set",    "train.optimizer.learning_rate=0"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  /// Names of parameters that training without a learning rate left as those of ours.pth.
  int64_t parameters_kept() const {
    const Checkpoint before = read_checkpoint(experiment_ / "ours.pth");
    const Checkpoint after = read_checkpoint(experiment_ / "tuned/last.pth");
    int64_t count = 0;
    for (size_t i = 0; i < before.model.size(); ++i)
      if (before.model[i].first.find("weight") != std::string::npos)
        count += at::equal(before.model[i].second, after.model[i].second);
    return count;
  }
};

TEST_F(LoadFrom, StartsFromTheWeights) {
  export_to("pyskl");
  for (const std::string file : {"ours.pth", "theirs.pth"}) {
    fs::remove_all(experiment_ / "tuned");
    const Outcome outcome = train({"--load-from", file, "--set", "seed=77"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(parameters_kept(), 10) << file;
  }
}

TEST_F(LoadFrom, PartiallySaysWhatItLeftOut) {
  const Words wider{"--load-from", "ours.pth", "--set", "model.backbone.channels=[8, 12]"};
  Words partial = wider;
  partial.emplace_back("--partial");
  const Outcome refused = train(wider);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("tensors do not fit the model:\n"), std::string::npos) << refused.err;
  EXPECT_FALSE(fs::exists(experiment_ / "tuned"));
  const Outcome outcome = train(partial);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("weights: 25 tensors of ours.pth\n"
                             "left out: 20 tensors do not fit the model:\n"),
            std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("networks.1.gcn.conv.bias is (24), the model has (36)\n"),
            std::string::npos)
      << outcome.err;
}

TEST_F(LoadFrom, IsAKeyOfTheConfig) {
  const Outcome outcome = train({"--set", "load_from={checkpoint: absent.pth}"});
  expect_error(outcome,
               "absent.pth: cannot open it: No such file or directory\n"
               "  Check the path and the permissions.");
}

TEST_F(LoadFrom, IsNoOptionOfAResumedRun) {
  expect_error(run({"train", "--resume", "ours.pth", "--load-from", "ours.pth"}),
               "--resume takes the config and the folder of the run it goes on with; leave out "
               "--load-from\n  --set changes values of the config");
}

}  // namespace
}  // namespace kinegraph
