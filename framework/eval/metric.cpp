#include "framework/eval/metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "framework/base/error.h"

namespace kinegraph {

MetricReport::MetricReport(const Scores& scores)
    : MetricReport(ConfusionMatrix(scores), scores.class_names, sha256_of(scores)) {}

MetricReport::MetricReport(ConfusionMatrix matrix, const std::vector<std::string>& class_names,
                           std::string sha256)
    : scores_sha256(std::move(sha256)), confusion(std::move(matrix)) {
  for (size_t label = 0; label < class_names.size(); ++label) {
    const auto row = static_cast<int64_t>(label);
    classes.push_back(
        {class_names[label], confusion.support(row), confusion.predicted(row), {}, {}, {}, {}});
  }
}

void MetricReport::add(const std::string& name, double value, bool is_higher_better) {
  if (find(name))
    throw ConfigError(Fault{fmt::format("metric value '{}'", name), "computed twice",
                            "unique names", "Two metrics of the config give it; leave one out."});
  if (!std::isfinite(value))
    throw std::logic_error(fmt::format("metric value '{}' is {}", name, value));
  values.push_back({name, value, is_higher_better});
}

const MetricValue* MetricReport::find(const std::string& name) const {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const MetricValue& value) { return value.name == name; });
  return found == values.end() ? nullptr : &*found;
}

MetricReport evaluate(const Scores& scores, const std::vector<std::shared_ptr<Metric>>& metrics) {
  MetricReport report(scores);
  for (const auto& metric : metrics) metric->compute(scores, report);
  return report;
}

}  // namespace kinegraph
