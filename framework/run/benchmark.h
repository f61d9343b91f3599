// How fast this machine prepares data, tests and trains what a config says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "framework/model/recognizer.h"
#include "framework/run/experiment_options.h"

namespace kinegraph {

/// What is measured, and how often.
struct BenchmarkTask {
  ExperimentOptions experiment;
  ModelContext context;  // inputs are random and of these shapes: all persons move
  int64_t batch_size = 1;
  bool has_data = false;  // else the loader is left out
  std::vector<int64_t> threads{1, 2}, workers{0, 1, 2};
  int64_t warm_ups = 2, repeats = 5;
};

/// One row of the result; each was measured in a process of its own.
struct BenchmarkRow {
  std::string name;           // as in measure()
  std::string unit;           // of the rates: GFLOP/s, GB/s, clips/s
  int64_t threads = 1;        // as LibTorch has them
  int64_t workers = -1;       // of the loader; -1 in other rows
  std::vector<double> rates;  // one for each repeat, at least one
  double idle_mib = 0;        // resident before the work began
  double peak_mib = 0;

  double median() const;
  double min() const;
  double max() const;
};

/// Called with "train, 2 threads", the row's number, the number of rows, and the share of the row
/// that is done.
using BenchmarkProgress =
    std::function<void(const std::string&, size_t row, size_t rows, double share)>;

/// For each number of threads:
///   sgemm      C = A B, 2048 x 2048 each, float32, with as many BLAS threads
///   copy       256 MiB of float32; bytes read and bytes written count
///   inference  forward to the score in evaluation mode; the scores are compared with those of the
///              model computed layer by layer
///   inference, one person   the same of clips whose other persons are zero, if they have others
///   train      forward, loss, backward, optimizer step
/// and for each number of workers, with has_data, at one thread:
///   loader     clips of data.train, from the store to finished batches
///
/// Call under an InterruptGuard and as run_in_child() demands. Throws Error when a row fails, such
/// as for want of memory, and Interrupted.
std::vector<BenchmarkRow> measure(const BenchmarkTask& task, const BenchmarkProgress& progress);

}  // namespace kinegraph
