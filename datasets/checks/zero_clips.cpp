#include <algorithm>

#include "framework/data/check.h"

namespace kinegraph {
namespace {

class ZeroClips : public ClipCheck {
 public:
  using Options = NoOptions;
  ZeroClips(const Options&, const Context& context) : ClipCheck(context) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    const auto& values = clip.keypoints;
    if (std::all_of(values.begin(), values.end(), [](double value) { return value == 0; }))
      return Fault{};
    return std::nullopt;
  }
  Finding finding() const override {
    Finding finding{Severity::error, "clips without any person: all keypoints are zero", 0, {}, {}};
    finding.remedy = "Leave them out of the splits, or estimate their poses again.";
    return finding;
  }
};

KINEGRAPH_REGISTER(Check, "zero_clips", ZeroClips, "clips whose keypoints are all zero")

}  // namespace
}  // namespace kinegraph
