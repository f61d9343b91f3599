#include <algorithm>
#include <array>

#include "framework/data/rotation.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// The preparation of 2s-AGCN, MS-G3D, DualHead and Shift-GCN for NTU RGB+D; shapes stay
/// (M, T, V, 3). It stands behind the step that pads clips with zeros to their full length.
///
/// 1. A person who is not there in frame 0 has all empty frames taken out; then the empty frames at
///    the end are filled with the person's frames again and again.
/// 2. The centre joint of the first person in each frame is subtracted from all joints that are
///    there (not at (0, 0, 0)).
/// 3. The clip is turned so that in frame 0 the first person's spine points along z,
/// 4. and once more so that the line from the left to the right shoulder points along x.
///
/// Persons should be ordered by energy, which the importer does.
class PreNormalize2sAgcn : public Transform {
 public:
  struct Options {
    std::string center = "spine_mid";
    std::vector<std::string> spine{"spine_base", "spine_mid"};
    std::vector<std::string> shoulders{"right_shoulder", "left_shoulder"};

    template <class Fields>
    void describe(Fields& field) {
      field("center", center, "joint that becomes the origin of each frame");
      field("spine", spine, "two joints, lower and upper, whose line is turned to z");
      field("shoulders", shoulders, "two joints, right and left; left to right is turned to x");
    }
  };

  PreNormalize2sAgcn(const Options& options, const Context& context) {
    if (options.spine.size() != 2 || options.shoulders.size() != 2)
      throw ConfigError("pre_normalize_2s_agcn: 'spine' and 'shoulders' are two joints each");
    center_ = context.skeleton.joint_index(options.center);
    for (size_t end = 0; end < 2; ++end) {
      spine_[end] = context.skeleton.joint_index(options.spine[end]);
      shoulders_[end] = context.skeleton.joint_index(options.shoulders[end]);
    }
  }

  void apply(Sample& sample, RandomSource&) const override {
    KeypointArray& x = sample.keypoints;
    if (x.channels != 3 || sample.has_score_channel || sample.num_clips != 1)
      throw clip_error(sample, "pre_normalize_2s_agcn", "one clip with 3 channels (x, y, z)", "");
    if (x.values.empty()) return;
    for (int64_t m = 0; m < x.persons; ++m) fill_empty_frames(x, m);
    centre(x);
    const Rotation upright = rotation_to_axis(line(x, spine_[0], spine_[1]), 2);
    const Vector3 across = upright(line(x, shoulders_[1], shoulders_[0]));
    const Rotation turn = rotation_to_axis(across, 0) * upright;
    for (size_t i = 0; i < x.values.size(); i += 3) {
      const Vector3 turned = turn({x.values[i], x.values[i + 1], x.values[i + 2]});
      std::copy_n(turned.begin(), 3, x.values.begin() + static_cast<int64_t>(i));
    }
    sample.precision = Precision::float64;
  }

 private:
  static bool is_empty(const KeypointArray& x, int64_t m, int64_t t) {
    const double* values = x.frame(m, t);
    return std::all_of(values, values + x.joints * x.channels,
                       [](double value) { return value == 0; });
  }

  static void fill_empty_frames(KeypointArray& x, int64_t m) {
    const int64_t row = x.joints * x.channels;
    const bool begins_empty = is_empty(x, m, 0);
    int64_t end = 0;  // of the frames to repeat
    for (int64_t t = 0; t < x.frames; ++t) {
      if (is_empty(x, m, t)) continue;
      if (begins_empty)
        std::copy_n(x.frame(m, t), row, x.frame(m, end++));
      else
        end = t + 1;
    }
    for (int64_t t = end; t < x.frames && end > 0; ++t)
      std::copy_n(x.frame(m, t % end), row, x.frame(m, t));
  }

  void centre(KeypointArray& x) const {
    for (int64_t t = 0; t < x.frames; ++t) {
      Vector3 origin;
      std::copy_n(x.joint(0, t, center_), 3, origin.begin());
      for (int64_t m = 0; m < x.persons; ++m)
        for (int64_t v = 0; v < x.joints; ++v) {
          double* const joint = x.joint(m, t, v);
          if (joint[0] == 0 && joint[1] == 0 && joint[2] == 0) continue;
          for (size_t c = 0; c < 3; ++c) joint[c] -= origin[c];
        }
    }
  }

  static Vector3 line(const KeypointArray& x, int64_t from, int64_t to) {
    const double *a = x.joint(0, 0, from), *b = x.joint(0, 0, to);
    return {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
  }

  int64_t center_ = 0;
  std::array<int64_t, 2> spine_{}, shoulders_{};
};

KINEGRAPH_REGISTER(
    Transform, "pre_normalize_2s_agcn", PreNormalize2sAgcn,
    "2s-AGCN, MS-G3D: fill empty frames, centre each frame, turn spine and shoulders")

}  // namespace
}  // namespace kinegraph
