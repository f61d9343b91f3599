#include <algorithm>
#include <numeric>

#include "framework/data/check.h"
#include "framework/data/poses.h"

namespace kinegraph {
namespace {

/// Looks at the median length of each bone over all poses of a clip, so single glitches do not
/// count. In metres the longest bone must be one of a human body; in any unit no bone may be
/// longer than most of the others together, as when a joint holds something else than positions.
class BoneLengths : public ClipCheck {
 public:
  struct Options {
    double shortest_m = 0.1, longest_m = 1.0, largest_share = 0.6;
    int64_t min_bones = 6;

    template <class Fields>
    void describe(Fields& field) {
      field("shortest_m", shortest_m, "metres that the longest bone must reach", Range{0, 1e6});
      field("longest_m", longest_m, "metres that no bone may exceed", Range{0, 1e6});
      field("largest_share", largest_share, "of one bone in the length of all", Range{0, 1});
      field("min_bones", min_bones, "clips that show fewer bones are not judged by shares",
            Range{2, 1000});
    }
  };
  BoneLengths(const Options& options, const Context& context)
      : ClipCheck(context), options_(options) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    const Poses poses(clip, info());
    std::vector<double> medians;
    double longest = 0;
    size_t longest_joint = 0;
    for (size_t v = 0; v < context().skeleton.joints.size(); ++v) {
      const auto length = median_length(poses, static_cast<int64_t>(v));
      if (!length) continue;
      medians.push_back(*length);
      if (*length > longest) longest = *length, longest_joint = v;
    }
    if (medians.empty() || !is_implausible(longest, medians)) return std::nullopt;
    return Fault{fmt::format("{}: {:.3g}", bone_name(longest_joint), longest)};
  }

  Finding finding() const override {
    Finding finding{Severity::warning, "clips with implausible bone lengths", 0, {}, {}};
    finding.remedy = info().coordinates == Coordinates::metres
                         ? "Are the coordinates metres, and the joints in the order of the layout?"
                         : "Are the joints in the order of the layout?";
    return finding;
  }

 private:
  std::optional<double> median_length(const Poses& poses, int64_t v) const {
    const int64_t parent = context().skeleton.parents[static_cast<size_t>(v)];
    if (parent == Skeleton::kNoParent) return std::nullopt;
    std::vector<double> lengths;
    for (int64_t row = 0; row < poses.num_rows(); ++row)
      if (poses.is_present(row, v) && poses.is_present(row, parent))
        lengths.push_back(poses.distance(row, v, row, parent));
    if (lengths.empty()) return std::nullopt;
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
    std::nth_element(lengths.begin(), middle, lengths.end());
    return *middle;
  }

  bool is_implausible(double longest, const std::vector<double>& medians) const {
    if (info().coordinates == Coordinates::metres &&
        (longest > options_.longest_m || longest < options_.shortest_m))
      return true;
    const double all = std::accumulate(medians.begin(), medians.end(), 0.0);
    return static_cast<int64_t>(medians.size()) >= options_.min_bones &&
           longest > options_.largest_share * all;
  }

  std::string bone_name(size_t joint) const {
    const Skeleton& skeleton = context().skeleton;
    return fmt::format("{} to {}", skeleton.joints[joint],
                       skeleton.joints[static_cast<size_t>(skeleton.parents[joint])]);
  }

  Options options_;
};

KINEGRAPH_REGISTER(Check, "bone_lengths", BoneLengths, "bones that no human body has")

}  // namespace
}  // namespace kinegraph
