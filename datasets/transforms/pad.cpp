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
      frames[static_cast<size_t>(t)] = t < available ? t : filling(t, available);
    sample.select_frames(frames);
  }

 private:
  int64_t filling(int64_t t, int64_t available) const {
    if (options_.mode == "loop") return t % available;
    return options_.mode == "repeat" ? available - 1 : Sample::kNoFrame;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "pad", Pad, "lengthen clips: loop, zero, or repeat the last frame")

}  // namespace
}  // namespace kinegraph
