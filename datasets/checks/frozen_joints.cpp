#include <algorithm>

#include "framework/data/check.h"
#include "framework/data/poses.h"

namespace kinegraph {
namespace {

/// A measured joint trembles. One that stays on the very same place is made up: left over by a
/// tracker that lost it, or filled in.
class FrozenJoints : public ClipCheck {
 public:
  struct Options {
    int64_t min_frames = 20;

    template <class Fields>
    void describe(Fields& field) {
      field("min_frames", min_frames, "shorter appearances of a person are passed over",
            Range{2, 1'000'000});
    }
  };
  FrozenJoints(const Options& options, const Context& context)
      : ClipCheck(context), options_(options) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    const Poses poses(clip, info());
    for (int64_t track = 0; track < poses.num_tracks(); ++track)
      for (int64_t v = 0; v < poses.num_joints(); ++v)
        if (is_frozen(poses, track, v)) {
          const auto& joint = context().skeleton.joints[static_cast<size_t>(v)];
          return Fault{track == 0 ? joint : fmt::format("{} of person {}", joint, track)};
        }
    return std::nullopt;
  }
  Finding finding() const override {
    Finding finding{Severity::warning, "clips with joints that never move", 0, {}, {}};
    finding.remedy = "Look at one with `kinegraph show`; leave the clips out, or track them again.";
    return finding;
  }

 private:
  /// A joint that is absent at times is at least detected.
  bool is_frozen(const Poses& poses, int64_t track, int64_t v) const {
    int64_t frames = 0, first = -1;
    for (int64_t t = 0; t < poses.num_frames(); ++t) {
      const int64_t row = poses.row(track, t);
      if (!poses.is_present(row, v)) continue;
      if (first < 0) first = row;
      const double *x = poses.joint(row, v), *start = poses.joint(first, v);
      if (!std::equal(x, x + poses.num_coordinates(), start)) return false;
      ++frames;
    }
    return frames >= options_.min_frames;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Check, "frozen_joints", FrozenJoints, "joints that never move in a clip")

}  // namespace
}  // namespace kinegraph
