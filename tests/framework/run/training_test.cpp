// What training learns, and what its result depends on.
#include <regex>

#include "tests/support/thrown_message.h"
#include "tests/support/tiny_training.h"

namespace kinegraph {
namespace {

TEST(Training, OverfitsEightClips) {
  const TinyExperiment experiment;
  const auto trainer = trained(
      experiment, "run",
      {"data.train.dataset.split=few", "data.val.dataset.split=few", "train.epochs=30",
       "data.train.pipeline=[{type: select_frames, num_frames: 6}]", "model.backbone.dropout=0"});
  EXPECT_EQ(trainer->state().sums.samples, 8);
  EXPECT_EQ(trainer->state().sums.hits, 8);
  EXPECT_EQ(trainer->validation()->find("top1")->value, 1);
}

TEST(Training, GeneralisesToClipsOfTheSamePoses) {
  const TinyExperiment experiment;
  const auto trainer = trained(experiment, "run", {"train.epochs=12"});
  EXPECT_EQ(trainer->validation()->find("top1")->value, 1);
}

class TrainingWorkers : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, TrainingWorkers, testing::Values(1, 4));

TEST_P(TrainingWorkers, ChangeNothing) {
  const TinyExperiment experiment;
  const auto alone = trained(experiment, "alone", {"data.workers=0"});
  const auto helped = trained(experiment, "helped", {"data.workers=" + std::to_string(GetParam())});
  expect_bit_equal(alone->snapshot().model, helped->snapshot().model);
  EXPECT_EQ(alone->validation()->scores_sha256, helped->validation()->scores_sha256);
  EXPECT_EQ(log_of(experiment / "alone"), log_of(experiment / "helped"));
}

TEST(TrainingSeed, GivesEqualBitsTwice) {
  const TinyExperiment experiment;
  const auto first = trained(experiment, "first"), second = trained(experiment, "second");
  expect_bit_equal(first->snapshot().model, second->snapshot().model);
  EXPECT_EQ(first->validation()->scores_sha256, second->validation()->scores_sha256);
}

TEST(TrainingSeed, ChangesTheWeights) {
  const TinyExperiment experiment;
  const auto first = trained(experiment, "first"),
             second = trained(experiment, "second", {"seed=6"});
  EXPECT_FALSE(is_bit_equal(first->snapshot().model, second->snapshot().model));
}

TEST(Training, CountsEpochsBatchesAndIterations) {
  const TinyExperiment experiment;
  std::vector<int64_t> batches;
  const auto trainer = make_trainer(experiment, "run", {"train.epochs=2"}, [&](Trainer& running) {
    batches.push_back(running.state().batch);
  });
  trainer->run();
  EXPECT_EQ(batches, std::vector<int64_t>({1, 2, 3, 1, 2, 3}));
  EXPECT_EQ(trainer->state().epoch, 2);
  EXPECT_EQ(trainer->state().batch, 0);
  EXPECT_EQ(trainer->state().iteration, 6);
}

TEST(Training, FollowsTheScheduleByIteration) {
  const TinyExperiment experiment;
  std::vector<double> rates;
  const auto trainer = make_trainer(
      experiment, "run", {"train.epochs=2", "train.schedule={type: step, every: 1, gamma: 0.5}"},
      [&](Trainer& running) { rates.push_back(running.parts().optimizer->learning_rate()); });
  trainer->run();
  EXPECT_EQ(rates, std::vector<double>({0.05, 0.05, 0.05, 0.025, 0.025, 0.025}));
}

TEST(Training, ValidatesAtTheIntervalAndAtTheEnd) {
  const TinyExperiment experiment;
  trained(experiment, "run", {"train.val_interval=2"});
  std::vector<int64_t> epochs;
  for (const auto& line : log_of(experiment / "run"))
    if (line["event"] == "val") epochs.push_back(line["epoch"]);
  EXPECT_EQ(epochs, std::vector<int64_t>({2, 3}));
}

TEST(Training, ClipsGradientsToTheNorm) {
  const TinyExperiment experiment;
  double sum = 0;
  const auto trainer = make_trainer(
      experiment, "run", {"train.epochs=1", "train.max_grad_norm=0.01"}, [&](Trainer& running) {
        sum = 0;
        for (const auto& parameter : running.parts().model->parameters())
          sum += parameter.grad().pow(2).sum().item<double>();
      });
  trainer->run();
  EXPECT_LE(std::sqrt(sum), 0.01);
  EXPECT_GT(std::sqrt(sum), 0.0099);
}

/// From the second epoch on, the rate is absurd.
const std::string kExplosion = "train.schedule={type: multi_step, milestones: [1], gamma: 1e38}";

void expect_whole_checkpoint_of_first_epoch(const TinyExperiment& experiment) {
  const Checkpoint last = read_checkpoint(experiment / "run/last.pth");
  EXPECT_EQ(last.state.epoch, 1);
  for (const auto& [name, tensor] : last.model)
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
}

TEST(Training, StopsAtALossThatIsNotFinite) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(
      experiment, "run", {kExplosion, "data.train.dataset.split=few", "data.batch_size=4"});
  const std::string message = thrown_message<DataError>([&] { trainer->run(); });
  const std::regex expected(
      "epoch 2, iteration 4: the loss is -?nan; expected a finite loss\n"
      "  Lower the learning rate or clip gradients. Clips of this batch: "
      "clip0[0-7], clip0[0-7], clip0[0-7], clip0[0-7]");
  EXPECT_TRUE(std::regex_match(message, expected)) << message;
  expect_whole_checkpoint_of_first_epoch(experiment);
}

