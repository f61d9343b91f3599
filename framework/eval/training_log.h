// The curves of a training run, from its log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kinegraph {

/// Where a run stands, counted in epochs, and a value there.
struct CurvePoint {
  double epoch, value;
};
using Curve = std::vector<CurvePoint>;

struct NamedCurve {
  std::string name;
  Curve curve;
};

struct TrainingLog {
  int64_t epochs = 0;  // finished
  double seconds = 0;  // of training, without validation
  /// Of single steps; a long log is thinned to at most 500 means of neighbours.
  Curve step_loss, learning_rate;
  Curve epoch_loss;                 // mean of each epoch
  Curve training_accuracy;          // share of clips that are classified correctly
  std::vector<NamedCurve> metrics;  // on the validation clips, in the order of the config
};

/// Reads a log.jsonl. A last line without an end is still being written and left out; so is all of
/// it before the first epoch is finished. Throws DataError naming the line otherwise.
TrainingLog read_training_log(const std::filesystem::path& path);

}  // namespace kinegraph
