#include "framework/run/scoring.h"

#include <torch/cuda.h>

#include "framework/base/interrupt.h"
#include "framework/data/transform.h"
#include "tests/support/thrown_message.h"
#include "tests/support/tiny_training.h"

namespace kinegraph {
namespace {

/// The clip itself, then its mirror image: two test clips.
class MirrorClips : public Transform {
 public:
  struct Options {
    bool first = true, second = true;

    template <class Fields>
    void describe(Fields& field) {
      field("first", first, "keep the clip");
      field("second", second, "append its mirror image");
    }
  };

  MirrorClips(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    KeypointArray& x = sample.keypoints;  // one person
    std::vector<double> values;
    if (options_.first) values = x.values;
    if (options_.second)
      for (const double value : x.values) values.push_back(-value);
    sample.num_clips = int64_t{options_.first} + int64_t{options_.second};
    x.frames *= sample.num_clips;
    x.values = values;
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "mirror_clips", MirrorClips, "for tests")

/// Scores of the untrained model, whose weights are those of the seed.
Scores scores_with(const TinyExperiment& experiment, const std::string& mirror,
                   bool averages_probabilities = true) {
  const auto trainer =
      make_trainer(experiment, "run",
                   {"data.val.pipeline=[{type: select_frames, num_frames: 6}, " + mirror + "]",
                    "model.heads.logits={type: gcn, init_std: 1}"});
  ScoringOptions options;
  options.average_probabilities = averages_probabilities;
  return score_clips(*trainer->parts().model, *trainer->parts().val_loader, options);
}

const std::string kFirst = "{type: mirror_clips, second: false}";
const std::string kSecond = "{type: mirror_clips, first: false}";

void expect_mean(const Scores& a, const Scores& b, const Scores& mean) {
  for (size_t i = 0; i < mean.values.size(); ++i)
    EXPECT_NEAR(mean.values[i], 0.5 * (a.values[i] + b.values[i]), 1e-5) << i;
}

TEST(ScoreClips, GivesLogitsOfSingleClips) {
  const TinyExperiment experiment;
  const Scores scores = scores_with(experiment, kFirst);
  EXPECT_EQ(scores.kind, ScoreKind::logits);
  EXPECT_EQ(scores.num_clips(), 8);
  EXPECT_EQ(scores.ids.front(), "clip24");
  EXPECT_EQ(scores.labels, std::vector<int64_t>({0, 1, 2, 3, 0, 1, 2, 3}));
  EXPECT_EQ(scores.class_names, TinyStore().classes);
}

TEST(ScoreClips, AveragesTheProbabilitiesOfSeveralClips) {
  const TinyExperiment experiment;
  const Scores mean = scores_with(experiment, "mirror_clips");
  EXPECT_EQ(mean.kind, ScoreKind::probabilities);
  EXPECT_EQ(mean.num_clips(), 8);
  expect_mean(softmax(scores_with(experiment, kFirst)), softmax(scores_with(experiment, kSecond)),
              mean);
}

TEST(ScoreClips, AveragesLogitsWhereAskedFor) {
  const TinyExperiment experiment;
  const Scores mean = scores_with(experiment, "mirror_clips", false);
  EXPECT_EQ(mean.kind, ScoreKind::logits);
  expect_mean(scores_with(experiment, kFirst), scores_with(experiment, kSecond), mean);
}

TEST(ScoreClips, DoesNotDependOnTheBatchSize) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "run");
  const auto small = make_trainer(experiment, "run", {"data.eval_batch_size=3"});
  const Scores a = score_clips(*trainer->parts().model, *trainer->parts().val_loader, {});
  const Scores b = score_clips(*small->parts().model, *small->parts().val_loader, {});
  EXPECT_EQ(a.ids, b.ids);
  for (size_t i = 0; i < a.values.size(); ++i) EXPECT_NEAR(a.values[i], b.values[i], 1e-5) << i;
}

TEST(ScoreClips, LeavesTheModelInItsModeAndItsWeightsAlone) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "run");
  NamedState before;
  for (const auto& [name, tensor] : state_of(*trainer->parts().model))
    before.emplace_back(name, tensor.clone());
  trainer->parts().model->train();
  score_clips(*trainer->parts().model, *trainer->parts().val_loader, {});
  EXPECT_TRUE(trainer->parts().model->is_training());
  expect_bit_equal(state_of(*trainer->parts().model), before);
}

