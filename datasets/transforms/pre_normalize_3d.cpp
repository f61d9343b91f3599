#include <algorithm>
#include <cmath>

#include "datasets/transforms/compat.h"
#include "framework/data/rotation.h"
#include "framework/data/rounding.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Brings 3D clips to one origin and one direction: (M, T, V, 3) -> (M, T', V, 3), as PYSKL and
/// MMAction2 do (PreNormalize3D).
///
/// The person who is there in most frames becomes the first; frames without this person are
/// dropped. The centre joint of the first person in the first frame becomes the origin. Then the
/// whole clip is turned so that, in that frame, the spine points along z, and turned once more so
/// that the line from the left to the right shoulder points along x. Joints at exactly (0, 0, 0)
/// are missing and stay there; so does a clip without any other joint.
class PreNormalize3d : public Transform {
 public:
  struct Options {
    std::string center = "spine_mid";
    std::vector<std::string> spine{"spine_base", "spine_mid"};
    std::vector<std::string> shoulders{"right_shoulder", "left_shoulder"};
    bool align_center = true, align_spine = true, align_shoulders = true;
    std::string compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("center", center, "joint that becomes the origin");
      field("spine", spine, "two joints, lower and upper, whose line is turned to z");
      field("shoulders", shoulders, "two joints, right and left; left to right is turned to x");
      field("align_center", align_center, "move the centre to the origin");
      field("align_spine", align_spine, "turn the spine to z");
      field("align_shoulders", align_shoulders, "turn the shoulders to x");
      field("compat", compat,
            "none: as above, in float64; others: their rounding; pyskl also ties the shoulders to "
            "align_spine",
            compat_names());
    }
  };

  PreNormalize3d(const Options& options, const Context& context)
      : options_(options), rounds_(options.compat != "none") {
    if (options.spine.size() != 2 || options.shoulders.size() != 2)
      throw ConfigError("pre_normalize_3d: 'spine' and 'shoulders' are two joints each");
    if (rounds_ && !options.align_center)
      throw ConfigError("pre_normalize_3d: with align_center: false the code of " + options.compat +
                        " fails; use compat: none");
    if (options.compat == "pyskl" && !options.align_spine) options_.align_shoulders = false;
    const Skeleton& skeleton = context.skeleton;
    if (options_.align_center) center_ = skeleton.joint_index(options.center);
    for (size_t end = 0; end < 2; ++end) {
      if (options_.align_spine) spine_[end] = skeleton.joint_index(options.spine[end]);
      if (options_.align_shoulders) shoulders_[end] = skeleton.joint_index(options.shoulders[end]);
    }
  }

  void apply(Sample& sample, RandomSource&) const override {
    if (sample.keypoints.channels != 3 || sample.has_score_channel)
      throw clip_error(sample, "pre_normalize_3d", "3 channels (x, y, z)",
                       "Use pre_normalize_2d for 2D data.");
    if (sample.num_clips != 1)
      throw clip_error(sample, "pre_normalize_3d", "the whole clip",
                       "Put it before the step that samples frames.",
                       fmt::format("{} test clips", sample.num_clips));
    if (!keep_frames_of_main_person(sample)) return;
    move_and_turn(sample);
  }

 private:
  /// Reorders persons and drops frames; false when nobody is there.
  static bool keep_frames_of_main_person(Sample& sample) {
    const KeypointArray& x = sample.keypoints;
    std::vector<int64_t> main_frames, frames;
    int64_t main_person = 0;
    for (int64_t m = 0; m < x.persons; ++m) {
      frames.clear();
      for (int64_t t = 0; t < x.frames; ++t)
        if (is_present(x, m, t)) frames.push_back(t);
      if (frames.size() <= main_frames.size()) continue;
      main_person = m;
      main_frames.swap(frames);
    }
    if (main_frames.empty()) return false;
    sample.swap_persons(0, main_person);
    if (static_cast<int64_t>(main_frames.size()) < x.frames) sample.select_frames(main_frames);
    return true;
  }

  static bool is_present(const KeypointArray& x, int64_t m, int64_t t) {
    constexpr double kZero = 1e-8;  // numpy.isclose to 0
    const double* values = x.frame(m, t);
    return std::any_of(values, values + x.joints * x.channels,
                       [](double value) { return std::abs(value) > kZero; });
  }

  void move_and_turn(Sample& sample) const {
    KeypointArray& x = sample.keypoints;
    const Precision precision = rounds_ ? sample.precision : Precision::float64;
    Vector3 origin{};
    if (options_.align_center) std::copy_n(x.joint(0, 0, center_), 3, origin.begin());
    const auto centred = [&](const double* joint) -> Vector3 {
      if (joint[0] == 0 && joint[1] == 0 && joint[2] == 0) return {};
      return {round_to(precision, joint[0] - origin[0]), round_to(precision, joint[1] - origin[1]),
              round_to(precision, joint[2] - origin[2])};
    };
    const auto line = [&](const Vector3& from, const Vector3& to, Precision rounding) -> Vector3 {
      return {round_to(rounding, to[0] - from[0]), round_to(rounding, to[1] - from[1]),
              round_to(rounding, to[2] - from[2])};
    };
    Rotation turn;
    Precision turned = precision;  // the first rotation makes float64 of any precision
    if (options_.align_spine) {
      turn = rotation_to_axis(
          line(centred(x.joint(0, 0, spine_[0])), centred(x.joint(0, 0, spine_[1])), precision), 2,
          precision);
      turned = Precision::float64;
    }
    if (options_.align_shoulders) {
      const Vector3 right = turn(centred(x.joint(0, 0, shoulders_[0])));
      const Vector3 left = turn(centred(x.joint(0, 0, shoulders_[1])));
      turn = rotation_to_axis(line(left, right, turned), 0, turned) * turn;
      turned = Precision::float64;
    }
    double* const end = x.values.data() + x.values.size();
    const auto move = [&](double* joint, const Vector3& from_origin) {
      const Vector3 moved = turn(from_origin);
      std::copy_n(moved.begin(), 3, joint);
    };
    for (double* joint = x.values.data(); joint != end; joint += 3) {
      if (joint[0] == 0 && joint[1] == 0 && joint[2] == 0) continue;
      if (precision != Precision::float64)
        move(joint, centred(joint));
      else
        move(joint, {joint[0] - origin[0], joint[1] - origin[1], joint[2] - origin[2]});
    }
    if (options_.align_spine || options_.align_shoulders) sample.precision = Precision::float64;
  }

  Options options_;
  bool rounds_;
  int64_t center_ = 0;
  std::array<int64_t, 2> spine_{}, shoulders_{};
};

KINEGRAPH_REGISTER(Transform, "pre_normalize_3d", PreNormalize3d,
                   "PYSKL: centre on the spine, turn spine to z and shoulders to x")

}  // namespace
}  // namespace kinegraph
