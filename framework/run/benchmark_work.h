// What the rows of a benchmark do.
#pragma once

#include <functional>
#include <limits>

#include "framework/run/benchmark.h"

namespace kinegraph {

/// Does the work once and gives its rate.
using TimedWork = std::function<double()>;

TimedWork sgemm_work();                                                 // GFLOP/s
TimedWork copy_work();                                                  // GB/s
TimedWork loader_work(const BenchmarkTask& task, int64_t num_workers);  // clips/s
TimedWork train_work(const BenchmarkTask& task);                        // clips/s

constexpr int64_t kAllPersons = std::numeric_limits<int64_t>::max();

/// clips/s when the first `active_persons` of each clip move and the others are zero.
TimedWork inference_work(const BenchmarkTask& task, int64_t active_persons);

/// Throws Error unless that work gives the scores of the model under an OutputTrace, in which every
/// layer and every person is computed by itself.
void check_inference(const BenchmarkTask& task, int64_t active_persons);

}  // namespace kinegraph
