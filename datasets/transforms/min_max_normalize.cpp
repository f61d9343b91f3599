#include <algorithm>
#include <limits>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Maps each channel of the clip linearly from its [min, max] over all persons, frames and joints
/// to [low, high]. Shapes stay (M, T, V, C). Persons who are not in the clip do not count and stay
/// zero. A channel without extent becomes the middle of the range (the published feeder divides by
/// zero there).
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
    KeypointArray& x = sample.keypoints;
    std::vector<int64_t> present;
    for (int64_t m = 0; m < x.persons; ++m)
      if (x.is_present(m)) present.push_back(m);
    for (int64_t c = 0; c < x.channels; ++c) normalize(x, present, c);
  }

 private:
  void normalize(KeypointArray& x, const std::vector<int64_t>& persons, int64_t channel) const {
    double least = std::numeric_limits<double>::infinity(), most = -least;
    const auto for_each = [&](auto&& change) {
      for (const int64_t m : persons)
        for (double* joint = x.frame(m, 0); joint != x.frame(m + 1, 0); joint += x.channels)
          change(joint[channel]);
    };
    for_each([&](double value) {
      least = std::min(least, value);
      most = std::max(most, value);
    });
    const double range = most - least, middle = 0.5 * (options_.low + options_.high);
    for_each([&](double& value) {
      value = range > 0 ? options_.low + (options_.high - options_.low) * (value - least) / range
                        : middle;
    });
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "min_max_normalize", MinMaxNormalize,
                   "map each channel of the clip to [low, high]")

}  // namespace
}  // namespace kinegraph
