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
  /// Turns `x`, a copy of the keypoints or they themselves, into the stream `kind`.
  void make(const std::string& kind, const Sample& sample, KeypointArray& x,
            Precision& precision) const {
    // The confidence is the last channel; without one, no channel has this number.
    const int64_t mean_channel =
        sample.has_score_channel && options_.score_channel == "mean" ? x.channels - 1 : x.channels;
    const auto rounding = [&] { return rounds_ ? precision : Precision::float64; };
    if (kind == "bone" || kind == "bone_motion") {
      to_bones(x, mean_channel, rounding());
      precision = Precision::float32;
    }
    if (kind == "joint_motion" || kind == "bone_motion")
      to_motion(x, sample.num_clips, mean_channel, rounding());
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

  void to_bones(KeypointArray& x, int64_t mean_channel, Precision precision) const {
    const int64_t row = x.joints * x.channels;
    const Precision stored = rounds_ ? Precision::float32 : Precision::float64;
    std::vector<double> joints(static_cast<size_t>(row));
    for (int64_t t = 0; t < x.persons * x.frames; ++t) {
      double* const bones = x.values.data() + t * row;
      std::copy_n(bones, row, joints.begin());
      for (int64_t v = 0; v < x.joints; ++v) {
        const int64_t known = skeleton_.parents[static_cast<size_t>(v)];
        const double* parent = joints.data() + (known < 0 ? v : known) * x.channels;
        double* const bone = bones + v * x.channels;
        for (int64_t c = 0; c < x.channels; ++c)
          bone[c] = round_to(stored, difference(bone[c], parent[c], c == mean_channel, precision));
      }
    }
  }

  static void to_motion(KeypointArray& x, int64_t num_clips, int64_t mean_channel,
                        Precision precision) {
    const int64_t row = x.joints * x.channels, clip_frames = x.frames / num_clips;
    for (int64_t m = 0; m < x.persons; ++m)
      for (int64_t t = 0; t < x.frames; ++t) {
        double* const motion = x.frame(m, t);
        if ((t + 1) % clip_frames == 0) {
          std::fill_n(motion, row, 0.0);
          continue;
        }
        for (int64_t i = 0; i < row; i += x.channels)
          for (int64_t c = 0; c < x.channels; ++c)
            motion[i + c] =
                difference(motion[row + i + c], motion[i + c], c == mean_channel, precision);
      }
  }

  static double difference(double a, double b, bool is_mean, Precision precision) {
    return is_mean ? round_to(precision, a + b) / 2 : round_to(precision, a - b);
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
