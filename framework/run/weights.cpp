#include "framework/run/weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/base/console.h"
#include "framework/base/text.h"
#include "framework/config/yaml.h"
#include "framework/run/state_translation.h"

namespace kinegraph {
namespace {

constexpr const char* kRole = "model";

struct Candidate {
  StateMatch match;
  std::string dialect = {}, unseen = {};
};

Candidate match_own(const Recognizer& model, const Weights& weights) {
  std::vector<StateEntry> entries;
  for (const auto& [name, tensor] : weights.own->model) entries.push_back({name, name, tensor});
  return {match_state(model, entries, kRole)};
}

bool is_batch_counter(const std::string& name) {
  constexpr std::string_view kEnding = ".num_batches_tracked";
  return name.size() > kEnding.size() &&
         name.compare(name.size() - kEnding.size(), kEnding.size(), kEnding) == 0;
}

/// Adds the model's own batch counters when the file has none at all.
void complete_batch_counters(std::vector<StateEntry>& entries, const Recognizer& model) {
  const bool has_some = std::any_of(entries.begin(), entries.end(), [](const StateEntry& entry) {
    return is_batch_counter(entry.name);
  });
  if (has_some) return;
  for (const auto& [name, tensor] : state_of(model))
    if (is_batch_counter(name)) entries.push_back({name, name, tensor});
}

Candidate match_foreign(const Recognizer& model, const ModelOptions& options,
                        const Weights& weights) {
  const std::string& backbone = options.backbone.type();
  const NamedState& theirs = weights.foreign.tensors;
  const StateDialect dialect = weights.options.dialect.empty()
                                   ? choose_dialect(theirs, backbone, model, weights.source())
                                   : StateDialect::load(weights.options.dialect, backbone);
  dialect.require_form(options.backbone.resolved());
  TranslatedState state = import_state(theirs, dialect, model);
  complete_batch_counters(state.entries, model);
  const auto their_name = [&](const std::string& ours) {
    const auto translated = dialect.to_theirs(ours);
    return translated ? translated->key : ours;
  };
  StateMatch match = match_state(model, state.entries, kRole, their_name);
  match.faults.insert(match.faults.begin(), state.faults.begin(), state.faults.end());
  return {std::move(match), dialect.source(), dialect.describe_unseen(options.backbone.resolved())};
}

/// By the config inside a checkpoint of ours.
std::optional<Fault> form_fault(const ModelOptions& options, const Weights& weights) {
  if (!weights.own) return std::nullopt;
  Diagnostics diagnostics;
  const Node config =
      parse_yaml(weights.own->config_yaml, weights.source() + ":config", diagnostics);
  const Node* model = config.find("model");
  const Node* trained = model ? model->find("backbone") : nullptr;
  return trained ? trained_form_fault(options.backbone.resolved(), *trained, weights.source())
                 : std::nullopt;
}

/// Constants and counters may stand for themselves.
int64_t loaded_count(const StateMatch& match) {
  return std::count_if(match.fitting.begin(), match.fitting.end(),
                       [](const auto& pair) { return !pair.first.is_same(pair.second); });
}

}  // namespace

Weights read_weights(const WeightOptions& options) {
  Weights weights;
  weights.options = options;
  const CheckpointValue root = read_checkpoint_file(options.checkpoint);
  if (is_checkpoint(root))
    weights.own = to_checkpoint(root, options.checkpoint);
  else
    weights.foreign = find_foreign_state(root, options.checkpoint);
  if (weights.own && !options.dialect.empty())
    throw ConfigError(
        fmt::format("{}: a checkpoint of Kinegraph, which has no dialect\n  Leave "
                    "out the dialect '{}'.",
                    options.checkpoint, options.dialect));
  return weights;
}

void load_weights(Recognizer& model, const ModelOptions& options, const Weights& weights) {
  const Candidate candidate =
      weights.own ? match_own(model, weights) : match_foreign(model, options, weights);
  const StateMatch& match = candidate.match;
  const int64_t loaded = loaded_count(match);
  const bool is_usable = weights.options.is_partial ? loaded > 0 : match.faults.empty();
  if (!is_usable)
    throw DataError(Fault{weights.source(), describe_faults(match.faults, kRole), "",
                          weights.own ? "Use the config that this checkpoint was trained with."
                                      : "Use the config of the model that the file is for."});
  const auto fault = form_fault(options, weights);
  if (fault && !weights.options.is_partial) throw ConfigError(*fault);
  copy_state(match);
  if (weights.own && match.faults.empty() && !fault) return;
  std::string text = fmt::format("weights: {} tensors of {}", loaded, weights.source());
  if (!weights.own) text += fmt::format(", named as by {}", candidate.dialect);
  if (!candidate.unseen.empty())
    text += "\n  not in the file, taken from the config: " + candidate.unseen;
  if (fault)
    text += fmt::format("\n  {}: {}; expected {}", fault->where, fault->found, fault->expected);
  for (const auto& note : weights.foreign.notes) text += "\n  " + note;
  if (!match.faults.empty()) text += "\nleft out: " + describe_faults(match.faults, kRole);
  log_info(text);
}

}  // namespace kinegraph
