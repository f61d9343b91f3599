#include "framework/eval/metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "framework/base/error.h"

namespace kinegraph {

MetricReport::MetricReport(const Scores& scores)
    : scores_sha256(sha256_of(scores)), confusion(scores) {
  for (int64_t label = 0; label < scores.num_classes(); ++label)
    classes.push_back({scores.class_names[label],
                       confusion.support(label),
                       confusion.predicted(label),
                       {},
                       {},
                       {},
                       {}});
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