TEST(Training, StopsAtScoresThatAreNotFinite) {
  const TinyExperiment experiment;
  const auto trainer =
      make_trainer(experiment, "run", {kExplosion, "data.train.dataset.split=few"});
  const std::string message = thrown_message<DataError>([&] { trainer->run(); });
  EXPECT_NE(message.find("clip clip24: score "), message.npos) << message;
  expect_whole_checkpoint_of_first_epoch(experiment);
}

TEST(Training, NeedsLabels) {
  TinyStore store;
  store.unlabeled_clip = 3;
  const TinyExperiment experiment(store);
  const auto trainer = make_trainer(experiment, "run");
  EXPECT_EQ(thrown_message<DataError>([&] { trainer->run(); }),
            experiment.store().string() +
                ": clip clip03: no label; expected one of the store's classes\n"
                "  Leave the clip out of this split.");
}

std::string build_error(const Overrides& overrides) {
  const TinyExperiment experiment;
  std::string message = thrown_message<Error>([&] { make_trainer(experiment, "run", overrides); });
  const std::string folder = experiment.folder().path().string() + "/";
  for (size_t at; (at = message.find(folder)) != message.npos;) message.erase(at, folder.size());
  return message;
}

TEST(BuildTraining, KnowsTheMonitorBeforeTrainingBegins) {
  EXPECT_EQ(build_error({"train.monitor=top11"}),
            "train.monitor: no metric gives 'top11'; did you mean 'top1'?\n"
            "  they give: top1, top5, mean_class, precision_macro, recall_macro, f1_macro, "
            "precision_micro, recall_micro, f1_micro, precision_weighted, recall_weighted, "
            "f1_weighted");
}

TEST(BuildTraining, NeedsABatchOfClips) {
  EXPECT_EQ(build_error({"data.batch_size=25"}),
            "store.h5: 24 clips are less than one batch; expected at least data.batch_size clips\n"
            "  Lower data.batch_size or set data.drop_last: false.");
}

TEST(BuildTraining, NeedsTheSameClassesForValidation) {
  const TinyExperiment experiment;
  TinyStore other;
  other.classes = {"walk", "run"};
  other.write(experiment / "other.h5");
  const std::string path = (experiment / "other.h5").string();
  EXPECT_EQ(thrown_message<DataError>(
                [&] { make_trainer(experiment, "run", {"data.val.dataset.path=" + path}); }),
            path + ": other classes or another skeleton than " + experiment.store().string() +
                "; expected the same for training and validation\n  Correct 'data.val'.");
}

TEST(Training, FrozenParametersMoveAfterTheirEpochs) {
  const TinyExperiment experiment;
  const auto weight = [](Trainer& trainer) {
    return trainer.parts().model->named_parameters()["heads.logits.fc.weight"].detach().clone();
  };
  at::Tensor after_two_epochs;
  const auto trainer =
      make_trainer(experiment, "frozen", {"train.freeze={heads: 2}"}, [&](Trainer& running) {
        if (running.state().iteration == 6) after_two_epochs = weight(running);
      });
  const auto start = weight(*trainer);
  trainer->run();
  EXPECT_TRUE(at::equal(after_two_epochs, start));
  EXPECT_FALSE(at::equal(weight(*trainer), start));
}

TEST(Training, RefusesToFreezeAnUnknownParameter) {
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "frozen", {"train.freeze={PA: 2}"});
  EXPECT_EQ(thrown_message<ConfigError>([&] { trainer->run(); }),
            "train.freeze 'PA': no parameter's name has this part, or earlier parts fit them all; "
            "expected a part of one\n  Correct it, or remove it.");
}

}  // namespace
}  // namespace kinegraph
