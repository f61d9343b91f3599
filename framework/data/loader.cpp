#include "framework/data/loader.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/runtime.h"
#include "framework/base/simd.h"

namespace kinegraph {
namespace {

/// Stream of the epoch's order: no sample index reaches it.
constexpr uint64_t kOrderStream = ~uint64_t{0};

std::vector<int64_t> epoch_order(int64_t size, bool is_shuffled, uint64_t seed, uint64_t epoch) {
  if (is_shuffled) {
    Rng rng(seed, epoch, kOrderStream);
    return permutation(size, rng);
  }
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// Copies double -> float and says whether all are finite as floats.
KINEGRAPH_SIMD bool narrow(const double* from, int64_t count, float* to) {
  constexpr uint32_t kExponent = 0x7f800000;  // all ones in infinities and NaN
  uint32_t is_bad = 0;
  for (int64_t i = 0; i < count; ++i) {
    to[i] = static_cast<float>(from[i]);
    uint32_t bits;
    std::memcpy(&bits, to + i, sizeof bits);
    is_bad |= static_cast<uint32_t>((bits & kExponent) == kExponent);
  }
  return is_bad == 0;
}

/// Copies double -> float and reports the first value that is not finite (as a float).
void copy_finite(const std::string& input, const KeypointArray& from, int64_t t0, int64_t frames,
                 float* to, const Dataset& dataset, const Sample& sample) {
  for (int64_t m = 0; m < from.persons; ++m) {
    const int64_t count = frames * from.joints * from.channels;
    float* const copied = std::exchange(to, to + count);
    if (narrow(from.frame(m, t0), count, copied)) continue;
    const auto bad =
        std::find_if_not(copied, copied + count, [](float x) { return std::isfinite(x); });
    const int64_t at = (bad - copied) / from.channels;
    throw DataError(
        Fault{fmt::format("{}: clip {}, person {}, frame {}, joint {}", dataset.info().source,
                          sample.id, m, t0 + at / from.joints, at % from.joints),
              fmt::format("the pipeline gives a value that is not finite for '{}'", input),
              "finite coordinates",
              "Look for a division by an empty range in the transforms of this split."});
  }
}

}  // namespace

struct Loader::Slot {
  NamedTensors storage;  // full-size tensors, allocated once
  Sample sample;         // memory reused from sample to sample
  Batch batch;
  std::exception_ptr error;
  bool is_ready = false, is_free = true;
};

Loader::Loader(std::shared_ptr<const Dataset> dataset, Pipeline pipeline,
               const LoaderOptions& options)
    : dataset_(std::move(dataset)), pipeline_(std::move(pipeline)), options_(options) {
  if (dataset_->size() == 0)
    throw DataError(Fault{dataset_->info().source, "the split has no clips", "at least one clip",
                          "Choose another split; the config's 'split' names it."});
  learn_shapes();
  // Without workers nothing is made ahead.
  const int64_t num_slots = options_.workers > 0 ? options_.workers + options_.prefetch + 1 : 1;
  for (int64_t i = 0; i < num_slots; ++i) slots_.push_back(std::make_unique<Slot>());
}

Loader::~Loader() { stop_workers(); }

void Loader::learn_shapes() {
  Sample sample;
  dataset_->read(0, sample);
  Rng rng(options_.seed, 0, 0);
  pipeline_.apply(sample, rng);
  clips_per_sample_ = sample.num_clips;
  const auto learn = [&](const std::string& name, const KeypointArray& array) {
    shapes_[name] = {array.persons, array.frames / sample.num_clips, array.joints, array.channels};
  };
  learn("keypoints", sample.keypoints);
  for (const auto& [name, array] : sample.extra_inputs) learn(name, array);
}

int64_t Loader::batches_per_epoch() const {
  const int64_t size = dataset_->size();
  return options_.drop_last ? size / options_.batch_size
                            : (size + options_.batch_size - 1) / options_.batch_size;
}

void Loader::start(uint64_t epoch, int64_t first_batch) {
  stop_workers();
  order_ = epoch_order(dataset_->size(), options_.shuffle, options_.seed, epoch);
  epoch_ = epoch;
  next_to_fill_ = next_to_give_ = first_batch;
  has_given_ = is_stopping_ = false;
  for (auto& slot : slots_) {
    slot->is_ready = false;
    slot->is_free = true;
    slot->error = nullptr;
  }
  for (int64_t i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
}

void Loader::stop_workers() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  slot_is_free_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

Loader::Slot& Loader::slot_of(int64_t batch_index) {
  return *slots_[static_cast<size_t>(batch_index) % slots_.size()];
}

void Loader::work() {
  prepare_worker_thread();
  for (;;) {
    int64_t index = 0;
    Slot* slot = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const auto is_over = [&] { return is_stopping_ || next_to_fill_ >= batches_per_epoch(); };
      // A batch is taken on together with its slot: were it taken first, a later batch of the same
      // slot could overtake it.
      slot_is_free_.wait(lock, [&] { return is_over() || slot_of(next_to_fill_).is_free; });
      if (is_over()) return;
      index = next_to_fill_++;
      slot = &slot_of(index);
      slot->is_free = false;
    }
    fill(*slot, index);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      slot->is_ready = true;
    }
    slot_is_ready_.notify_all();
  }
}

const Batch* Loader::next() {
  if (order_.empty()) throw std::logic_error("Loader::next() without start()");
  std::unique_lock<std::mutex> lock(mutex_);
  if (has_given_) {
    slot_of(next_to_give_ - 1).is_free = true;
    slot_is_free_.notify_all();
  }
  has_given_ = false;
  if (next_to_give_ >= batches_per_epoch()) return nullptr;
  Slot& slot = slot_of(next_to_give_);
  if (options_.workers == 0) {
    fill(slot, next_to_give_);
  } else {
    slot_is_ready_.wait(lock, [&] { return slot.is_ready; });
  }
  // The slot stays ready, so that a further call throws again rather than waits for ever.
  if (slot.error) std::rethrow_exception(slot.error);
  slot.is_ready = false;
  ++next_to_give_;
  has_given_ = true;
  return &slot.batch;
}

void Loader::fill(Slot& slot, int64_t batch_index) {
  try {
    slot.error = nullptr;
    const int64_t first = batch_index * options_.batch_size;
    const int64_t size = std::min(options_.batch_size, dataset_->size() - first);
    if (slot.storage.empty())
      for (const auto& [name, shape] : shapes_) {
        std::vector<int64_t> full{options_.batch_size * clips_per_sample_};
        full.insert(full.end(), shape.begin(), shape.end());
        slot.storage[name] =
            at::empty(full, at::TensorOptions(at::kFloat).pinned_memory(options_.pin_memory));
      }
    Batch& batch = slot.batch;
    batch.ids.resize(static_cast<size_t>(size));
    batch.indices.assign(order_.begin() + first, order_.begin() + first + size);
    batch.labels = at::full({size}, -1, at::kLong);
    batch.clip_to_sample.clear();
    for (int64_t i = 0; i < size; ++i) {
      const auto index = batch.indices[static_cast<size_t>(i)];
      slot.sample.clear();
      dataset_->read(index, slot.sample);
      Rng rng(options_.seed, epoch_, static_cast<uint64_t>(index));
      pipeline_.apply(slot.sample, rng);
      copy_sample(slot.sample, slot, i);
    }
    for (auto& [name, tensor] : slot.storage)
      batch.inputs[name] = tensor.narrow(0, 0, size * clips_per_sample_);
  } catch (...) {
    slot.error = std::current_exception();  // next() rethrows it in the caller's thread
  }
}

void Loader::copy_sample(const Sample& sample, Slot& slot, int64_t position) {
  const auto copy = [&](const std::string& name, const KeypointArray& array) {
    const auto known = shapes_.find(name);
    const int64_t frames = array.frames / sample.num_clips;
    const std::vector<int64_t> shape{array.persons, frames, array.joints, array.channels};
    if (known == shapes_.end() || known->second != shape || sample.num_clips != clips_per_sample_)
      throw DataError(
          Fault{fmt::format("{}: clip {}", dataset_->info().source, sample.id),
                fmt::format("the pipeline gives {} clips of {}x{}x{}x{} (M,T,V,C) for '{}'",
                            sample.num_clips, shape[0], shape[1], shape[2], shape[3], name),
                "the same shape for every clip",
                "End the pipeline with steps that fix the number of frames and persons."});
    const int64_t count = array.persons * frames * array.joints * array.channels;
    float* to = slot.storage.at(name).data_ptr<float>() + position * clips_per_sample_ * count;
    for (int64_t clip = 0; clip < sample.num_clips; ++clip)
      copy_finite(name, array, clip * frames, frames, to + clip * count, *dataset_, sample);
  };
  if (sample.extra_inputs.size() + 1 != shapes_.size())
    throw DataError(
        Fault{fmt::format("{}: clip {}", dataset_->info().source, sample.id),
              fmt::format("the pipeline gives {} inputs", sample.extra_inputs.size() + 1),
              fmt::format("{}, as for the first clip", shapes_.size()), ""});
  copy("keypoints", sample.keypoints);
  for (const auto& [name, array] : sample.extra_inputs) copy(name, array);
  slot.batch.ids[static_cast<size_t>(position)] = sample.id;
  if (!sample.labels.empty()) slot.batch.labels.data_ptr<int64_t>()[position] = sample.labels[0];
  slot.batch.clip_to_sample.insert(slot.batch.clip_to_sample.end(),
                                   static_cast<size_t>(sample.num_clips), position);
}

}  // namespace kinegraph
