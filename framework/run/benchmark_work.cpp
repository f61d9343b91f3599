#include "framework/run/benchmark_work.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/cuda.h>

#include <chrono>

#include "framework/model/output_trace.h"
#include "framework/run/experiment.h"
#include "framework/run/scoring.h"

namespace kinegraph {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

template <class Work>
double seconds_of(const c10::Device& device, const Work& work) {
  const auto began = Clock::now();
  work();
  if (device.is_cuda()) torch::cuda::synchronize(device.index());
  return seconds_since(began);
}

/// The first `active` persons of each clip move; the others are zero.
NamedTensors random_inputs(const BenchmarkTask& task, const c10::Device& device, int64_t active) {
  NamedTensors inputs;
  for (const auto& [name, shape] : task.context.backbone.inputs) {
    auto& x = inputs[name] =
        at::randn({task.batch_size, shape.persons, shape.frames, shape.joints, shape.channels});
    if (shape.persons > active) x.narrow(1, active, shape.persons - active).zero_();
  }
  return to_device(inputs, device);
}

Learner inference_learner(const BenchmarkTask& task, const c10::Device& device) {
  Learner learner = build_learner(task.experiment, task.context, device);
  learner.model->eval();
  return learner;
}

/// The step of Trainer, without its records.
void train_step(const Learner& learner, const NamedTensors& inputs, const at::Tensor& labels,
                const std::optional<double>& max_grad_norm) {
  learner.optimizer->zero_grad();
  const auto outputs = learner.model->forward(inputs);
  learner.loss->forward(outputs, learner.model->score(outputs), labels).backward();
  if (max_grad_norm) learner.optimizer->clip_gradients(*max_grad_norm);
  learner.optimizer->step();
}

}  // namespace

TimedWork sgemm_work() {
  constexpr int64_t kSize = 2048;
  constexpr double kOperations = 2.0 * kSize * kSize * kSize;
  const auto a = at::randn({kSize, kSize}), b = at::randn({kSize, kSize});
  auto c = at::empty({kSize, kSize});
  return [=]() mutable {
    return 1e-9 * kOperations / seconds_of(at::kCPU, [&] { at::mm_out(c, a, b); });
  };
}

TimedWork copy_work() {
  constexpr int64_t kBytes = int64_t{256} << 20;
  const auto from = at::ones({kBytes / int64_t{sizeof(float)}});
  auto to = at::zeros_like(from);
  return
      [=]() mutable { return 1e-9 * 2.0 * kBytes / seconds_of(at::kCPU, [&] { to.copy_(from); }); };
}

TimedWork loader_work(const BenchmarkTask& task, int64_t num_workers) {
  constexpr double kSeconds = 0.5;  // long enough for a steady rate, short for a large data set
  ExperimentOptions options = task.experiment;
  options.data.workers = num_workers;
  options.data.batch_size = task.batch_size;
  options.data.drop_last = false;
  const std::shared_ptr<Loader> loader = build_train_loader(options, at::kCPU);
  return [loader, epoch = uint64_t{0}]() mutable {
    int64_t clips = 0;
    const auto began = Clock::now();
    while (seconds_since(began) < kSeconds) {
      loader->start(epoch++);
      const Batch* batch = nullptr;
      while (seconds_since(began) < kSeconds && (batch = loader->next())) clips += batch->size();
    }
    return static_cast<double>(clips) / seconds_since(began);
  };
}

TimedWork inference_work(const BenchmarkTask& task, int64_t active_persons) {
  const c10::Device device = choose_device(task.experiment.device);
  const Learner learner = inference_learner(task, device);
  const NamedTensors inputs = random_inputs(task, device, active_persons);
  return [=] {
    const at::NoGradGuard no_grad;
    const auto forward = [&] { learner.model->score(learner.model->forward(inputs)); };
    return static_cast<double>(task.batch_size) / seconds_of(device, forward);
  };
}

void check_inference(const BenchmarkTask& task, int64_t active_persons) {
  constexpr double kTolerance = 1e-4;  // of the largest score
  const at::NoGradGuard no_grad;
  const c10::Device device = choose_device(task.experiment.device);
  const Learner learner = inference_learner(task, device);
  const NamedTensors inputs = random_inputs(task, device, active_persons);
  const auto score = [&] { return learner.model->score(learner.model->forward(inputs)); };
  const auto timed = score();
  const OutputTrace trace([](const torch::nn::Module&, const at::Tensor&) {});
  const auto traced = score();
  const double difference = (timed - traced).abs().max().item<double>();
  const double allowed = kTolerance * traced.abs().max().item<double>();
  if (!(difference <= allowed))
    throw Error(Fault{"the scores of inference", fmt::format("an error of {:.3g}", difference),
                      fmt::format("at most {:.3g}", allowed), "Please report this."});
}

TimedWork train_work(const BenchmarkTask& task) {
  const c10::Device device = choose_device(task.experiment.device);
  const Learner learner = build_learner(task.experiment, task.context, device);
  learner.optimizer->set_learning_rate(learner.optimizer->base_learning_rate());
  const NamedTensors inputs = random_inputs(task, device, kAllPersons);
  const auto labels = at::randint(task.context.num_classes, {task.batch_size}, at::kLong);
  return [=, labels = labels.to(device)] {
    const auto step = [&] {
      train_step(learner, inputs, labels, task.experiment.train.max_grad_norm);
    };
    return static_cast<double>(task.batch_size) / seconds_of(device, step);
  };
}

}  // namespace kinegraph
