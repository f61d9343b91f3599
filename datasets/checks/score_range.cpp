#include <cmath>

#include "framework/data/check.h"

namespace kinegraph {
namespace {

/// Scores are meant to be confidences. Peaks of heatmaps, which many estimators give, may pass 1 by
/// a little.
class ScoreRange : public ClipCheck {
 public:
  struct Options {
    double low = 0, high = 1.25;

    template <class Fields>
    void describe(Fields& field) {
      field("low", low, "scores below it are reported");
      field("high", high, "scores above it are reported");
    }
  };
  ScoreRange(const Options& options, const Context& context)
      : ClipCheck(context), options_(options) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    for (const double score : clip.scores)
      if (std::isfinite(score) && (score < options_.low || score > options_.high))
        return Fault{fmt::format("{:g}", score)};
    return std::nullopt;
  }
  Finding finding() const override {
    Finding finding{
        Severity::warning,
        fmt::format("clips with scores outside {:g}..{:g}", options_.low, options_.high),
        0,
        {},
        {}};
    finding.remedy = "Are these percents, or logits? Bring them to 0..1 before the import.";
    return finding;
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Check, "score_range", ScoreRange, "scores that are no confidences")

}  // namespace
}  // namespace kinegraph
