#include "framework/run/scoring.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/cuda.h>

#include "framework/base/interrupt.h"

namespace kinegraph {
namespace {

/// (N, K) rows to (B, K): the mean over the clips of each sample.
at::Tensor average_clips(const at::Tensor& rows, const Batch& batch) {
  const auto groups = at::tensor(batch.clip_to_sample, at::kLong);
  auto sums = at::zeros({batch.size(), rows.size(1)}, rows.options());
  sums.index_add_(0, groups, rows);
  return sums.div_(static_cast<double>(rows.size(0)) / static_cast<double>(batch.size()));
}

/// Evaluation mode for as long as it lives.
class EvaluationMode {
 public:
  explicit EvaluationMode(torch::nn::Module& module)
      : module_(module), was_training_(module.is_training()) {
    module_.eval();
  }
  ~EvaluationMode() { module_.train(was_training_); }

 private:
  torch::nn::Module& module_;
  bool was_training_;
};

struct ScoredClips {
  std::vector<std::string> ids;
  std::vector<float> values;  // N x K
  ScoreKind kind = ScoreKind::logits;
};

/// One pass over the loader; `see` is called with each batch before the model gets it.
ScoredClips run_model(Recognizer& model, Loader& loader, const ScoringOptions& options,
                      const std::function<void(const Batch&)>& see) {
  const at::NoGradGuard no_grad;
  const EvaluationMode evaluation(model);
  ScoredClips clips;
  int64_t done = 0;
  loader.start(0);
  while (const Batch* batch = loader.next()) {
    see(*batch);
    auto rows = model.score(model.forward(to_device(batch->inputs, options.device)));
    rows = rows.to(at::kCPU, at::kFloat);
    if (static_cast<int64_t>(batch->clip_to_sample.size()) != batch->size()) {
      if (options.average_probabilities) {
        clips.kind = ScoreKind::probabilities;
        rows = rows.softmax(1);
      }
      rows = average_clips(rows, *batch);
    }
    rows = rows.contiguous();
    clips.values.insert(clips.values.end(), rows.data_ptr<float>(),
                        rows.data_ptr<float>() + rows.numel());
    clips.ids.insert(clips.ids.end(), batch->ids.begin(), batch->ids.end());
    if (options.progress) options.progress(++done, loader.batches_per_epoch());
    if (is_interrupted()) throw Interrupted();
  }
  return clips;
}

}  // namespace

c10::Device choose_device(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  if (name == "auto") return c10::Device(torch::cuda::is_available() ? c10::kCUDA : c10::kCPU);
  const bool is_cuda = name == "cuda" || name.rfind("cuda:", 0) == 0;
  const std::string index = name == "cuda" ? "0" : name.substr(std::min(name.size(), size_t{5}));
  const bool is_number = !index.empty() && index.size() < 4 &&
                         index.find_first_not_of("0123456789") == std::string::npos;
  if (!is_cuda || !is_number)
    throw ConfigError(Fault{"device", "'" + name + "'", "auto, cpu, cuda or cuda:N", ""});
  if (std::stoul(index) >= torch::cuda::device_count())
    throw ConfigError(Fault{
        "device", fmt::format("'{}', but LibTorch sees {} GPUs", name, torch::cuda::device_count()),
        "a device that is there", "Use --device cpu, or a LibTorch with CUDA."});
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(std::stoi(index)));
}

void require_labels(const Batch& batch, const std::string& source) {
  const auto* labels = batch.labels.data_ptr<int64_t>();
  for (size_t i = 0; i < batch.ids.size(); ++i)
    if (labels[i] < 0)
      throw DataError(Fault{fmt::format("{}: clip {}", source, batch.ids[i]), "no label",
                            "one of the store's classes", "Leave the clip out of this split."});
}

NamedTensors to_device(const NamedTensors& inputs, const c10::Device& device) {
  NamedTensors moved;
  for (const auto& [name, tensor] : inputs)
    moved[name] = tensor.to(device, tensor.scalar_type(), /*non_blocking=*/true);
  return moved;
}

Scores score_clips(Recognizer& model, Loader& loader, const ScoringOptions& options) {
  const DataInfo& info = loader.dataset().info();
  std::vector<int64_t> labels;
  ScoredClips clips = run_model(model, loader, options, [&](const Batch& batch) {
    require_labels(batch, info.source);
    const auto* label = batch.labels.data_ptr<int64_t>();
    labels.insert(labels.end(), label, label + batch.size());
  });
  return Scores(std::move(clips.ids), std::move(labels), info.class_names, std::move(clips.values),
                clips.kind, info.source);
}

Scores score_unlabelled_clips(Recognizer& model, Loader& loader,
                              const std::vector<std::string>& class_names,
                              const ScoringOptions& options) {
  ScoredClips clips = run_model(model, loader, options, [](const Batch&) {});
  return Scores(std::move(clips.ids), {}, class_names, std::move(clips.values), clips.kind,
                loader.dataset().info().source);
}

}  // namespace kinegraph
