#include "framework/run/checkpoint_difference.h"

#include <ATen/ATen.h>

#include <cstring>
#include <set>

namespace kinegraph {
namespace {

using Part = std::map<std::string, at::Tensor>;

bool ends_in(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

bool is_batch_norm(const std::string& name) {
  for (const char* suffix : {"running_mean", "running_var", "num_batches_tracked"})
    if (ends_in(name, suffix)) return true;
  return false;
}

at::Tensor number(int64_t value) { return at::scalar_tensor(value, at::kLong); }
at::Tensor number(double value) { return at::scalar_tensor(value, at::kDouble); }

Part progress_of(const TrainingState& state) {
  Part part{{"epoch", number(state.epoch)},
            {"batch", number(state.batch)},
            {"iteration", number(state.iteration)},
            {"best_epoch", number(state.best_epoch)},
            {"loss of the epoch", number(state.sums.loss)},
            {"hits of the epoch", number(state.sums.hits)},
            {"samples of the epoch", number(state.sums.samples)},
            {"batches of the epoch", number(state.sums.batches)}};
  if (state.best_value) part["best_value"] = number(*state.best_value);
  return part;
}

/// In the order in which they are reported.
std::vector<std::pair<std::string, Part>> parts_of(const Checkpoint& checkpoint) {
  Part weights, batch_norm, optimizer, generators;
  for (const auto& [name, tensor] : checkpoint.model)
    (is_batch_norm(name) ? batch_norm : weights)[name] = tensor;
  for (const auto& [parameter, state] : checkpoint.optimizer)
    for (const auto& [name, tensor] : state) optimizer[parameter + ": " + name] = tensor;
  if (checkpoint.rng.defined()) generators["CPU"] = checkpoint.rng;
  if (checkpoint.device_rng.defined()) generators["GPU"] = checkpoint.device_rng;
  return {{"weights", weights},
          {"batch norm", batch_norm},
          {"optimizer", optimizer},
          {"loss", {checkpoint.loss.begin(), checkpoint.loss.end()}},
          {"random generators", generators},
          {"progress", progress_of(checkpoint.state)}};
}

/// Bytes, so that NaN equals itself and 0 does not equal -0.
bool has_same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  const at::Tensor left = a.contiguous(), right = b.contiguous();
  return left.nbytes() == 0 || std::memcmp(left.data_ptr(), right.data_ptr(), left.nbytes()) == 0;
}

}  // namespace

std::vector<PartDifference> compare(const Checkpoint& a, const Checkpoint& b) {
  std::vector<PartDifference> differences;
  const auto left = parts_of(a), right = parts_of(b);
  for (size_t i = 0; i < left.size(); ++i) {
    const Part &ours = left[i].second, &theirs = right[i].second;
    std::set<std::string> names;
    for (const Part& part : {ours, theirs})
      for (const auto& [name, tensor] : part) names.insert(name);
    PartDifference difference{left[i].first, static_cast<int64_t>(names.size()), {}};
    for (const auto& name : names) {
      const auto first = ours.find(name), second = theirs.find(name);
      if (first == ours.end() || second == theirs.end() ||
          !has_same_bits(first->second, second->second))
        difference.different.push_back(name);
    }
    differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace kinegraph
