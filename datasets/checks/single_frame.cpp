#include "framework/data/check.h"

namespace kinegraph {
namespace {

class SingleFrame : public ClipCheck {
 public:
  using Options = NoOptions;
  SingleFrame(const Options&, const Context& context) : ClipCheck(context) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    if (clip.num_frames == 1) return Fault{};
    return std::nullopt;
  }
  Finding finding() const override {
    Finding finding{Severity::warning, "clips of a single frame", 0, {}, {}};
    finding.remedy = "They have no motion. Keep them only where published results do.";
    return finding;
  }
};

KINEGRAPH_REGISTER(Check, "single_frame", SingleFrame, "clips of a single frame")

}  // namespace
}  // namespace kinegraph
