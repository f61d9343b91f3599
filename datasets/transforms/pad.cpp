#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Lengthens clips: (M, T, V, C) -> (M, length, V, C), T <= length (PYSKL's PadTo).
///
/// loop: the clip from its start again and again. zero: nobody is there. repeat: the last frame.
class Pad : public Transform {
 public:
  struct Options {
    int64_t length = 300;
    std::string mode = "loop";

    template <class Fields>
    void describe(Fields& field) {
      field("length", length, "frames of the result", Range{1, 100000});
      field("mode", mode, "what follows the last frame", OneOf{{"loop", "zero", "repeat"}});
    }
  };

  Pad(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    const int64_t available = sample.keypoints.frames;
    if (available == 0 || available > options_.length || sample.num_clips != 1)
      throw clip_error(sample, "pad", fmt::format("one clip of 1 to {} frames", options_.length),
                       "Raise 'length', or choose frames before this step.",
                       fmt::format("{} frames, {} test clips", available, sample.num_clips));
    if (available == options_.length) return;
    std::vector<int64_t> frames(static_cast<size_t>(options_.length));
    for (int64_t t = 0; t < options_.length; ++t)
      frames[static_cast<size_t>(t)] =
          options_.mode == "loop" ? t % available : std::min(t, available - 1);
    sample.select_frames(frames);
    if (options_.mode == "zero") clear_from(sample, available);
  }

 private:
  static void clear_from(Sample& sample, int64_t first) {
    KeypointArray& x = sample.keypoints;
    const auto clear = [&](std::vector<double>& values, int64_t row) {
      for (int64_t m = 0; m < x.persons && !values.empty(); ++m)
        std::fill(values.begin() + (m * x.frames + first) * row,
                  values.begin() + (m + 1) * x.frames * row, 0.0);
    };
    clear(x.values, x.joints * x.channels);
    clear(sample.scores, x.joints);
    clear(sample.box_scores, 1);
    if (!sample.frame_persons.empty())
      std::fill(sample.frame_persons.begin() + first, sample.frame_persons.end(), 0);
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "pad", Pad, "lengthen clips: loop, zero, or repeat the last frame")

}  // namespace
}  // namespace kinegraph
