#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Brings every clip to one length: (M, T, V, C) -> (M, length, V, C). Shorter clips begin anew,
/// longer ones lose random frames, the same in every epoch.
///
/// This is the published rule of the BlazePose versions of Kinetics and NTU RGB+D (Alsawadi et al.,
/// 2023: 300 frames; "repeat the initial frames", delete surplus frames at random). Their draws
/// were not published; here they follow from `seed` and the clip's id.
class FitFrames : public Transform {
 public:
  struct Options {
    int64_t length = 300, seed = 1;
    std::string surplus = "random";

    template <class Fields>
    void describe(Fields& field) {
      field("length", length, "frames of the result", Range{1, 100000});
      field("surplus", surplus, "which frames of a longer clip go: drawn, or evenly spread",
            OneOf{{"random", "even"}});
      field("seed", seed, "of the draws", Range{0});
    }
  };

  FitFrames(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    const int64_t available = sample.keypoints.frames, length = options_.length;
    if (available == 0 || sample.num_clips != 1)
      throw clip_error(sample, "fit_frames", "a whole clip of at least one frame",
                       "Choose frames in one step of the pipeline.",
                       fmt::format("{} frames, {} test clips", available, sample.num_clips));
    std::vector<int64_t> frames(static_cast<size_t>(length));
    if (available > length && options_.surplus == "random") {
      Rng rng(static_cast<uint64_t>(options_.seed), 0, hash(sample.id));
      const auto order = permutation(available, rng);
      std::copy_n(order.begin(), length, frames.begin());
      std::sort(frames.begin(), frames.end());
    } else {
      for (int64_t t = 0; t < length; ++t)
        frames[static_cast<size_t>(t)] =
            available > length ? t * available / length : t % available;
    }
    sample.select_frames(frames);
  }

 private:
  /// FNV-1a.
  static uint64_t hash(const std::string& text) {
    uint64_t value = 0xCBF29CE484222325ull;
    for (const char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
    return value;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "fit_frames", FitFrames,
                   "BlazePose data: repeat the initial frames or delete random surplus frames")

}  // namespace
}  // namespace kinegraph
