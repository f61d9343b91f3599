#include "framework/run/experiment_options.h"

#include "framework/config/compose.h"
#include "framework/config/yaml.h"

namespace kinegraph {
namespace {

template <class Base>
std::vector<Component<Base>> components(const std::vector<std::string>& names) {
  std::vector<Component<Base>> list;
  Diagnostics diagnostics;
  for (const auto& name : names)
    list.emplace_back().read(Node::make_scalar(name, {"default", 0, 0}), diagnostics);
  diagnostics.throw_if_any();
  return list;
}

bool chooses_split(const std::string& assignment) { return assignment.rfind("split=", 0) == 0; }

LoadedConfig read_tree(Node root, const std::string& stream,
                       const std::vector<std::string>& overrides, Diagnostics& diagnostics) {
  // The split is chosen first: what it changes can itself be overridden.
  for (const auto& assignment : overrides)
    if (chooses_split(assignment)) apply_override(root, assignment, diagnostics);
  apply_split(root, diagnostics);
  apply_stream(root, stream, diagnostics);
  for (const auto& assignment : overrides)
    if (!chooses_split(assignment)) apply_override(root, assignment, diagnostics);
  LoadedConfig config;
  read_options(root, config.options, "the config", diagnostics);
  diagnostics.throw_if_any();
  config.resolved = Codec<ExperimentOptions>::write(config.options, &root);
  return config;
}

}  // namespace

ExperimentOptions::ExperimentOptions()
    : metrics(components<Metric>(
          {"top_k_accuracy", "mean_class_accuracy", "precision_recall_f1", "confusion_matrix"})),
      hooks(components<Hook>({"progress", "json_log", "checkpoint"})) {}

LoadedConfig load_config(const std::filesystem::path& path, const std::string& stream,
                         const std::vector<std::string>& overrides) {
  Diagnostics diagnostics;
  Node root = load_with_bases(path, diagnostics);
  return read_tree(std::move(root), stream, overrides, diagnostics);
}

LoadedConfig load_config_text(const std::string& yaml, const std::string& source,
                              const std::vector<std::string>& overrides) {
  Diagnostics diagnostics;
  return read_tree(parse_yaml(yaml, source, diagnostics), "", overrides, diagnostics);
}

}  // namespace kinegraph
