// Scores of a model on a data set.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "framework/data/loader.h"
#include "framework/eval/scores.h"
#include "framework/model/recognizer.h"

namespace kinegraph {

/// "auto", "cpu", "cuda", "cuda:1" to a device; throws ConfigError for one that is not there.
c10::Device choose_device(const std::string& name);

/// Throws DataError for a sample without a label; `source` leads the message.
void require_labels(const Batch& batch, const std::string& source);

/// The batch's inputs on the device.
NamedTensors to_device(const NamedTensors& inputs, const c10::Device& device);

struct ScoringOptions {
  c10::Device device{c10::kCPU};
  bool average_probabilities = true;  // over several clips of a sample; else logits
  std::function<void(int64_t done, int64_t total)> progress;  // batches
};

/// Runs the model in evaluation mode over one pass of the loader and leaves it in the mode it had.
/// Throws DataError for a sample without a label; stops early, throwing Interrupted, after
/// a signal.
Scores score_clips(Recognizer& model, Loader& loader, const ScoringOptions& options);

/// The same without labels, whether the samples have some or not, for the classes that the model
/// knows rather than those of the data.
Scores score_unlabelled_clips(Recognizer& model, Loader& loader,
                              const std::vector<std::string>& class_names,
                              const ScoringOptions& options);

}  // namespace kinegraph
