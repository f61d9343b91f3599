// An interrupted run that goes on is the uninterrupted run, bit for bit.
#include <torch/cuda.h>

#include <atomic>

#include "framework/data/transform.h"
#include "tests/support/thrown_message.h"
#include "tests/support/tiny_training.h"

namespace kinegraph {
namespace {

std::atomic<bool> is_signal_armed{false};

/// Interrupts the run when it prepares data, once.
class SignalOnce : public Transform {
 public:
  using Options = NoOptions;
  SignalOnce(const Options&, const Context&) {}
  void apply(Sample&, RandomSource&) const override {
    if (is_signal_armed.exchange(false)) std::raise(SIGINT);
  }
};

KINEGRAPH_REGISTER(Transform, "signal_once", SignalOnce, "for tests")

std::unique_ptr<Trainer> resumed(const TinyExperiment& experiment, const std::string& run_dir,
                                 const Overrides& overrides = {}) {
  auto trainer = make_trainer(experiment, run_dir, overrides);
  const auto path = experiment / run_dir / "last.pth";
  trainer->restore(read_checkpoint(path), path.string());
  return trainer;
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  expect_bit_equal(a.model, b.model);
  ASSERT_EQ(a.optimizer.size(), b.optimizer.size());
  for (const auto& [parameter, state] : a.optimizer)
    for (const auto& [name, tensor] : state)
      EXPECT_TRUE(at::equal(tensor, b.optimizer.at(parameter).at(name))) << parameter << name;
  EXPECT_TRUE(at::equal(a.rng, b.rng));
  EXPECT_EQ(a.state.epoch, b.state.epoch);
  EXPECT_EQ(a.state.iteration, b.state.iteration);
  EXPECT_EQ(a.state.best_value, b.state.best_value);
  EXPECT_EQ(a.state.best_epoch, b.state.best_epoch);
  EXPECT_EQ(a.state.sums.loss, b.state.sums.loss);
  EXPECT_EQ(a.state.sums.hits, b.state.sums.hits);
}

struct Stop {
  std::string name;
  int64_t iteration;
  std::string optimizer;
};

void PrintTo(const Stop& stop, std::ostream* out) { *out << stop.name; }

class ExactResume : public testing::TestWithParam<Stop> {};
INSTANTIATE_TEST_SUITE_P(, ExactResume,
                         testing::Values(Stop{"in_the_first_epoch", 2, "sgd"},
                                         Stop{"in_the_second_epoch", 4, "sgd"},
                                         Stop{"at_the_end_of_an_epoch", 6, "sgd"},
                                         Stop{"with_adam", 5, "adamw"}),
                         [](const auto& info) { return info.param.name; });

TEST_P(ExactResume, IsBitEqualToTheUninterruptedRun) {
  const TinyExperiment experiment;
  const Overrides overrides{"train.optimizer={type: " + GetParam().optimizer +
                            ", learning_rate: 0.01}"};
  const auto whole = trained(experiment, "whole", overrides);
  const auto first =
      make_trainer(experiment, "halves", overrides, interrupt_after(GetParam().iteration));
  first->run();
  ASSERT_TRUE(first->was_interrupted());
  at::manual_seed(12345);  // what is left of the first half must not matter
  const auto second = resumed(experiment, "halves", overrides);
  ASSERT_EQ(second->state().iteration, GetParam().iteration);
  ASSERT_GT(second->state().batch, 0);
  second->run();
  EXPECT_FALSE(second->was_interrupted());
  expect_equal(whole->snapshot(), second->snapshot());
  EXPECT_EQ(log_of(experiment / "whole"), log_of(experiment / "halves"));
}

TEST(Resume, DoesAValidationAgainThatWasInterrupted) {
  const TinyExperiment experiment;
  const Overrides overrides{"data.val.pipeline=[signal_once, {type: select_frames, num_frames: 6}]",
                            "data.workers=0"};
  const auto whole = trained(experiment, "whole", overrides);
  std::signal(SIGINT, SIG_DFL);
  const auto first = make_trainer(experiment, "halves", overrides, [](Trainer& trainer) {
    is_signal_armed = trainer.state().iteration == 6;
  });
  first->run();
  EXPECT_TRUE(first->was_interrupted());
  const auto second = resumed(experiment, "halves", overrides);
  EXPECT_EQ(second->state().epoch, 1);
  EXPECT_EQ(second->state().batch, 3);
  second->run();
  expect_equal(whole->snapshot(), second->snapshot());
  EXPECT_EQ(log_of(experiment / "whole"), log_of(experiment / "halves"));
}

TEST(Resume, ForgetsLogLinesBeyondTheCheckpoint) {
  const TinyExperiment experiment;
  // The process dies in the third epoch: the last checkpoint is that of the second.
  make_trainer(experiment, "run", {}, [&](Trainer& trainer) {
    if (trainer.state().iteration == 7)
      std::filesystem::copy_file(experiment / "run/last.pth", experiment / "run/kept.pth");
  })->run();
  const auto log = log_of(experiment / "run");
  std::filesystem::rename(experiment / "run/kept.pth", experiment / "run/last.pth");
  std::ofstream(experiment / "run/log.jsonl", std::ios::app) << R"({"event": "tra)";
  const auto second = resumed(experiment, "run");
  ASSERT_EQ(second->state().iteration, 6);
  second->run();
  EXPECT_EQ(log_of(experiment / "run"), log);
}

/// A loss with a state of its own: it counts its calls, and the count changes the loss.
class CountingLoss : public Loss {
 public:
  using Options = NoOptions;
  CountingLoss(const Options&, const Context&) {
    calls_ = register_buffer("calls", at::zeros({}, at::kDouble));
  }

