#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// A random stretch of `length` frames: (M, T, V, C) -> (M, length, V, C) (random_choose of
/// ST-GCN's feeder). A shorter clip lies at a random place among frames of zeros.
class RandomChoose : public Transform {
 public:
  struct Options {
    int64_t length = 150;

    template <class Fields>
    void describe(Fields& field) {
      field("length", length, "frames of the result", Range{1, 100000});
    }
  };

  RandomChoose(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource& random) const override {
    const int64_t available = sample.keypoints.frames, length = options_.length;
    if (sample.num_clips != 1)
      throw clip_error(sample, "random_choose", "one clip", "It is a step of training.",
                       fmt::format("{} test clips", sample.num_clips));
    if (available == length) return;
    std::vector<int64_t> frames(static_cast<size_t>(length), Sample::kNoFrame);
    if (available > length) {
      const int64_t first = random.integer(0, available - length);
      for (int64_t t = 0; t < length; ++t) frames[static_cast<size_t>(t)] = first + t;
    } else {
      const int64_t first = random.integer(0, length - available);
      for (int64_t t = 0; t < available; ++t) frames[static_cast<size_t>(first + t)] = t;
    }
    sample.select_frames(frames);
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_choose", RandomChoose,
                   "ST-GCN: a random stretch of the clip, shorter ones among zeros")

}  // namespace
}  // namespace kinegraph
