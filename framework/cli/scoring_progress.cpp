#include "framework/cli/scoring_progress.h"

#include <fmt/format.h>

#include "framework/base/console.h"

namespace kinegraph {

ScoringOptions scoring_with_progress(const TestParts& parts, const ExperimentOptions& options,
                                     const std::string& doing, ProgressLine& line) {
  ScoringOptions scoring;
  scoring.device = parts.device;
  scoring.average_probabilities = options.clip_average == "probabilities";
  scoring.progress = [&line, doing](int64_t done, int64_t total) {
    line.show(fmt::format("{} {} {}/{} batches", doing,
                          progress_bar(static_cast<double>(done) / static_cast<double>(total)),
                          done, total));
  };
  return scoring;
}

}  // namespace kinegraph
