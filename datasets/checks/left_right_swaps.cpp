#include <cmath>

#include "framework/data/check.h"
#include "framework/data/poses.h"

namespace kinegraph {
namespace {

/// From one frame to the next all left and right joints together change places: the body hardly
/// moved if left were right.
class LeftRightSwaps : public ClipCheck {
 public:
  struct Options {
    double ratio = 0.3, min_step = 0.2;

    template <class Fields>
    void describe(Fields& field) {
      field(
          "ratio", ratio,
          "reported when the joints move less than this share of their way after the names of one "
          "frame are exchanged",
          Range{0, 1});
      field("min_step", min_step,
            "mean way of a joint between the frames from which on it counts, in body sizes (RMS "
            "distance from the middle)",
            Range{0, 100});
    }
  };
  LeftRightSwaps(const Options& options, const Context& context)
      : ClipCheck(context), options_(options) {}

 protected:
  std::optional<Fault> find_fault(const Clip& clip) const override {
    const Poses poses(clip, info());
    for (int64_t track = 0; track < poses.num_tracks(); ++track)
      for (int64_t t = 1; t < poses.num_frames(); ++t)
        if (is_swapped(poses, poses.row(track, t - 1), poses.row(track, t)))
          return Fault{fmt::format("frame {}", t)};
    return std::nullopt;
  }
  Finding finding() const override {
    Finding finding{Severity::warning, "clips in which left and right change places", 0, {}, {}};
    finding.remedy = "Look at one with `kinegraph show`; exchange the joints back, or track again.";
    return finding;
  }

 private:
  bool is_swapped(const Poses& poses, int64_t before, int64_t after) const {
    double way = 0, exchanged = 0;
    int64_t pairs = 0;
    for (const auto& [left, right] : context().skeleton.left_right) {
      if (!is_present(poses, before, left, right) || !is_present(poses, after, left, right))
        continue;
      way +=
          poses.distance(before, left, after, left) + poses.distance(before, right, after, right);
      exchanged +=
          poses.distance(before, left, after, right) + poses.distance(before, right, after, left);
      ++pairs;
    }
    if (pairs < 2 || exchanged >= options_.ratio * way) return false;
    return way > 2 * static_cast<double>(pairs) * options_.min_step * size_of(poses, before);
  }

  static bool is_present(const Poses& poses, int64_t row, int64_t left, int64_t right) {
    return poses.is_present(row, left) && poses.is_present(row, right);
  }

  /// RMS distance of the joints from their middle.
  static double size_of(const Poses& poses, int64_t row) {
    double square = 0;
    int64_t joints = 0;
    std::vector<double> sum(static_cast<size_t>(poses.num_coordinates()));
    for (int64_t v = 0; v < poses.num_joints(); ++v) {
      if (!poses.is_present(row, v)) continue;
      ++joints;
      for (size_t c = 0; c < sum.size(); ++c) {
        const double x = poses.joint(row, v)[c];
        sum[c] += x;
        square += x * x;
      }
    }
    const auto n = static_cast<double>(joints);
    for (const double total : sum) square -= total * total / n;
    return std::sqrt(std::max(square, 0.0) / n);
  }

  Options options_;
};

KINEGRAPH_REGISTER(Check, "left_right_swaps", LeftRightSwaps,
                   "frames from which on left and right are exchanged")

}  // namespace
}  // namespace kinegraph
