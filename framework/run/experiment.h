// The composition root: from options to objects. Start reading here.
#pragma once

#include <filesystem>
#include <memory>

#include "framework/run/trainer.h"
#include "framework/run/weights.h"

namespace kinegraph {

/// The loader of `data.train`, as training has it.
std::unique_ptr<Loader> build_train_loader(const ExperimentOptions& options,
                                           const c10::Device& device);

/// Classes, joints, persons and channels flow from the data to the model.
ModelContext model_context(const Loader& loader);

/// A new model and what teaches it.
struct Learner {
  std::shared_ptr<Recognizer> model;
  std::shared_ptr<Loss> loss;
  std::shared_ptr<Optimizer> optimizer;
};
Learner build_learner(const ExperimentOptions& options, const ModelContext& context,
                      const c10::Device& device);

/// Builds everything that training needs, in the order in which data flows.
TrainerParts build_training(const LoadedConfig& config, const std::filesystem::path& run_dir);

/// The metrics of a config that names none.
std::vector<std::shared_ptr<Metric>> default_metrics();

/// A trained model with the data to test it on.
struct TestParts {
  c10::Device device{c10::kCPU};
  std::unique_ptr<Loader> loader;
  std::shared_ptr<Recognizer> model;
  std::vector<std::shared_ptr<Metric>> metrics;
  std::vector<std::string> class_names;
};

/// `split` is "train", "val" or "test" (which falls back to val).
TestParts build_test(const LoadedConfig& config, const Weights& weights, const std::string& split);

/// A trained model with clips that need no labels: those of an annotation store, or of one of its
/// splits, prepared as `data.test` says (else `data.val`). Has no metrics.
///
/// The classes are those of the checkpoint. Where other code wrote it and does not tell them, they
/// are those of the store, else those of the config's own data.
///
/// Throws DataError when skeleton, persons or channels are not those that the model was trained on.
TestParts build_prediction(const LoadedConfig& config, const Weights& weights,
                           const std::filesystem::path& store,
                           const std::optional<std::string>& split);

/// Skeleton, inputs and classes that a checkpoint of ours was trained with. `source` names it in
/// messages. Throws DataError for shapes that are damaged.
ModelContext trained_context(const Checkpoint& checkpoint, const std::string& source);

/// The model of such a checkpoint on the CPU, without any data.
std::shared_ptr<Recognizer> build_trained_model(const LoadedConfig& config,
                                                const Checkpoint& checkpoint,
                                                const std::string& source);

}  // namespace kinegraph
