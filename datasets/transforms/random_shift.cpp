#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Moves the clip to a random place in time: the frames from the first to the last in which anybody
/// is there begin at a uniform frame of [0, T - count], all others are zero (random_shift of
/// ST-GCN's feeder); shapes stay (M, T, V, C).
class RandomShift : public Transform {
 public:
  using Options = NoOptions;

  RandomShift(const Options&, const Context&) {}

  void apply(Sample& sample, RandomSource& random) const override {
    const KeypointArray& x = sample.keypoints;
    if (sample.num_clips != 1)
      throw clip_error(sample, "random_shift", "one clip", "It is a step of training.",
                       fmt::format("{} test clips", sample.num_clips));
    int64_t begin = 0, end = x.frames;
    while (begin < end && is_empty(x, begin)) ++begin;
    if (begin == end) return;
    while (is_empty(x, end - 1)) --end;
    const int64_t first = random.integer(0, x.frames - (end - begin));
    std::vector<int64_t> frames(static_cast<size_t>(x.frames), Sample::kNoFrame);
    for (int64_t t = begin; t < end; ++t) frames[static_cast<size_t>(first + t - begin)] = t;
    sample.select_frames(frames);
  }

 private:
  static bool is_empty(const KeypointArray& x, int64_t t) {
    const int64_t row = x.joints * x.channels;
    for (int64_t m = 0; m < x.persons; ++m) {
      const double* values = x.frame(m, t);
      if (std::any_of(values, values + row, [](double value) { return value != 0; })) return false;
    }
    return true;
  }
};

KINEGRAPH_REGISTER(Transform, "random_shift", RandomShift,
                   "ST-GCN: move the clip to a random place in time")

}  // namespace
}  // namespace kinegraph
