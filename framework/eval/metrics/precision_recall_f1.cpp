#include <fmt/format.h>

#include "framework/eval/metric.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

struct Rates {
  double precision = 0, recall = 0, f1 = 0;

  void add(const Rates& other, int64_t weight) {
    precision += static_cast<double>(weight) * other.precision;
    recall += static_cast<double>(weight) * other.recall;
    f1 += static_cast<double>(weight) * other.f1;
  }
  Rates divided_by(int64_t total) const {
    const auto divisor = static_cast<double>(total);
    return {precision / divisor, recall / divisor, f1 / divisor};
  }
};

double ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// F1 = 2 TP / (2 TP + FP + FN), which is the harmonic mean where that is defined.
Rates rates_of(int64_t hits, int64_t support, int64_t predicted) {
  return {ratio(hits, predicted), ratio(hits, support), ratio(2 * hits, support + predicted)};
}

void add_rates(const std::string& average, const Rates& rates, MetricReport& report) {
  report.add(fmt::format("precision_{}", average), rates.precision);
  report.add(fmt::format("recall_{}", average), rates.recall);
  report.add(fmt::format("f1_{}", average), rates.f1);
}

/// Precision, recall and F1 of every class, and their averages, as scikit-learn's
/// precision_recall_fscore_support with zero_division=0.
///
/// macro: mean over the classes that occur in the truth or in the predictions; weighted: the same
/// mean with the supports as weights; micro: of the counts summed over classes, which for one label
/// a clip makes all three equal to the top-1 accuracy.
class PrecisionRecallF1 : public Metric {
 public:
  using Options = NoOptions;

  PrecisionRecallF1(const Options&, const Context&) {}

  void compute(const Scores&, MetricReport& report) const override {
    const ConfusionMatrix& confusion = report.confusion;
    const auto occurring = static_cast<int64_t>(confusion.occurring_classes().size());
    Rates sum, weighted_sum;
    int64_t hits = 0;
    for (int64_t label = 0; label < confusion.num_classes(); ++label) {
      const int64_t support = confusion.support(label);
      const Rates rates = rates_of(confusion.hits(label), support, confusion.predicted(label));
      ClassMetrics& row = report.classes[label];
      row.precision = rates.precision;
      row.recall = rates.recall;
      row.f1 = rates.f1;
      hits += confusion.hits(label);
      // A class that does not occur has rates of 0: only the divisor must leave it out.
      sum.add(rates, 1);
      weighted_sum.add(rates, support);
    }
    add_rates("macro", sum.divided_by(occurring), report);
    add_rates("micro", rates_of(hits, confusion.total(), confusion.total()), report);
    add_rates("weighted", weighted_sum.divided_by(confusion.total()), report);
  }
};

KINEGRAPH_REGISTER(Metric, "precision_recall_f1", PrecisionRecallF1,
                   "precision, recall and F1: per class, macro, micro, weighted")

}  // namespace
}  // namespace kinegraph
