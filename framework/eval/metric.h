// Metrics turn scores into a report. A metric is one .cpp in framework/eval/metrics, registered
// under its file's name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/eval/confusion_matrix.h"
#include "framework/eval/scores.h"

namespace kinegraph {

/// A named number about a whole test set.
struct MetricValue {
  std::string name;
  double value;
  bool is_higher_better;
};

/// One line of the per-class table. What no metric computed stays empty.
struct ClassMetrics {
  std::string name;
  int64_t support;    // clips of this class
  int64_t predicted;  // clips taken for this class
  std::optional<double> precision, recall, f1;
  std::optional<double> accuracy;  // hits / support, so equal to recall
};

/// The results of all metrics on one set of scores.
class MetricReport {
 public:
  /// Sets the members up to `classes`, whose metrics are still empty.
  explicit MetricReport(const Scores& scores);
  /// The same from what is known of the scores. There are as many names as classes.
  MetricReport(ConfusionMatrix matrix, const std::vector<std::string>& class_names,
               std::string sha256);

  /// Appends a value. Throws ConfigError when there is one of that name, and std::logic_error when
  /// it is not finite.
  void add(const std::string& name, double value, bool is_higher_better = true);

  /// The value of that name, or nullptr.
  const MetricValue* find(const std::string& name) const;

  std::string scores_sha256;
  ConfusionMatrix confusion;
  std::vector<ClassMetrics> classes;  // K
  std::vector<MetricValue> values;    // in the order of add()
  /// How to report the confusion matrix; empty: leave it out.
  std::optional<Normalize> matrix_normalize;
};

/// Base of the registered metrics.
class Metric {
 public:
  static constexpr const char* kKind = "metric";
  struct Context {};

  virtual ~Metric() = default;

  /// Adds its results to `report`, which was made from these scores.
  virtual void compute(const Scores& scores, MetricReport& report) const = 0;
};

/// The report of `metrics`, computed in their order.
MetricReport evaluate(const Scores& scores, const std::vector<std::shared_ptr<Metric>>& metrics);

}  // namespace kinegraph
