#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Picks a fixed number of frames: (M, T, V, C) -> (M, num_frames, V, C), scores and further inputs
/// alike.
///
/// linspace: frame trunc(i * (T-1)/(num_frames-1)), the last one T-1 (numpy's linspace in the
/// NW-UCLA feeder). random: a sorted draw without replacement from every frame 100 times, so short
/// clips repeat frames and long ones lose some (the same feeder in training).
class SelectFrames : public Transform {
 public:
  struct Options {
    int64_t num_frames = 52;
    std::string rule = "linspace";
    std::vector<int64_t> frames;

    template <class Fields>
    void describe(Fields& field) {
      field("num_frames", num_frames, "length of the result", Range{1, 100000});
      field("rule", rule, "which frames", OneOf{{"linspace", "random", "listed"}});
      field("frames", frames, "for 'listed': the frames themselves", Range{0});
    }
  };

  SelectFrames(const Options& options, const Context&) : options_(options) {
    if (options.rule == "listed" && options.frames.empty())
      throw ConfigError("select_frames: the rule 'listed' needs 'frames'");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    if (sample.keypoints.frames == 0)
      throw DataError(Fault{"clip " + sample.id, "no frames", "at least one", "Drop the clip."});
    if (sample.num_clips != 1)
      throw DataError(Fault{"clip " + sample.id,
                            fmt::format("select_frames: {} test clips", sample.num_clips),
                            "the whole clip", "Choose frames in one step of the pipeline."});
    const auto frames = choose(sample, random);
    for (const int64_t frame : frames)
      if (frame >= sample.keypoints.frames)
        throw DataError(
            Fault{"clip " + sample.id,
                  fmt::format("select_frames: frame {} of {}", frame, sample.keypoints.frames),
                  "frames that the clip has", "Correct 'frames'."});
    sample.select_frames(frames);
  }

 private:
  std::vector<int64_t> choose(const Sample& sample, RandomSource& random) const {
    if (options_.rule == "listed") return options_.frames;
    if (options_.rule == "linspace") return spaced(sample.keypoints.frames);
    constexpr int64_t kCopies = 100;
    const int64_t available = sample.keypoints.frames, count = options_.num_frames;
    if (count > available * kCopies)
      throw DataError(Fault{"clip " + sample.id,
                            fmt::format("select_frames: {} of {} frames", count, available),
                            fmt::format("at most each frame {} times", kCopies),
                            "Lower 'num_frames', or use the rule linspace."});
    return draw(available, kCopies, random);
  }

  std::vector<int64_t> spaced(int64_t available) const {
    const int64_t count = options_.num_frames;
    std::vector<int64_t> chosen(static_cast<size_t>(count));
    const double step =
        count > 1 ? static_cast<double>(available - 1) / static_cast<double>(count - 1) : 0;
    for (int64_t i = 0; i < count; ++i)
      chosen[static_cast<size_t>(i)] = static_cast<int64_t>(static_cast<double>(i) * step);
    if (count > 1) chosen.back() = available - 1;
    return chosen;
  }

  /// Cards from a pack in which every frame is `copies` times, sorted.
  std::vector<int64_t> draw(int64_t available, int64_t copies, RandomSource& random) const {
    std::vector<int64_t> chosen;
    chosen.reserve(static_cast<size_t>(options_.num_frames));
    std::vector<bool> is_drawn(static_cast<size_t>(available * copies));
    while (static_cast<int64_t>(chosen.size()) < options_.num_frames) {
      const int64_t card = random.integer(0, available * copies - 1);
      if (is_drawn[static_cast<size_t>(card)]) continue;
      is_drawn[static_cast<size_t>(card)] = true;
      chosen.push_back(card / copies);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "select_frames", SelectFrames,
                   "a fixed number of frames, evenly spaced, random or listed")

}  // namespace
}  // namespace kinegraph
