// Predictions for clips that nobody has labelled, with nothing but a checkpoint.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "framework/base/text.h"
#include "framework/run/scoring.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_training.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Words = std::vector<std::string>;

/// A folder with best.pth and nothing else that its training had.
class Predict : public testing::Test {
 protected:
  Predict() { write_checkpoint_for({}); }

  /// Untrained, but far from uniform.
  void write_checkpoint_for(const TinyStore& store, const Overrides& overrides = {}) {
    const TinyExperiment experiment(store);
    Overrides all{"model.heads.logits={type: gcn, init_std: 1}"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    const auto trainer = make_trainer(experiment, "run", all);
    write_checkpoint(folder_ / "best.pth", trainer->snapshot());
    scores_ = std::make_unique<Scores>(
        softmax(score_clips(*trainer->parts().model, *trainer->parts().val_loader, {})));
  }

  Outcome predict(const Words& more) const {
    Words words{"predict", "--checkpoint", "best.pth"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, folder_.path());
  }

  nlohmann::json predicted(Words more) const {
    more.insert(more.end(), {"--json", "-"});
    const Outcome outcome = predict(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out, nullptr, /*allow_exceptions=*/false);
  }

  /// Clips without labels, in a store without classes.
  static TinyStore unlabelled() {
    TinyStore store;
    store.clips = 3;
    store.has_labels = false;
    store.classes = {};
    store.splits = {};
    return store;
  }

  TempDir folder_;
  std::unique_ptr<Scores> scores_;  // of the split "val" of the usual store
};

TEST_F(Predict, GivesTheScoresOfTheModel) {
  TinyStore().write(folder_ / "store.h5");
  const auto json = predicted({"store.h5", "--split", "val", "--top-k", "4"});
  EXPECT_EQ(json["checkpoint"], "best.pth");
  EXPECT_EQ(json["classes"], nlohmann::json(TinyStore().classes));
  ASSERT_EQ(json["clips"].size(), 8u);
  for (int64_t clip = 0; clip < 8; ++clip) {
    const auto& found = json["clips"][clip];
    EXPECT_EQ(found["id"], scores_->ids[clip]);
    const auto order = top_k(*scores_, clip, 4);
    ASSERT_EQ(found["top"].size(), 4u);
    for (size_t rank = 0; rank < 4; ++rank) {
      EXPECT_EQ(found["top"][rank]["index"], order[rank]);
      EXPECT_EQ(found["top"][rank]["class"], scores_->class_names[order[rank]]);
      EXPECT_NEAR(found["top"][rank]["probability"], scores_->row(clip)[order[rank]], 1e-6);
    }
  }
}

TEST_F(Predict, NeedsNoLabelsAndNoClasses) {
  unlabelled().write(folder_ / "new.h5");
  const Outcome outcome = predict({"new.h5", "--top-k", "2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = split(outcome.out, '\n');
  ASSERT_EQ(lines.size(), 4u) << outcome.out;
  EXPECT_EQ(lines[0].substr(0, 4), "clip");
  EXPECT_EQ(lines[0].substr(lines[0].size() - 5), "top 2");
  for (int i = 0; i < 3; ++i) {
    std::istringstream words(lines[i + 1]);
    std::string id, first, second;
    double high = 0, low = 0;
    words >> id >> first >> high >> second >> low;
    EXPECT_EQ(id, "clip0" + std::to_string(i));
    EXPECT_GE(high, low);
    EXPECT_GT(low, 0);
    EXPECT_LE(high + low, 1.0001);
    for (const auto& name : {first, second}) {
      const auto classes = TinyStore().classes;
      EXPECT_NE(std::find(classes.begin(), classes.end(), name), classes.end()) << name;
    }
  }
}

TEST_F(Predict, TakesEveryClipWithoutASplit) {
  TinyStore().write(folder_ / "store.h5");
  EXPECT_EQ(predicted({"store.h5"})["clips"].size(), 32u);
}

TEST_F(Predict, GivesAllClassesWhereThereAreFewer) {
  unlabelled().write(folder_ / "new.h5");
  EXPECT_EQ(predicted({"new.h5", "--top-k", "100"})["clips"][0]["top"].size(), 4u);
}

TEST_F(Predict, WritesJsonToAFile) {
  unlabelled().write(folder_ / "new.h5");
  const Outcome outcome = predict({"new.h5", "--json", "out/new.json"});
  EXPECT_EQ(outcome.out, "predictions of 3 clips in out/new.json\n") << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_ / "out/new.json"))["clips"].size(), 3u);
}

TEST_F(Predict, KeepsTheNumberOfPersonsOfTheTraining) {
  TinyStore pairs;
  pairs.persons = 2;
  write_checkpoint_for(pairs);
  unlabelled().write(folder_ / "new.h5");
  EXPECT_EQ(predicted({"new.h5"})["clips"].size(), 3u);
  EXPECT_NE(predict({"new.h5"}).err.find("keypoints 2x6x7x3 (M,T,V,C)\n"), std::string::npos);
}

TEST_F(Predict, TakesOverridesOfTheConfig) {
  unlabelled().write(folder_ / "new.h5");
  const Outcome outcome = predict({"new.h5", "--set", "data.val.pipeline.0.num_frames=4"});
  EXPECT_NE(outcome.err.find("keypoints 1x4x7x3 (M,T,V,C)\n"), std::string::npos) << outcome.err;
}

