// Scores and metrics for tests.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "framework/config/yaml.h"
#include "framework/eval/metric.h"
#include "framework/registry/registry.h"

namespace kinegraph {

/// Clips clip0, clip1, ... of class truth[i] that a model takes for class predicted[i].
inline Scores toy_scores(const std::vector<int64_t>& truth, const std::vector<int64_t>& predicted,
                         std::vector<std::string> class_names) {
  std::vector<std::string> ids;
  std::vector<float> values(truth.size() * class_names.size());
  for (size_t clip = 0; clip < truth.size(); ++clip) {
    ids.push_back(fmt::format("clip{}", clip));
    values[clip * class_names.size() + predicted[clip]] = 1;
  }
  return {std::move(ids), truth, std::move(class_names), std::move(values)};
}

/// Builds a metric from YAML, as a config does: "confusion_matrix" or "{type: ..., ...}".
inline std::shared_ptr<Metric> make_metric(const std::string& yaml) {
  Diagnostics diagnostics;
  const Node root = parse_yaml("metric: " + yaml, "test.yaml", diagnostics);
  Component<Metric> component;
  component.read(*root.find("metric"), diagnostics);
  diagnostics.throw_if_any();
  return component.build({});
}

inline MetricReport report_of(const Scores& scores, const std::vector<std::string>& metrics) {
  std::vector<std::shared_ptr<Metric>> built;
  for (const auto& metric : metrics) built.push_back(make_metric(metric));
  return evaluate(scores, built);
}

inline const std::vector<std::string> kAllMetrics = {"top_k_accuracy", "mean_class_accuracy",
                                                     "precision_recall_f1", "confusion_matrix"};

/// Four clips of "drink", two of "eat" and one of "wave"; two are wrong.
inline Scores imbalanced_scores() {
  return toy_scores({0, 0, 0, 0, 1, 1, 2}, {0, 0, 1, 0, 1, 2, 2}, {"drink", "eat", "wave"});
}

/// The message of the exception of type Exception that `action` throws, or "no error".
template <class Exception, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace kinegraph
