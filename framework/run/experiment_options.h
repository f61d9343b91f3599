// Everything that a config file can say.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/data/dataset.h"
#include "framework/data/transform.h"
#include "framework/eval/metric.h"
#include "framework/model/recognizer.h"
#include "framework/optim/optimizer.h"
#include "framework/optim/schedule.h"
#include "framework/run/hook.h"
#include "framework/run/weights.h"

namespace kinegraph {

struct SplitOptions {
  Component<Dataset> dataset;
  std::vector<Component<Transform>> pipeline;

  template <class Fields>
  void describe(Fields& field) {
    field("dataset", dataset, "where the clips come from", Required{});
    field("pipeline", pipeline, "transforms in order", Required{});
  }
};

struct DataOptions {
  SplitOptions train, val;
  std::optional<SplitOptions> test;
  int64_t batch_size = 16, eval_batch_size = 64, workers = 1, prefetch = 2;
  bool drop_last = true;

  template <class Fields>
  void describe(Fields& field) {
    field("train", train, "clips to learn from", Required{});
    field("val", val, "clips to watch progress on", Required{});
    field("test", test, "clips for `kinegraph test`; null: those of val");
    field("batch_size", batch_size, "samples of a training step", Range{1, 1e6});
    field("eval_batch_size", eval_batch_size, "samples of an evaluation step", Range{1, 1e6});
    field("workers", workers, "loader threads; results do not depend on it", Range{0, 1024});
    field("prefetch", prefetch, "finished batches kept ahead", Range{1, 1024});
    field("drop_last", drop_last, "leave out an incomplete last training batch");
  }
};

struct TrainOptions {
  int64_t epochs = 1;
  Component<Optimizer> optimizer;
  Component<Schedule> schedule;
  std::optional<double> max_grad_norm;
  NamedList<int64_t> freeze;
  int64_t val_interval = 1;
  std::string monitor = "top1";

  template <class Fields>
  void describe(Fields& field) {
    field("epochs", epochs, "visits of the training data", Range{1, 1e6}, Required{});
    field("optimizer", optimizer, "how parameters move", Required{});
    field("schedule", schedule, "learning rate over time", Required{});
    field("max_grad_norm", max_grad_norm, "clip the total gradient norm; null: do not", Range{0});
    field("freeze", freeze,
          "part of a parameter's name -> number of epochs, from the first, in which it does not "
          "move; the first part that fits decides");
    field("val_interval", val_interval, "epochs between evaluations on val; the last always is",
          Range{1, 1e6});
    field("monitor", monitor, "metric that decides which checkpoint is the best");
  }
};

struct ExperimentOptions {
  int64_t seed = 1;
  std::string device = "auto";
  DataOptions data;
  ModelOptions model;
  std::optional<WeightOptions> load_from;
  TrainOptions train;
  std::string clip_average = "probabilities";
  std::vector<Component<Metric>> metrics;
  std::vector<Component<Hook>> hooks;
  Node streams;

  /// Metrics and hooks start with the usual ones.
  ExperimentOptions();

  template <class Fields>
  void describe(Fields& field) {
    field("seed", seed, "of weights, order, augmentation and dropout", Range{0});
    field("device", device, "auto | cpu | cuda | cuda:N");
    field("data", data, "clips and their preparation", Required{});
    field("model", model, "backbone, heads, score, loss", Required{});
    field("load_from", load_from, "trained weights to start from; null: none");
    field("train", train, "optimisation", Required{});
    field("clip_average", clip_average, "what is averaged over several test clips of a sample",
          OneOf{{"probabilities", "logits"}});
    field("metrics", metrics, "what is reported");
    field("hooks", hooks, "what happens beside training");
    field("streams", streams, "name -> what this stream changes in the config");
  }
};

/// A config file with everything applied.
struct LoadedConfig {
  ExperimentOptions options;
  Node resolved;  // every value with its origin
};

/// Reads `path`, applies its `streams` entry `stream` ("" for none) and then the overrides in
/// order. Throws one ConfigError that lists all faults.
LoadedConfig load_config(const std::filesystem::path& path, const std::string& stream = "",
                         const std::vector<std::string>& overrides = {});

/// The same from text, such as a config inside a checkpoint.
LoadedConfig load_config_text(const std::string& yaml, const std::string& source,
                              const std::vector<std::string>& overrides = {});

}  // namespace kinegraph
