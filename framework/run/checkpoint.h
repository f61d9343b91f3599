// What a checkpoint holds. The file opens in Python with torch.load(weights_only=True).
#pragma once

#include <ATen/core/Generator.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/model/backbone.h"
#include "framework/optim/optimizer.h"
#include "framework/run/checkpoint_file.h"
#include "framework/run/state_matching.h"

namespace kinegraph {

/// Sums over the finished batches of an epoch.
struct EpochSums {
  double loss = 0, seconds = 0;  // loss of each batch; time without validation
  int64_t hits = 0, samples = 0, batches = 0;
};

/// Where training stands.
struct TrainingState {
  int64_t epoch = 0;      // finished epochs
  int64_t batch = 0;      // finished batches of the epoch under way
  int64_t iteration = 0;  // finished batches of the whole run
  std::optional<double> best_value;
  int64_t best_epoch = 0;  // 1-based
  EpochSums sums;          // of the epoch under way, or of the last one
};

/// Self-contained: the config holds the preparation, so data and model can be rebuilt from it.
struct Checkpoint {
  NamedState model;                                   // canonical names
  std::map<std::string, Optimizer::State> optimizer;  // by parameter name
  NamedState loss;                                    // buffers of the loss
  TrainingState state;
  at::Tensor rng;           // CPU generator; undefined when absent
  at::Tensor device_rng;    // that of the GPU trained on; undefined on the CPU
  std::string config_yaml;  // resolved
  std::string skeleton_yaml;
  std::vector<std::string> class_names;
  std::map<std::string, std::vector<int64_t>> input_shapes;  // name -> (M, T, V, C)
  std::string data_hash;                                     // SHA-256 of the training annotations
};

/// Whole or not at all. Throws DataError when the disk is full; an older file stays.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Whether the content of a file is a checkpoint of ours, of any version.
bool is_checkpoint(const CheckpointValue& root);
/// Throws DataError for anything else, and for other versions; `source` names the file.
Checkpoint to_checkpoint(const CheckpointValue& root, const std::string& source);

/// Throws DataError for anything that is not such a file.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// Copies the state into `model`. Names and shapes must agree exactly; throws DataError with a
/// readable difference otherwise, before anything is changed. `source` names the file, and `role`
/// says in messages what `model` is.
void load_model_state(torch::nn::Module& model, const NamedState& state, const std::string& source,
                      const std::string& role = "model");

/// Throws DataError, and leaves the generator as it was, for a state that is none of its kind;
/// `source` names the file.
void restore_generator(at::Generator generator, const at::Tensor& state, const std::string& source);

/// Throws DataError when the checkpoint was trained for another skeleton.
void require_same_skeleton(const Checkpoint& checkpoint, const std::string& source,
                           const Skeleton& skeleton, const std::string& data_source);

/// Throws DataError when the checkpoint was trained for another skeleton or other classes.
void require_same_task(const Checkpoint& checkpoint, const std::string& source,
                       const Skeleton& skeleton, const std::vector<std::string>& class_names,
                       const std::string& data_source);

}  // namespace kinegraph
