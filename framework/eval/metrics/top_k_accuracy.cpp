#include <fmt/format.h>

#include <set>

#include "framework/base/error.h"
#include "framework/eval/metric.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

/// Share of clips whose true class is among the k best (ties as in rank_of()). A k above the number
/// of classes gives 1.
class TopKAccuracy : public Metric {
 public:
  struct Options {
    std::vector<int64_t> k = {1, 5};
    template <class Fields>
    void describe(Fields& field) {
      field("k", k, "how many of the best classes may hold the true one, once for each value",
            Range{1});
    }
  };

  TopKAccuracy(const Options& options, const Context&) : k_(options.k) {
    const std::set<int64_t> unique(k_.begin(), k_.end());
    if (unique.empty() || unique.size() != k_.size())
      throw ConfigError(Fault{"metric 'top_k_accuracy'",
                              fmt::format("k is [{}]", fmt::join(k_, ", ")),
                              "one or more different numbers", "The default is [1, 5]."});
  }

  void compute(const Scores& scores, MetricReport& report) const override {
    std::vector<int64_t> hits(k_.size());
    for (int64_t clip = 0; clip < scores.num_clips(); ++clip) {
      const int64_t rank = rank_of(scores, clip, scores.labels[clip]);
      for (size_t i = 0; i < k_.size(); ++i) hits[i] += rank < k_[i];
    }
    for (size_t i = 0; i < k_.size(); ++i)
      report.add(fmt::format("top{}", k_[i]),
                 static_cast<double>(hits[i]) / static_cast<double>(scores.num_clips()));
  }

 private:
  std::vector<int64_t> k_;
};

KINEGRAPH_REGISTER(Metric, "top_k_accuracy", TopKAccuracy,
                   "share of clips whose class is among the k best")

}  // namespace
}  // namespace kinegraph
