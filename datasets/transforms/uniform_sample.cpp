#include <algorithm>
#include <cmath>

#include "datasets/transforms/compat.h"
#include "framework/base/numpy_random.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// One frame from each of `clip_length` equal parts of the clip: (M, T, V, C) ->
/// (M, num_clips * clip_length, V, C), as PYSKL and MMAction2 do (UniformSampleFrames).
///
/// For each clip a window of n frames is drawn: n = trunc(p * T), p uniform on p_interval, at a
/// uniform position. L being clip_length: for n < L the frames follow one another from a drawn
/// start and wrap around; for L <= n < 2L, n - L drawn frames are left out; for n >= 2L one frame
/// is drawn from each part k * n div L to (k+1) * n div L. Test clips draw from a stream of their
/// own, the same for every sample, so they depend on T alone.
class UniformSample : public Transform {
 public:
  struct Options {
    int64_t clip_length = 100, num_clips = 1, seed = 255;
    std::string mode = "train", short_start = "even", compat = "none";
    std::vector<double> p_interval{1, 1};

    template <class Fields>
    void describe(Fields& field) {
      field("clip_length", clip_length, "frames of each clip", Range{1, 100000});
      field("num_clips", num_clips, "clips, one after another along the frames", Range{1, 1000});
      field("mode", mode, "draws anew in every epoch, or the same for every sample",
            OneOf{{"train", "test"}});
      field("p_interval", p_interval, "[lowest, highest] share of the frames that the window has",
            Range{0, 1});
      field("seed", seed, "of the test clips", Range{0, 4294967295.0});
      field("short_start", short_start,
            "first frames of the test clips where n < clip_length: spread evenly, or drawn "
            "(PYSKL's UniformSampleDecode)",
            OneOf{{"even", "drawn"}});
      field(
          "compat", compat,
          "none: as above; others: test clips from NumPy's stream; pyskl also draws p where it is "
          "fixed, fails for n = 0, and wraps over all frames where the start is even",
          compat_names());
    }
  };

  UniformSample(const Options& options, const Context&) : options_(options) {
    const auto& p = options.p_interval;
    if (p.size() != 2 || p[0] > p[1] || p[1] == 0)
      throw ConfigError("uniform_sample: 'p_interval' is [lowest, highest], highest above 0");
    if (options.compat == "mmaction2" && (p[0] != 1 || p[1] != 1))
      throw ConfigError("uniform_sample: MMAction2 has no p_interval; use another 'compat'");
    has_window_ = p[0] != 1 || p[1] != 1;
  }

  void apply(Sample& sample, RandomSource& random) const override {
    if (sample.keypoints.frames == 0 || sample.num_clips != 1)
      throw clip_error(
          sample, "uniform_sample", "a whole clip of at least one frame",
          "Choose frames in one step of the pipeline.",
          fmt::format("{} frames, {} test clips", sample.keypoints.frames, sample.num_clips));
    const auto seed = static_cast<uint32_t>(options_.seed);
    if (options_.mode == "train") {
      sample.select_frames(choose(sample, random));
    } else if (options_.compat == "none") {
      Rng test(seed, 0, 0);
      sample.select_frames(choose(sample, test));
    } else {
      NumpyRandom test(seed);
      sample.select_frames(choose(sample, test));
    }
    sample.num_clips = options_.num_clips;
  }

 private:
  bool is_pyskl() const { return options_.compat == "pyskl"; }

  std::vector<int64_t> choose(const Sample& sample, RandomSource& random) const {
    const int64_t available = sample.keypoints.frames;
    std::vector<int64_t> frames;
    frames.reserve(static_cast<size_t>(options_.num_clips * options_.clip_length));
    for (int64_t clip = 0; clip < options_.num_clips; ++clip) {
      int64_t window = available, first = 0;
      if (has_window_ || is_pyskl()) {
        const double p = random.uniform(options_.p_interval[0], options_.p_interval[1]);
        window = static_cast<int64_t>(p * static_cast<double>(available));
        if (!is_pyskl()) window = std::max<int64_t>(window, 1);
        first = random.integer(0, available - window);
      }
      if (window == 0)
        throw clip_error(sample, "uniform_sample", "a window of at least one frame",
                         "Use compat: none, or raise 'p_interval'.",
                         fmt::format("a window of 0 of {} frames", available));
      choose_clip(clip, window, first, available, random, frames);
    }
    return frames;
  }

  /// Appends the frames of one clip from the `window` frames that begin with `first`.
  void choose_clip(int64_t clip, int64_t window, int64_t first, int64_t available,
                   RandomSource& random, std::vector<int64_t>& frames) const {
    const int64_t length = options_.clip_length;
    if (window < length) {
      const bool is_even = options_.mode == "test" && options_.short_start == "even";
      const int64_t even = window < options_.num_clips ? clip : clip * window / options_.num_clips;
      const int64_t start = is_even ? even : random.integer(0, window - 1);
      const bool wraps_over_all = is_pyskl() && options_.short_start == "even";
      for (int64_t k = start; k < start + length; ++k)
        frames.push_back(wraps_over_all ? (k + first) % available : k % window + first);
    } else if (window < 2 * length) {
      const auto order = permutation(length + 1, random);
      std::vector<bool> is_skipped(static_cast<size_t>(length + 1));
      for (int64_t i = 0; i < window - length; ++i)
        is_skipped[static_cast<size_t>(order[static_cast<size_t>(i)])] = true;
      for (int64_t k = 0, frame = first; k < length; ++k, ++frame) {
        frame += is_skipped[static_cast<size_t>(k)];
        frames.push_back(frame);
      }
    } else {
      for (int64_t k = 0; k < length; ++k) {
        const int64_t begin = k * window / length, end = (k + 1) * window / length;
        frames.push_back(first + random.integer(begin, end - 1));
      }
    }
  }

  Options options_;
  bool has_window_ = false;
};

KINEGRAPH_REGISTER(Transform, "uniform_sample", UniformSample,
                   "PYSKL: one frame from each of equal parts; training and test clips")

}  // namespace
}  // namespace kinegraph
