// The training loop.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "framework/data/loader.h"
#include "framework/eval/metric.h"
#include "framework/run/checkpoint.h"
#include "framework/run/experiment_options.h"

namespace kinegraph {

/// What a trainer works with, made by the composition root (experiment.cpp).
struct TrainerParts {
  ExperimentOptions options;
  std::string config_yaml;  // resolved, for checkpoints
  std::filesystem::path run_dir;
  c10::Device device{c10::kCPU};
  std::unique_ptr<Loader> train_loader, val_loader;
  std::shared_ptr<Recognizer> model;
  std::shared_ptr<Loss> loss;
  std::shared_ptr<Optimizer> optimizer;
  std::shared_ptr<Schedule> schedule;
  std::vector<std::shared_ptr<Metric>> metrics;
  std::vector<std::shared_ptr<Hook>> hooks;
};

/// Figures of the iteration that just ended.
struct IterationFigures {
  double loss = 0, data_s = 0, step_s = 0;
};

class Trainer {
 public:
  explicit Trainer(TrainerParts parts) : parts_(std::move(parts)) {}

  /// Continues where a checkpoint stopped; call before run(). `source` names it in messages.
  /// Throws DataError when it is of another model, optimizer, skeleton or data.
  void restore(const Checkpoint& checkpoint, const std::string& source);
  /// Trains to the end or until interrupted. Throws DataError when the loss is not finite.
  void run();

  /// All that is needed to go on from here.
  Checkpoint snapshot() const;

  const TrainerParts& parts() const { return parts_; }
  const TrainingState& state() const { return state_; }
  const IterationFigures& figures() const { return figures_; }
  /// That of the epoch that just ended; null when it had none.
  const MetricReport* validation() const { return validation_.get(); }
  bool is_best() const { return is_best_; }
  bool was_interrupted() const { return was_interrupted_; }

 private:
  // These are false when a signal has come.
  bool train_epoch();
  bool finish_epoch();
  void step(const Batch& batch);
  void validate();
  void call(void (Hook::*moment)(Trainer&));

  TrainerParts parts_;
  TrainingState state_;
  IterationFigures figures_;
  std::unique_ptr<MetricReport> validation_;
  bool is_best_ = false, was_interrupted_ = false;
};

}  // namespace kinegraph