  at::Tensor forward(const NamedTensors&, const at::Tensor& score,
                     const at::Tensor& labels) override {
    calls_.add_(1);
    return at::cross_entropy_loss(score, labels) * (1 + 0.1 * calls_.item<double>());
  }

 private:
  at::Tensor calls_;
};

KINEGRAPH_REGISTER(Loss, "counting_loss", CountingLoss, "for tests")

TEST(Resume, KeepsTheStateOfTheLoss) {
  const TinyExperiment experiment;
  const Overrides overrides{"model.loss=counting_loss"};
  const auto whole = trained(experiment, "whole", overrides);
  make_trainer(experiment, "halves", overrides, interrupt_after(5))->run();
  const auto second = resumed(experiment, "halves", overrides);
  second->run();
  EXPECT_EQ(second->snapshot().loss.at(0).second.item<double>(), 9);
  expect_equal(whole->snapshot(), second->snapshot());
}

TEST(Resume, KeepsTheGeneratorOfTheGpu) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "there is no GPU";
  const TinyExperiment experiment;
  const auto trainer = make_trainer(experiment, "run", {"device=cuda"});
  const Checkpoint checkpoint = trainer->snapshot();
  at::manual_seed(12345);
  EXPECT_FALSE(at::equal(trainer->snapshot().device_rng, checkpoint.device_rng));
  trainer->restore(checkpoint, "memory");
  EXPECT_TRUE(at::equal(trainer->snapshot().device_rng, checkpoint.device_rng));
}

TEST(Resume, GoesOnInTheMiddleOfAnEpochAfterTheProcessDied) {
  const TinyExperiment experiment;
  const Overrides overrides{
      "hooks=[{type: checkpoint, interval_iterations: 2}, {type: json_log, interval: 1}]",
      "data.batch_size=4"};
  // It dies after iteration 9 of 18, the third of the second epoch; the last checkpoint is of 8.
  const auto whole = make_trainer(experiment, "run", overrides, [&](Trainer& trainer) {
    if (trainer.state().iteration == 9)
      std::filesystem::copy_file(experiment / "run/last.pth", experiment / "run/kept.pth");
  });
  whole->run();
  const auto log = log_of(experiment / "run");
  std::filesystem::rename(experiment / "run/kept.pth", experiment / "run/last.pth");
  at::manual_seed(12345);
  const auto second = resumed(experiment, "run", overrides);
  ASSERT_EQ(second->state().iteration, 8);
  ASSERT_EQ(second->state().batch, 2);
  second->run();
  expect_equal(whole->snapshot(), second->snapshot());
  EXPECT_EQ(log_of(experiment / "run"), log);
}

TEST(Resume, KeepsTheBestValue) {
  const TinyExperiment experiment;
  const auto first = make_trainer(experiment, "run", {"train.epochs=12"}, interrupt_after(34));
  first->run();
  ASSERT_EQ(first->state().best_value, 1.0);
  const auto second = resumed(experiment, "run", {"train.epochs=12"});
  EXPECT_EQ(second->state().best_value, 1.0);
  EXPECT_EQ(second->state().best_epoch, first->state().best_epoch);
  const auto written = std::filesystem::last_write_time(experiment / "run/best.pth");
  second->run();
  EXPECT_EQ(std::filesystem::last_write_time(experiment / "run/best.pth"), written);
}

TEST(Resume, RemovesWhatAKilledProcessHadHalfWritten) {
  const TinyExperiment experiment;
  make_trainer(experiment, "run", {}, interrupt_after(8))->run();
  const auto folder = experiment / "run";
  for (const char* name : {"best.pth.part", "last.pth.part"}) std::ofstream(folder / name) << "PK";
  bool is_clean = false;
  const auto second = make_trainer(experiment, "run", {}, [&](Trainer&) {
    is_clean = !std::filesystem::exists(folder / "best.pth.part") &&
               !std::filesystem::exists(folder / "last.pth.part");
  });
  second->restore(read_checkpoint(folder / "last.pth"), "last.pth");
  second->run();
  EXPECT_TRUE(is_clean);
}

std::string resume_error(const TinyExperiment& experiment, const Overrides& overrides) {
  std::string message = thrown_message<DataError>([&] { resumed(experiment, "run", overrides); });
  const std::string folder = experiment.folder().path().string() + "/";
  for (size_t at; (at = message.find(folder)) != message.npos;) message.erase(at, folder.size());
  return message;
}

TEST(Resume, RefusesOtherAnnotations) {
  const TinyExperiment experiment;
  const auto first = trained(experiment, "run", {"train.epochs=1"});
  TinyStore other;
  other.frames = 9;
  other.write(experiment.store());
  EXPECT_EQ(resume_error(experiment, {}),
            "run/last.pth: trained on other annotations than those of store.h5; expected the "
            "content with SHA-256 " +
                first->snapshot().data_hash + "\n  Resume with the same data, or start a new run.");
}

TEST(Resume, RefusesAnotherBatchSize) {
  const TinyExperiment experiment;
  trained(experiment, "run", {"train.epochs=1"});
  EXPECT_EQ(
      resume_error(experiment, {"data.batch_size=4"}),
      "run/last.pth: 3 iterations in 1 epochs and 0 batches; expected epochs of 6 batches, as "
      "the config gives now\n"
      "  Resume with the same data.batch_size, drop_last, split and repeat.");
}

TEST(Resume, RefusesAnotherOptimizer) {
  const TinyExperiment experiment;
  trained(experiment, "run", {"train.epochs=1"});
  const std::string message = resume_error(experiment, {"train.optimizer={type: adam}"});
  EXPECT_NE(message.find("': momentum; expected mean, mean_square, step\n"), message.npos)
      << message;
}

}  // namespace
}  // namespace kinegraph
