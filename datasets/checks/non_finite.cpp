#include <algorithm>
#include <cmath>

#include "framework/data/check.h"

namespace kinegraph {
namespace {

class NonFinite : public ClipCheck {
 public:
  using Options = NoOptions;
  NonFinite(const Options&, const Context& context) : ClipCheck(context) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    const auto keypoints = count_in(clip.keypoints), scores = count_in(clip.scores);
    if (keypoints + scores == 0) return std::nullopt;
    if (scores == 0) return Fault{fmt::format("{} coordinates", keypoints)};
    if (keypoints == 0) return Fault{fmt::format("{} scores", scores)};
    return Fault{fmt::format("{} coordinates, {} scores", keypoints, scores)};
  }
  Finding finding() const override {
    Finding finding{Severity::error, "clips with NaN or infinite values", 0, {}, {}};
    finding.remedy =
        "Choose what a config does with them (dataset option 'missing'), or import the data again.";
    return finding;
  }

 private:
  static int64_t count_in(const std::vector<double>& values) {
    return std::count_if(values.begin(), values.end(),
                         [](double value) { return !std::isfinite(value); });
  }
};

KINEGRAPH_REGISTER(Check, "non_finite", NonFinite, "NaN and infinite coordinates and scores")

}  // namespace
}  // namespace kinegraph
