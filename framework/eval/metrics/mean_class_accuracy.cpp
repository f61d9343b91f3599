#include "framework/eval/metric.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

/// Mean of hits / support over the classes that occur in the truth or in the predictions.
///
/// As in PYSKL (mean_class_accuracy), a class that is predicted but has no clips counts as 0 and
/// lowers the mean; test sets that have every class are not affected.
class MeanClassAccuracy : public Metric {
 public:
  using Options = NoOptions;

  MeanClassAccuracy(const Options&, const Context&) {}

  void compute(const Scores&, MetricReport& report) const override {
    const ConfusionMatrix& confusion = report.confusion;
    for (int64_t label = 0; label < confusion.num_classes(); ++label) {
      const auto support = static_cast<double>(confusion.support(label));
      report.classes[label].accuracy =
          support == 0 ? 0.0 : static_cast<double>(confusion.hits(label)) / support;
    }
    const auto occurring = confusion.occurring_classes();
    double sum = 0;
    for (const int64_t label : occurring) sum += *report.classes[label].accuracy;
    report.add("mean_class", sum / static_cast<double>(occurring.size()));
  }
};

KINEGRAPH_REGISTER(Metric, "mean_class_accuracy", MeanClassAccuracy,
                   "mean over classes of the share of clips that are right")

}  // namespace
}  // namespace kinegraph