TEST_F(Predict, RefusesAnotherSkeleton) {
  TinyStore store = unlabelled();
  store.skeleton = shipped_skeleton("kinect20");
  store.write(folder_ / "new.h5");
  expect_error(predict({"new.h5"}),
               "best.pth: trained on the skeleton 'tiny' (7 joints); expected 'kinect20' (20 "
               "joints), as in new.h5\n"
               "  Use data of the same skeleton.");
}

TEST_F(Predict, RefusesOtherChannels) {
  TinyStore flat;
  flat.channels = "xy";
  write_checkpoint_for(flat, {"data.train.pipeline=[{type: select_frames, num_frames: 6}]"});
  unlabelled().write(folder_ / "new.h5");
  expect_error(predict({"new.h5"}),
               "new.h5: the pipeline gives keypoints 1x6x7x3 (M,T,V,C); expected the persons and "
               "channels that best.pth was trained on, 1x6x7x2 (M,T,V,C)\n"
               "  Use data of the same kind.");
}

TEST_F(Predict, RefusesAnEmptySplit) {
  TinyStore().write(folder_ / "store.h5");
  expect_error(predict({"store.h5", "--split", "empty"}),
               "store.h5: the split has no clips; expected at least one clip\n"
               "  Choose another split; the config's 'split' names it.");
}

TEST_F(Predict, RefusesASplitThatIsNotThere) {
  TinyStore().write(folder_ / "store.h5");
  expect_error(predict({"store.h5", "--split", "vali"}),
               "store.h5: no split 'vali'; did you mean 'val'?; expected one of empty, few, train, "
               "val\n"
               "  Choose a split that the store has.");
}

TEST_F(Predict, RefusesASourceThatIsNotThere) {
  expect_error(predict({"new.h5"}),
               "new.h5: no such file\n"
               "  Check the path, or make the store with `kinegraph import`.");
}

TEST_F(Predict, AsksForTheFormatOfOtherFiles) {
  folder_.write("clip.json", "{}");
  for (const std::string source : {"clip.json", "."}) {
    const Outcome outcome = predict({source});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err.rfind("error: " + source +
                                    ": no annotation store\n"
                                    "  --format says how to read other data: ",
                                0),
              0u)
        << outcome.err;
  }
}

TEST_F(Predict, RefusesAFormatWithoutSource) {
  expect_error(predict({"clips", "--format", "synthetic"}),
               "--format synthetic makes its clips itself and reads no SOURCE\n"
               "  `kinegraph import synthetic STORE` makes a store to predict.");
}

TEST_F(Predict, RefusesAbsurdOptions) {
  expect_error(predict({"new.h5", "--top-k", "0"}), "--top-k is 0; expected 1 or more");
  expect_error(predict({"new.h5", "--import-set", "a=1"}), "--import-set needs --format");
  expect_error(run_program({"predict", "new.h5"}),
               "--checkpoint FILE is missing\n  see `kinegraph predict --help`");
}

/// Clips in the form of NW-UCLA, and a checkpoint that takes 20 joints.
class PredictForeignData : public Predict {
 protected:
  PredictForeignData() {
    TinyStore store;
    store.skeleton = shipped_skeleton("kinect20");
    write_checkpoint_for(store);
    fs::create_directories(temporary());
  }

  void add_clip(const std::string& name, const std::string& value) const {
    std::string joints, frames;
    for (int v = 0; v < 20; ++v)
      joints += (v ? ", [" : "[") + std::to_string(v) + ", 0.5, " + value + "]";
    for (int t = 0; t < 9; ++t) frames += (t ? ", [" : "[") + joints + "]";
    folder_.write("data/" + name + ".json", "{\"file_name\": \"" + name + "\", \"skeletons\": [" +
                                                frames + "], \"label\": 1}");
  }

  fs::path temporary() const { return folder_ / "temporary"; }

  Outcome predict_data(const Words& more = {}) const {
    ::setenv("TMPDIR", temporary().c_str(), 1);
    Words words{"data", "--format", "nw_ucla"};
    words.insert(words.end(), more.begin(), more.end());
    Outcome outcome = predict(words);
    ::unsetenv("TMPDIR");
    return outcome;
  }
};

TEST_F(PredictForeignData, ImportsItAndLeavesNothingBehind) {
  add_clip("a01_s01_e00_v01", "1.5");
  add_clip("a01_s01_e01_v03", "2.5");
  const Outcome outcome = predict_data({"--import-set", "precision=float32"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = split(outcome.out, '\n');
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].rfind("a01_s01_e00_v01  ", 0), 0u) << lines[1];
  EXPECT_EQ(lines[2].rfind("a01_s01_e01_v03  ", 0), 0u) << lines[2];
  EXPECT_TRUE(fs::is_empty(temporary()));
}

TEST_F(PredictForeignData, LeavesNothingBehindWhenItIsFaulty) {
  add_clip("a01_s01_e00_v01", "null");
  const Outcome outcome = predict_data();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("frame 0: a coordinate that is no number"), outcome.err.npos)
      << outcome.err;
  EXPECT_TRUE(fs::is_empty(temporary()));
}

TEST_F(PredictForeignData, HintsAtANearFormat) {
  const Outcome outcome = predict({"data", "--format", "nw_ulca"});
  EXPECT_EQ(outcome.err.substr(0, outcome.err.find('\n')),
            "error: import: unknown importer 'nw_ulca'; did you mean 'nw_ucla'?");
}

}  // namespace
}  // namespace kinegraph
