#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Maps each channel of the clip linearly from its [min, max] over all persons, frames and joints
/// to [low, high]. Shapes stay (M, T, V, C). A channel without extent becomes the middle of the
/// range (the published feeder divides by zero there).
class MinMaxNormalize : public Transform {
 public:
  struct Options {
    double low = -1, high = 1;

    template <class Fields>
    void describe(Fields& field) {
      field("low", low, "where the minimum goes");
      field("high", high, "where the maximum goes");
    }
  };

  MinMaxNormalize(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    auto& values = sample.keypoints.values;
    const auto channels = static_cast<size_t>(sample.keypoints.channels);
    for (size_t c = 0; c < channels; ++c) {
      if (values.empty()) return;
      double least = values[c], most = values[c];
      for (size_t i = c; i < values.size(); i += channels) {
        least = std::min(least, values[i]);
        most = std::max(most, values[i]);
      }
      const double range = most - least, middle = 0.5 * (options_.low + options_.high);
      for (size_t i = c; i < values.size(); i += channels)
        values[i] =
            range > 0 ? options_.low + (options_.high - options_.low) * (values[i] - least) / range
                      : middle;
    }
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "min_max_normalize", MinMaxNormalize,
                   "map each channel of the clip to [low, high]")

}  // namespace
}  // namespace kinegraph
