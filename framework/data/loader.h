// Batches from worker threads, in an order that does not depend on the workers.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "framework/data/dataset.h"
#include "framework/data/transform.h"

namespace kinegraph {

using NamedTensors = std::map<std::string, at::Tensor>;

/// B samples; each sample gives S >= 1 clips, and all clips of all samples form the N rows.
struct Batch {
  NamedTensors inputs;                  // each (N, M, T, V, C) float32; always has "keypoints"
  at::Tensor labels;                    // (B) int64: the first label of each sample, -1 without one
  std::vector<int64_t> clip_to_sample;  // (N) row -> position in the batch
  std::vector<std::string> ids;         // (B)
  std::vector<int64_t> indices;         // (B) position in the data set

  int64_t size() const { return static_cast<int64_t>(ids.size()); }
};

struct LoaderOptions {
  int64_t batch_size = 1;
  int64_t workers = 0;   // 0: the caller's thread does the work
  int64_t prefetch = 2;  // finished batches kept ahead, beside those in work
  uint64_t seed = 0;
  bool shuffle = false;
  bool drop_last = false;
  bool pin_memory = false;  // for copies to a GPU
};

/// A ring of preallocated batches. Sample `i` of epoch `e` draws from Rng(seed, e, i) and the order
/// of the epoch from a stream of its own, so content and order are the same for any `workers`.
class Loader {
 public:
  /// Reads and transforms one sample to learn the shapes. Throws DataError for an empty data set.
  Loader(std::shared_ptr<const Dataset> dataset, Pipeline pipeline, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  const Dataset& dataset() const { return *dataset_; }
  int64_t batches_per_epoch() const;
  /// Shape (M, T, V, C) of each named input.
  const std::map<std::string, std::vector<int64_t>>& input_shapes() const { return shapes_; }

  /// Begins an epoch at `first_batch` (to resume inside an epoch); drops what was under way.
  void start(uint64_t epoch, int64_t first_batch = 0);
  /// The next batch, valid until the next call; nullptr when the epoch is over. Rethrows what a
  /// worker met, again at every further call until start().
  const Batch* next();

 private:
  struct Slot;

  Slot& slot_of(int64_t batch_index);
  void stop_workers();
  void work();
  void fill(Slot& slot, int64_t batch_index);
  void copy_sample(const Sample& sample, Slot& slot, int64_t position);
  void learn_shapes();

  std::shared_ptr<const Dataset> dataset_;
  Pipeline pipeline_;
  LoaderOptions options_;
  std::map<std::string, std::vector<int64_t>> shapes_;
  int64_t clips_per_sample_ = 1;

  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable slot_is_free_, slot_is_ready_;
  std::vector<int64_t> order_;
  uint64_t epoch_ = 0;
  int64_t next_to_fill_ = 0, next_to_give_ = 0;
  bool has_given_ = false, is_stopping_ = false;
};

}  // namespace kinegraph
