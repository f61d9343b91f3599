#include "framework/run/scoring.h"

#include <ATen/ATen.h>
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
  const at::NoGradGuard no_grad;
  const EvaluationMode evaluation(model);
  const DataInfo& info = loader.dataset().info();
  std::vector<std::string> ids;
  std::vector<int64_t> labels;
  std::vector<float> values;
  bool has_several_clips = false;
  int64_t done = 0;
  loader.start(0);
  while (const Batch* batch = loader.next()) {
    require_labels(*batch, info.source);
    auto rows = model.score(model.forward(to_device(batch->inputs, options.device)));
    rows = rows.to(at::kCPU, at::kFloat);
    if (static_cast<int64_t>(batch->clip_to_sample.size()) != batch->size()) {
      has_several_clips = true;
      rows = average_clips(options.average_probabilities ? rows.softmax(1) : rows, *batch);
    }
    rows = rows.contiguous();
    values.insert(values.end(), rows.data_ptr<float>(), rows.data_ptr<float>() + rows.numel());
    const auto* label = batch->labels.data_ptr<int64_t>();
    labels.insert(labels.end(), label, label + batch->size());
    ids.insert(ids.end(), batch->ids.begin(), batch->ids.end());
    if (options.progress) options.progress(++done, loader.batches_per_epoch());
    if (is_interrupted()) throw Interrupted();
  }
  const auto kind = has_several_clips && options.average_probabilities ? ScoreKind::probabilities
                                                                       : ScoreKind::logits;
  return Scores(std::move(ids), std::move(labels), info.class_names, std::move(values), kind,
                info.source);
}

}  // namespace kinegraph
