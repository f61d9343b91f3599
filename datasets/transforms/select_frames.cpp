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

  void apply(Sample& sample, Rng& rng) const override {
    if (sample.keypoints.frames == 0)
      throw DataError(Fault{"clip " + sample.id, "no frames", "at least one", "Drop the clip."});
    if (sample.num_clips != 1)
      throw DataError(Fault{"clip " + sample.id,
                            fmt::format("select_frames: {} test clips", sample.num_clips),
                            "the whole clip", "Choose frames in one step of the pipeline."});
    const auto frames = choose(sample, rng);
    for (const int64_t frame : frames)
      if (frame >= sample.keypoints.frames)
        throw DataError(
            Fault{"clip " + sample.id,
                  fmt::format("select_frames: frame {} of {}", frame, sample.keypoints.frames),
                  "frames that the clip has", "Correct 'frames'."});
    gather(sample, frames);
  }

 private:
  std::vector<int64_t> choose(const Sample& sample, Rng& rng) const {
    if (options_.rule == "listed") return options_.frames;
    if (options_.rule == "linspace") return spaced(sample.keypoints.frames);
    constexpr int64_t kCopies = 100;
    const int64_t available = sample.keypoints.frames, count = options_.num_frames;
    if (count > available * kCopies)
      throw DataError(Fault{"clip " + sample.id,
                            fmt::format("select_frames: {} of {} frames", count, available),
                            fmt::format("at most each frame {} times", kCopies),
                            "Lower 'num_frames', or use the rule linspace."});
    return draw(available, kCopies, rng);
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
  std::vector<int64_t> draw(int64_t available, int64_t copies, Rng& rng) const {
    std::vector<int64_t> chosen;
    chosen.reserve(static_cast<size_t>(options_.num_frames));
    std::vector<bool> is_drawn(static_cast<size_t>(available * copies));
    while (static_cast<int64_t>(chosen.size()) < options_.num_frames) {
      const int64_t card = rng.integer(0, available * copies - 1);
      if (is_drawn[static_cast<size_t>(card)]) continue;
      is_drawn[static_cast<size_t>(card)] = true;
      chosen.push_back(card / copies);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

  static void gather(Sample& sample, const std::vector<int64_t>& frames) {
    const int64_t available = sample.keypoints.frames;
    if (!sample.scores.empty())
      sample.scores = gather_scores(sample.scores, sample.keypoints, frames);
    sample.keypoints = gather_frames(sample.keypoints, frames);
    // A stream that was made before the choice goes along; one of other frames is left as it is.
    for (auto& [name, array] : sample.extra_inputs)
      if (array.frames == available) array = gather_frames(array, frames);
    std::vector<int64_t> indices = frames;
    if (!sample.frame_indices.empty())
      for (auto& index : indices) index = sample.frame_indices[static_cast<size_t>(index)];
    sample.frame_indices = std::move(indices);
  }

  static KeypointArray gather_frames(const KeypointArray& x, const std::vector<int64_t>& frames) {
    KeypointArray picked;
    picked.resize(x.persons, static_cast<int64_t>(frames.size()), x.joints, x.channels);
    for (int64_t m = 0; m < picked.persons; ++m)
      for (int64_t t = 0; t < picked.frames; ++t)
        std::copy_n(x.frame(m, frames[static_cast<size_t>(t)]), x.joints * x.channels,
                    picked.frame(m, t));
    return picked;
  }

  static std::vector<double> gather_scores(const std::vector<double>& scores,
                                           const KeypointArray& x,
                                           const std::vector<int64_t>& frames) {
    std::vector<double> picked;
    for (int64_t m = 0; m < x.persons; ++m)
      for (const int64_t frame : frames) {
        const auto row = scores.begin() + (m * x.frames + frame) * x.joints;
        picked.insert(picked.end(), row, row + x.joints);
      }
    return picked;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "select_frames", SelectFrames,
                   "a fixed number of frames, evenly spaced, random or listed")

}  // namespace
}  // namespace kinegraph
