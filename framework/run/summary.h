// What a run says of itself at its start and its end.
#pragma once

#include <string>

#include "framework/run/experiment.h"
#include "framework/run/trainer.h"

namespace kinegraph {

/// Model, data, device and folder in a few lines.
std::string describe_run(const TrainerParts& parts);
/// Model, data and device.
std::string describe_test(const TestParts& parts, const ExperimentOptions& options);

/// Best and last value of the monitored metric, where the files are, and how to test the best.
std::string summarise_run(const Trainer& trainer);

}  // namespace kinegraph
