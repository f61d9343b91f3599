#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Joints with a score below the threshold become missing: coordinates and score 0; shapes stay
/// (M, T, V, C). ST-GCN does so for a score of 0, which OpenPose gives to joints it has not found.
class ScoreThreshold : public Transform {
 public:
  struct Options {
    double threshold = 0.1;

    template <class Fields>
    void describe(Fields& field) {
      field("threshold", threshold, "least score of a joint that is kept", Range{0});
    }
  };

  ScoreThreshold(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    auto& values = sample.keypoints.values;
    const auto channels = static_cast<size_t>(sample.keypoints.channels);
    if (sample.scores.empty() && !sample.has_score_channel)
      throw clip_error(sample, "score_threshold", "scores of the joints",
                       "Import the data with scores, or leave the step out.");
    for (size_t i = 0; i < values.size(); i += channels) {
      double& score =
          sample.has_score_channel ? values[i + channels - 1] : sample.scores[i / channels];
      if (score >= options_.threshold) continue;
      score = 0;
      std::fill_n(values.begin() + static_cast<int64_t>(i), channels, 0.0);
    }
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "score_threshold", ScoreThreshold,
                   "joints of low confidence become missing")

}  // namespace
}  // namespace kinegraph
