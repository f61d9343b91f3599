#include <algorithm>
#include <cmath>

#include "datasets/transforms/compat.h"
#include "framework/data/rounding.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Replaces joints by bones, motion, motion of bones, or several of them one after another along
/// the channels: (M, T, V, C) -> (M, T, V, C * number of kinds).
///
/// bone[v] = x[v] - x[parent(v)], zero at a root. motion[t] = x[t+1] - x[t], zero in the last frame
/// (of each test clip). Scores that are still apart become the last channel first; in a difference
/// it is the mean of the two scores (PYSKL's GenSkeFeat).
///
/// It may stand anywhere in a pipeline: before sampling motion is between source frames (PYSKL),
/// after it between sampled ones (NW-UCLA).
class Stream : public Transform {
 public:
  struct Options {
    std::string kind = "joint";
    std::vector<std::string> kinds;
    std::string score_channel = "mean", output, compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      const OneOf names{{"joint", "bone", "joint_motion", "bone_motion"}};
      field("kind", kind, "what the model sees", names);
      field("kinds", kinds, "several of them instead, merged along the channels in this order",
            names);
      field("score_channel", score_channel,
            "confidence of a difference: mean of both, or their difference (2s-AGCN)",
            OneOf{{"mean", "difference"}});
      field("output", output,
            "name of a further input that takes the result; empty: replaces the keypoints");
      field("compat", compat,
            "none: in float64; others: in the precision of the data, bones in "
            "float32",
            compat_names());
    }
  };

  Stream(const Options& options, const Context& context)
      : options_(options),
        kinds_(options.kinds),
        skeleton_(context.skeleton),
        rounds_(options.compat != "none") {
    if (kinds_.empty()) kinds_ = {options.kind};
    if (!options.kinds.empty() && options.kind != "joint")
      throw ConfigError("stream: give 'kind' or 'kinds', not both");
    if (options.output == "keypoints")
      throw ConfigError(
          "stream: the output 'keypoints' is what the stream is made from; leave 'output' out to "
          "replace it, or choose another name");
  }

  void apply(Sample& sample, RandomSource&) const override {
    if (sample.keypoints.joints != skeleton_.joint_count())
      throw clip_error(sample, "stream",
                       fmt::format("the {} joints of {}", skeleton_.joint_count(), skeleton_.name),
                       "");
    if (sample.keypoints.channels < 3) sample.append_scores();
    if (kinds_.size() == 1 && options_.output.empty()) {
      make(kinds_[0], sample, sample.keypoints, sample.precision);
      return;
    }
    merge(sample);
  }

 private:
  /// How two joints are subtracted.
  struct Rule {
    bool has_mean;        // the last channel is a confidence, of which the mean is taken
    Precision precision;  // of the result
  };

  /// Turns `x`, a copy of the keypoints or they themselves, into the stream `kind`.
  void make(const std::string& kind, const Sample& sample, KeypointArray& x,
            Precision& precision) const {
    const bool has_mean = sample.has_score_channel && options_.score_channel == "mean";
    const auto rule = [&] { return Rule{has_mean, rounds_ ? precision : Precision::float64}; };
    if (kind == "bone" || kind == "bone_motion") {
      to_bones(x, rule());
      precision = Precision::float32;
      if (rounds_)
        for (auto& value : x.values) value = round_to(precision, value);
    }
    if (kind == "joint_motion" || kind == "bone_motion") to_motion(x, sample.num_clips, rule());
  }

  void merge(Sample& sample) const {
    std::vector<KeypointArray> parts(kinds_.size(), sample.keypoints);
    Precision merged_precision = Precision::float16;
    for (size_t k = 0; k < kinds_.size(); ++k) {
      Precision precision = sample.precision;
      make(kinds_[k], sample, parts[k], precision);
      merged_precision = std::max(merged_precision, precision);
    }
    const KeypointArray& joints = sample.keypoints;
    const auto channels = static_cast<size_t>(joints.channels);
    KeypointArray merged;
    merged.resize(joints.persons, joints.frames, joints.joints,
                  joints.channels * static_cast<int64_t>(parts.size()));
    double* to = merged.values.data();
    for (size_t i = 0; i < joints.values.size(); i += channels)
      for (const auto& part : parts) to = std::copy_n(part.values.data() + i, channels, to);
    if (!options_.output.empty()) {
      sample.extra_input(options_.output) = std::move(merged);
      return;
    }
    sample.keypoints = std::move(merged);
    sample.precision = merged_precision;
    if (parts.size() > 1) sample.has_score_channel = false;  // scores are among the channels now
  }

  void to_bones(KeypointArray& x, const Rule& rule) const {
    const int64_t row = x.joints * x.channels;
    std::vector<double> joints(static_cast<size_t>(row));
    for (int64_t t = 0; t < x.persons * x.frames; ++t) {
      double* const bones = x.values.data() + t * row;
      std::copy_n(bones, row, joints.begin());
      for (int64_t v = 0; v < x.joints; ++v) {
        const int64_t known = skeleton_.parents[static_cast<size_t>(v)];
        subtract(joints.data() + v * x.channels,
                 joints.data() + (known < 0 ? v : known) * x.channels, x.channels, x.channels, rule,
                 bones + v * x.channels);
      }
    }
  }

  static void to_motion(KeypointArray& x, int64_t num_clips, const Rule& rule) {
    const int64_t row = x.joints * x.channels, clip_frames = x.frames / num_clips;
    for (int64_t m = 0; m < x.persons; ++m)
      for (int64_t t = 0; t < x.frames; ++t) {
        double* const motion = x.frame(m, t);
        if ((t + 1) % clip_frames == 0)
          std::fill_n(motion, row, 0.0);
        else
          subtract(motion + row, motion, row, x.channels, rule, motion);
      }
  }

  /// out = a - b, for `count` values of joints with so many channels. `out` may be `b`.
  static void subtract(const double* a, const double* b, int64_t count, int64_t channels,
                       const Rule& rule, double* out) {
    if (rule.precision == Precision::float64 && !rule.has_mean) {
      for (int64_t i = 0; i < count; ++i) out[i] = a[i] - b[i];
      return;
    }
    for (int64_t i = 0; i < count; i += channels) {
      const int64_t last = i + channels - 1;
      const double mean = round_to(rule.precision, a[last] + b[last]) / 2;
      for (int64_t k = i; k <= last; ++k) out[k] = round_to(rule.precision, a[k] - b[k]);
      if (rule.has_mean) out[last] = mean;
    }
  }

  Options options_;
  std::vector<std::string> kinds_;
  Skeleton skeleton_;
  bool rounds_;
};

KINEGRAPH_REGISTER(Transform, "stream", Stream,
                   "joint, bone, joint motion, bone motion or several of them, on the fly")

}  // namespace
}  // namespace kinegraph
