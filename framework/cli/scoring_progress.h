// What `test` and `predict` share.
#pragma once

#include "framework/run/experiment.h"
#include "framework/run/scoring.h"

namespace kinegraph {

class ProgressLine;

/// How the config wants clips to be scored, with "<doing> [###---] 3/9 batches" on `line`, which
/// must live as long.
ScoringOptions scoring_with_progress(const TestParts& parts, const ExperimentOptions& options,
                                     const std::string& doing, ProgressLine& line);

}  // namespace kinegraph
