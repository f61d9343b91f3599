#include "framework/run/trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <chrono>
#include <cmath>
#include <set>

#include "framework/base/interrupt.h"
#include "framework/run/scoring.h"

namespace kinegraph {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The generator that dropout and the like draw from on a GPU; undefined for the CPU.
at::Generator device_generator(const c10::Device& device) {
  return device.is_cuda() ? at::globalContext().defaultGenerator(device) : at::Generator();
}

/// Leaves parameters that are frozen in the 0-based `epoch` without gradients. Throws ConfigError
/// for a part that no parameter's name has.
void freeze_parameters(const NamedList<int64_t>& freeze, int64_t epoch, torch::nn::Module& model) {
  std::set<std::string> unused;
  for (const auto& [part, epochs] : freeze) unused.insert(part);
  for (auto& item : model.named_parameters())
    for (const auto& [part, epochs] : freeze) {
      if (item.key().find(part) == std::string::npos) continue;
      item.value().requires_grad_(epoch >= epochs);
      unused.erase(part);
      break;
    }
  if (!unused.empty())
    throw ConfigError(Fault{fmt::format("train.freeze '{}'", *unused.begin()),
                            "no parameter's name has this part, or earlier parts fit them all",
                            "a part of one", "Correct it, or remove it."});
}

}  // namespace

void Trainer::call(void (Hook::*moment)(Trainer&)) {
  for (const auto& hook : parts_.hooks) (hook.get()->*moment)(*this);
}

Checkpoint Trainer::snapshot() const {
  const DataInfo& info = parts_.train_loader->dataset().info();
  Checkpoint checkpoint;
  checkpoint.model = state_of(*parts_.model);
  checkpoint.optimizer = parts_.optimizer->state();
  checkpoint.state = state_;
  checkpoint.rng = at::detail::getDefaultCPUGenerator().get_state();
  checkpoint.loss = state_of(*parts_.loss);
  if (const auto generator = device_generator(parts_.device); generator.defined())
    checkpoint.device_rng = generator.get_state();
  checkpoint.config_yaml = parts_.config_yaml;
  checkpoint.skeleton_yaml = info.skeleton.to_yaml();
  checkpoint.class_names = info.class_names;
  checkpoint.input_shapes = parts_.train_loader->input_shapes();
  checkpoint.data_hash = info.content_hash;
  return checkpoint;
}

void Trainer::restore(const Checkpoint& checkpoint, const std::string& source) {
  const DataInfo& info = parts_.train_loader->dataset().info();
  require_same_task(checkpoint, source, info.skeleton, info.class_names, info.source);
  if (checkpoint.data_hash != info.content_hash)
    throw DataError(Fault{source, "trained on other annotations than those of " + info.source,
                          "the content with SHA-256 " + checkpoint.data_hash,
                          "Resume with the same data, or start a new run."});
  const TrainingState& state = checkpoint.state;
  const int64_t batches = parts_.train_loader->batches_per_epoch();
  if (state.iteration != state.epoch * batches + state.batch)
    throw DataError(Fault{source,
                          fmt::format("{} iterations in {} epochs and {} batches", state.iteration,
                                      state.epoch, state.batch),
                          fmt::format("epochs of {} batches, as the config gives now", batches),
                          "Resume with the same data.batch_size, drop_last, split and repeat."});
  load_model_state(*parts_.model, checkpoint.model, source);
  load_model_state(*parts_.loss, checkpoint.loss, source, "loss");
  parts_.optimizer->load_state(checkpoint.optimizer, source);
  state_ = checkpoint.state;
  if (checkpoint.rng.defined())
    restore_generator(at::detail::getDefaultCPUGenerator(), checkpoint.rng, source);
  if (auto generator = device_generator(parts_.device);
      generator.defined() && checkpoint.device_rng.defined())
    restore_generator(generator, checkpoint.device_rng, source);
}

void Trainer::run() {
  const InterruptGuard interrupts;
  call(&Hook::before_run);
  while (state_.epoch < parts_.options.train.epochs && !was_interrupted_)
    was_interrupted_ = !train_epoch() || !finish_epoch();
  call(&Hook::after_run);
}

bool Trainer::train_epoch() {
  if (state_.batch == 0) state_.sums = {};
  validation_.reset();
  parts_.model->train();
  freeze_parameters(parts_.options.train.freeze, state_.epoch, *parts_.model);
  parts_.train_loader->start(static_cast<uint64_t>(state_.epoch), state_.batch);
  for (double waited_since = now_s();; waited_since = now_s()) {
    const Batch* batch = parts_.train_loader->next();
    if (!batch) return true;
    const double began = now_s();
    step(*batch);
    ++state_.batch;
    ++state_.iteration;
    figures_.data_s = began - waited_since;
    figures_.step_s = now_s() - began;
    state_.sums.seconds += now_s() - waited_since;
    call(&Hook::after_iteration);
    if (is_interrupted()) return false;
  }
}

bool Trainer::finish_epoch() {
  const TrainOptions& options = parts_.options.train;
  const TrainingState unfinished = state_;
  ++state_.epoch;
  state_.batch = 0;
  try {
    if (state_.epoch % options.val_interval == 0 || state_.epoch == options.epochs) validate();
  } catch (const Interrupted&) {
    state_ = unfinished;  // a resumed run does the whole validation
    return false;
  }
  call(&Hook::after_epoch);
  return true;
}

void Trainer::step(const Batch& batch) {
  Optimizer& optimizer = *parts_.optimizer;
  optimizer.set_learning_rate(optimizer.base_learning_rate() *
                              parts_.schedule->factor(state_.iteration));
  optimizer.zero_grad();
  require_labels(batch, parts_.train_loader->dataset().info().source);
  const auto labels = batch.labels.to(parts_.device);
  const auto outputs = parts_.model->forward(to_device(batch.inputs, parts_.device));
  const auto score = parts_.model->score(outputs);
  const auto loss = parts_.loss->forward(outputs, score, labels);
  figures_.loss = loss.item<double>();
  if (!std::isfinite(figures_.loss))
    throw DataError(Fault{
        fmt::format("epoch {}, iteration {}", state_.epoch + 1, state_.iteration + 1),
        fmt::format("the loss is {}", figures_.loss), "a finite loss",
        "Lower the learning rate or clip gradients. Clips of this batch: " + join(batch.ids)});
  loss.backward();
  if (parts_.options.train.max_grad_norm)
    optimizer.clip_gradients(*parts_.options.train.max_grad_norm);
  optimizer.step();
  state_.sums.loss += figures_.loss;
  state_.sums.hits += score.detach().argmax(1).eq(labels).sum().item<int64_t>();
  state_.sums.samples += batch.size();
  ++state_.sums.batches;
}

void Trainer::validate() {
  ScoringOptions options;
  options.device = parts_.device;
  options.average_probabilities = parts_.options.clip_average == "probabilities";
  const Scores scores = score_clips(*parts_.model, *parts_.val_loader, options);
  validation_ = std::make_unique<MetricReport>(evaluate(scores, parts_.metrics));
  const MetricValue& monitored = *validation_->find(parts_.options.train.monitor);
  is_best_ =
      !state_.best_value || (monitored.is_higher_better ? monitored.value > *state_.best_value
                                                        : monitored.value < *state_.best_value);
  if (is_best_) {
    state_.best_value = monitored.value;
    state_.best_epoch = state_.epoch;
  }
  call(&Hook::after_validation);
}

}  // namespace kinegraph
