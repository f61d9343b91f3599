#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Joints vanish at random, as behind an obstacle: coordinates and scores become 0; shapes stay
/// (M, T, V, C). One draw for each joint of each person, in each frame with per: frame.
class JointDropout : public Transform {
 public:
  struct Options {
    double probability = 0.1;
    std::string per = "clip";

    template <class Fields>
    void describe(Fields& field) {
      field("probability", probability, "share of the joints that vanish", Range{0, 1});
      field("per", per, "a joint vanishes for the whole clip, or in single frames",
            OneOf{{"clip", "frame"}});
    }
  };

  JointDropout(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource& random) const override {
    const KeypointArray& x = sample.keypoints;
    const int64_t draws = options_.per == "clip" ? 1 : x.frames;
    const int64_t frames_of_draw = options_.per == "clip" ? x.frames : 1;
    for (int64_t m = 0; m < x.persons; ++m)
      for (int64_t draw = 0; draw < draws; ++draw)
        for (int64_t v = 0; v < x.joints; ++v)
          if (random.uniform() < options_.probability)
            for (int64_t t = draw; t < draw + frames_of_draw; ++t) drop(sample, m, t, v);
  }

 private:
  static void drop(Sample& sample, int64_t m, int64_t t, int64_t v) {
    KeypointArray& x = sample.keypoints;
    std::fill_n(x.joint(m, t, v), x.channels, 0.0);
    if (!sample.scores.empty())
      sample.scores[static_cast<size_t>((m * x.frames + t) * x.joints + v)] = 0;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "joint_dropout", JointDropout, "joints vanish at random")

}  // namespace
}  // namespace kinegraph