TEST(ScoreClips, TellsItsProgressInBatches) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "run", {"data.eval_batch_size=3"});
  std::vector<std::pair<int64_t, int64_t>> calls;
  ScoringOptions options;
  options.progress = [&](int64_t done, int64_t total) { calls.emplace_back(done, total); };
  score_clips(*trainer->parts().model, *trainer->parts().val_loader, options);
  const std::vector<std::pair<int64_t, int64_t>> expected{{1, 3}, {2, 3}, {3, 3}};
  EXPECT_EQ(calls, expected);
}

TEST(ScoreClips, RefusesAClipWithoutALabel) {
  TinyStore store;
  store.unlabeled_clip = 25;
  const TinyExperiment experiment(store);
  const auto trainer = make_trainer(experiment, "run");
  EXPECT_EQ(thrown_message<DataError>(
                [&] { score_clips(*trainer->parts().model, *trainer->parts().val_loader, {}); }),
            experiment.store().string() +
                ": clip clip25: no label; expected one of the store's classes\n"
                "  Leave the clip out of this split.");
}

TEST(ScoreUnlabelledClips, NeedsNoLabelAndTakesTheClassesGiven) {
  TinyStore store;
  store.unlabeled_clip = 25;
  const TinyExperiment experiment(store);
  const auto trainer = make_trainer(experiment, "run");
  const std::vector<std::string> classes{"a", "b", "c", "d"};
  const Scores scores =
      score_unlabelled_clips(*trainer->parts().model, *trainer->parts().val_loader, classes, {});
  EXPECT_EQ(scores.num_clips(), 8);
  EXPECT_TRUE(scores.labels.empty());
  EXPECT_EQ(scores.class_names, classes);
}

TEST(ScoreUnlabelledClips, GivesTheSameScores) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "run");
  Recognizer& model = *trainer->parts().model;
  Loader& loader = *trainer->parts().val_loader;
  EXPECT_EQ(score_unlabelled_clips(model, loader, TinyStore().classes, {}).values,
            score_clips(model, loader, {}).values);
}

TEST(ScoreClips, StopsAtASignal) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "run", {"data.eval_batch_size=3"});
  std::signal(SIGINT, SIG_DFL);
  const InterruptGuard interrupts;
  int64_t batches = 0;
  ScoringOptions options;
  options.progress = [&](int64_t, int64_t) {
    ++batches;
    std::raise(SIGINT);
  };
  EXPECT_EQ(thrown_message<Interrupted>([&] {
              score_clips(*trainer->parts().model, *trainer->parts().val_loader, options);
            }),
            "interrupted; nothing was written");
  EXPECT_EQ(batches, 1);
}

TEST(ChooseDevice, KnowsTheCpu) { EXPECT_TRUE(choose_device("cpu").is_cpu()); }

TEST(ChooseDevice, TakesTheCpuWhereThereIsNoGpu) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is a GPU";
  EXPECT_TRUE(choose_device("auto").is_cpu());
}

TEST(ChooseDevice, RefusesAGpuThatIsNotThere) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is a GPU";
  EXPECT_EQ(thrown_message<ConfigError>([] { choose_device("cuda:1"); }),
            "device: 'cuda:1', but LibTorch sees 0 GPUs; expected a device that is there\n"
            "  Use --device cpu, or a LibTorch with CUDA.");
}

TEST(ChooseDevice, RefusesOtherNames) {
  for (const std::string name : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:99999", ""})
    EXPECT_EQ(thrown_message<ConfigError>([&] { choose_device(name); }),
              "device: '" + name + "'; expected auto, cpu, cuda or cuda:N");
}

}  // namespace
}  // namespace kinegraph
