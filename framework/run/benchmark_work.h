// What the rows of a benchmark do.
#pragma once

#include <functional>

#include "framework/run/benchmark.h"

namespace kinegraph {

/// Does the work once and gives its rate.
using TimedWork = std::function<double()>;

TimedWork sgemm_work();                                                 // GFLOP/s
TimedWork copy_work();                                                  // GB/s
TimedWork loader_work(const BenchmarkTask& task, int64_t num_workers);  // clips/s
TimedWork inference_work(const BenchmarkTask& task);                    // clips/s
TimedWork train_work(const BenchmarkTask& task);                        // clips/s

}  // namespace kinegraph
