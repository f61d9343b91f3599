#include "framework/eval/metric.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

/// Puts the confusion matrix into the report; it adds no value.
class ConfusionMatrixMetric : public Metric {
 public:
  struct Options {
    std::string normalize = "none";
    template <class Fields>
    void describe(Fields& field) {
      field("normalize", normalize,
            "report counts, or shares of the true class, the predicted class or all clips",
            OneOf{{"none", "true", "pred", "all"}});
    }
  };

  ConfusionMatrixMetric(const Options& options, const Context&) {
    for (const auto normalize : {Normalize::by_truth, Normalize::by_predicted, Normalize::by_all})
      if (options.normalize == name_of(normalize)) normalize_ = normalize;
  }

  void compute(const Scores&, MetricReport& report) const override {
    report.matrix_normalize = normalize_;
  }

 private:
  Normalize normalize_ = Normalize::none;
};

KINEGRAPH_REGISTER(Metric, "confusion_matrix", ConfusionMatrixMetric,
                   "how many clips of each class are taken for each class")

}  // namespace
}  // namespace kinegraph
