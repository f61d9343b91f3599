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
    const bool appends = uses_scores() && !sample.scores.empty();
    if (appends)
      sample.append_scores([&](double* to) { normalise(sample, to, 3); });
    else
      normalise(sample, x.values.data(), x.channels);
  }

 private:
  /// The joints of one person in all frames, and where they go.
  struct Person {
    const double* from = nullptr;
    int64_t count = 0, step = 0;     // step: doubles from joint to joint
    const double* scores = nullptr;  // null without scores
    int64_t score_step = 0;
    double* to = nullptr;
    int64_t to_step = 0;
    bool is_present = false;
  };
  /// x' = (x - middle) / divisor * factor.
  struct Scale {
    double middle = 0, divisor = 1, factor = 1;
  };
  using Scales = std::array<Scale, 2>;

  /// MMAction2 leaves scores as they are.
  bool uses_scores() const { return options_.compat != "mmaction2"; }

  void normalise(const Sample& sample, double* to, int64_t to_channels) const {
    const Precision rounding = options_.compat == "none" ? Precision::float64 : sample.precision;
    std::vector<Person> persons;
    for (int64_t m = 0; m < sample.keypoints.persons; ++m)
      persons.push_back(person_of(sample, m, to, to_channels));
    const auto scales =
        options_.mode == "fix" ? image_scales(sample) : box_scales(persons, rounding);
    for (const auto& person : persons)
      if (!scales || !person.is_present)
        move(person, [](double value, size_t) { return value; });
      else if (rounding == Precision::float64)
        scale(person, *scales);
      else
        scale_rounded(person, *scales, rounding);
  }

  Person person_of(const Sample& sample, int64_t m, double* to, int64_t to_channels) const {
    const KeypointArray& x = sample.keypoints;
    Person person;
    person.from = x.frame(m, 0);
    person.count = x.frames * x.joints;
    person.step = x.channels;
    person.to = to + m * person.count * to_channels;
    person.to_step = to_channels;
    person.is_present = x.is_present(m);
    if (!uses_scores()) return person;
    if (sample.has_score_channel) {
      person.scores = person.from + 2;
      person.score_step = x.channels;
    } else if (!sample.scores.empty()) {
      person.scores = sample.scores.data() + m * person.count;
      person.score_step = 1;
    }
    return person;
  }

  std::optional<Scales> image_scales(const Sample& sample) const {
    const bool is_known = sample.image_width > 0 && sample.image_height > 0;
    const double half_width =
        static_cast<double>(is_known ? sample.image_width : options_.image_width) / 2;
    const double half_height =
        static_cast<double>(is_known ? sample.image_height : options_.image_height) / 2;
    return {{{{half_width, half_width, 1}, {half_height, half_height, 1}}}};
  }

  /// Nothing for a box of 10 pixels or less.
  std::optional<Scales> box_scales(const std::vector<Person>& persons, Precision rounding) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity(), kLeastPixels = 10;
    std::array<double, 2> least{kInfinity, kInfinity}, most{-kInfinity, -kInfinity};
    for (const auto& person : persons)
      for (int64_t i = 0; person.is_present && i < person.count; ++i) {
        if (person.scores && is_missing(person.scores[i * person.score_step])) continue;
        const double* joint = person.from + i * person.step;
        for (size_t c = 0; c < 2; ++c) {
          least[c] = std::min(least[c], joint[c]);
          most[c] = std::max(most[c], joint[c]);
        }
      }
    Scales scales;
    for (size_t c = 0; c < 2; ++c) {
      const double range = round_to(rounding, most[c] - least[c]);
      if (!(range > kLeastPixels)) return std::nullopt;
      scales[c] = {round_to(rounding, most[c] + least[c]) / 2, range, 2};
    }
    return scales;
  }

  void scale(const Person& person, const Scales& scales) const {
    const double across = scales[0].factor / scales[0].divisor;
    const double down = scales[1].factor / scales[1].divisor;
    move(person, [scales, ratio = std::array<double, 2>{across, down}](double value, size_t c) {
      return (value - scales[c].middle) * ratio[c];
    });
  }

  /// As in an array of that precision.
  void scale_rounded(const Person& person, const Scales& scales, Precision rounding) const {
    move(person, [&](double value, size_t c) {
      const double moved = round_to(rounding, value - scales[c].middle);
      return round_to(rounding, moved / scales[c].divisor) * scales[c].factor;
    });
  }

  /// x, y become place(x, 0), place(y, 1), or 0 where the joint is missing; the score goes along.
  template <class Place>
  void move(const Person& person, const Place& place) const {
    const double *from = person.from, *score = person.scores;
    const bool has_scores = score != nullptr;
    double* to = person.to;
    for (int64_t i = 0; i < person.count; ++i, from += person.step, to += person.to_step) {
      const double x = place(from[0], 0), y = place(from[1], 1);
      // No branch: it would cost more than the arithmetic.
      const bool is_there = !has_scores || !is_missing(*score);
      to[0] = is_there ? x : 0;
      to[1] = is_there ? y : 0;
      if (!has_scores) continue;
      to[2] = *score;
      score += person.score_step;
    }
  }

  bool is_missing(double score) const { return score <= options_.threshold; }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "pre_normalize_2d", PreNormalize2d,
                   "PYSKL: pixels to [-1, 1] by the image or by the box of the joints")

}  // namespace
}  // namespace kinegraph
