#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "datasets/transforms/compat.h"
#include "framework/data/rounding.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Scales 2D pixel coordinates to about [-1, 1]: (M, T, V, 2) with or without scores ->
/// (M, T, V, 3) or (M, T, V, 2), as PYSKL does (PreNormalize2D).
///
/// fix: x = (x - w/2) / (w/2), y likewise, w x h being the image. auto: the box of all joints above
/// the threshold becomes [-1, 1]; a box of 10 pixels or less leaves the clip as it is. Scores
/// become the third channel, and joints at or below the threshold move to the origin. Persons who
/// are not in the clip stay zero.
class PreNormalize2d : public Transform {
 public:
  struct Options {
    std::string mode = "fix";
    int64_t image_width = 1920, image_height = 1080;
    double threshold = 0.01;
    std::string compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("mode", mode, "what becomes [-1, 1]: the image or the box of the joints",
            OneOf{{"fix", "auto"}});
      field("image_width", image_width, "pixels, where the clip does not know", Range{1, 1000000});
      field("image_height", image_height, "pixels, where the clip does not know",
            Range{1, 1000000});
      field("threshold", threshold, "scores up to this mean that the joint is missing");
      field("compat", compat,
            "none: as above, in float64; pyskl: its rounding; mmaction2: mode fix with its "
            "rounding, leaves scores apart and ignores them",
            compat_names());
    }
  };

  PreNormalize2d(const Options& options, const Context&) : options_(options) {
    if (options.compat == "mmaction2" && options.mode != "fix")
      throw ConfigError("pre_normalize_2d: MMAction2 has no mode 'auto'; use another 'compat'");
  }

  void apply(Sample& sample, RandomSource&) const override {
    KeypointArray& x = sample.keypoints;
    if (x.channels != (sample.has_score_channel ? 3 : 2))
      throw clip_error(sample, "pre_normalize_2d", "2 channels (x, y), with or without scores",
                       "Use pre_normalize_3d for 3D data.");
    if (options_.compat == "pyskl") sample.precision = Precision::float32;
    const Precision rounding = options_.compat == "none" ? Precision::float64 : sample.precision;
    std::vector<Person> present;
    for (int64_t m = 0; m < x.persons; ++m)
      if (x.is_present(m)) present.push_back(person_of(sample, m));
    if (const auto scales =
            options_.mode == "fix" ? image_scales(sample) : box_scales(present, rounding))
      for (const auto& person : present) move(person, *scales, rounding);
    if (options_.compat == "mmaction2") return;
    for (const auto& person : present) drop_missing(person);
    sample.append_scores();
  }

 private:
  /// The joints of one person in all frames.
  struct Person {
    double* joints;
    int64_t count, step;   // step: doubles from joint to joint
    const double* scores;  // null without scores
    int64_t score_step;
  };
  /// x' = (x - middle) / divisor * factor.
  struct Scale {
    double middle = 0, divisor = 1, factor = 1;
  };
  using Scales = std::optional<std::array<Scale, 2>>;

  static Person person_of(Sample& sample, int64_t m) {
    KeypointArray& x = sample.keypoints;
    const int64_t count = x.frames * x.joints;
    double* const joints = x.frame(m, 0);
    if (sample.has_score_channel) return {joints, count, x.channels, joints + 2, x.channels};
    const double* scores = sample.scores.empty() ? nullptr : sample.scores.data() + m * count;
    return {joints, count, x.channels, scores, 1};
  }

  bool is_missing(const Person& person, int64_t i) const {
    return person.scores && person.scores[i * person.score_step] <= options_.threshold;
  }

  Scales image_scales(const Sample& sample) const {
    const bool is_known = sample.image_width > 0 && sample.image_height > 0;
    const double half_width =
        static_cast<double>(is_known ? sample.image_width : options_.image_width) / 2;
    const double half_height =
        static_cast<double>(is_known ? sample.image_height : options_.image_height) / 2;
    return {{{{half_width, half_width, 1}, {half_height, half_height, 1}}}};
  }

  /// Nothing for a box of 10 pixels or less.
  Scales box_scales(const std::vector<Person>& persons, Precision rounding) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity(), kLeastPixels = 10;
    std::array<double, 2> least{kInfinity, kInfinity}, most{-kInfinity, -kInfinity};
    for (const auto& person : persons)
      for (int64_t i = 0; i < person.count; ++i) {
        if (is_missing(person, i)) continue;
        const double* joint = person.joints + i * person.step;
        for (size_t c = 0; c < 2; ++c) {
          least[c] = std::min(least[c], joint[c]);
          most[c] = std::max(most[c], joint[c]);
        }
      }
    std::array<Scale, 2> scales;
    for (size_t c = 0; c < 2; ++c) {
      const double range = round_to(rounding, most[c] - least[c]);
      if (!(range > kLeastPixels)) return std::nullopt;
      scales[c] = {round_to(rounding, most[c] + least[c]) / 2, range, 2};
    }
    return scales;
  }

  static void move(const Person& person, const std::array<Scale, 2>& scales, Precision rounding) {
    double* const end = person.joints + person.count * person.step;
    if (rounding != Precision::float64) {
      for (double* joint = person.joints; joint != end; joint += person.step)
        for (size_t c = 0; c < 2; ++c) {
          const double moved = round_to(rounding, joint[c] - scales[c].middle);
          joint[c] = round_to(rounding, moved / scales[c].divisor) * scales[c].factor;
        }
      return;
    }
    const double across = scales[0].factor / scales[0].divisor;
    const double down = scales[1].factor / scales[1].divisor;
    for (double* joint = person.joints; joint != end; joint += person.step) {
      joint[0] = (joint[0] - scales[0].middle) * across;
      joint[1] = (joint[1] - scales[1].middle) * down;
    }
  }

  void drop_missing(const Person& person) const {
    if (!person.scores) return;
    for (int64_t i = 0; i < person.count; ++i) {
      double* const joint = person.joints + i * person.step;
      const bool is_there = !is_missing(person, i);
      joint[0] = is_there ? joint[0] : 0;
      joint[1] = is_there ? joint[1] : 0;
    }
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "pre_normalize_2d", PreNormalize2d,
                   "PYSKL: pixels to [-1, 1] by the image or by the box of the joints")

}  // namespace
}  // namespace kinegraph
