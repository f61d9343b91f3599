#include <algorithm>
#include <cmath>

#include "datasets/transforms/compat.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Clips of `clip_length` frames, `frame_interval` apart: (M, T, V, C) ->
/// (M, num_clips * clip_length, V, C) (SampleFrames of PYSKL and MMAction2).
///
/// Training draws where each clip begins; testing takes the middles of equal parts. Frames beyond
/// the end wrap around or repeat the clip's last frame.
class SampleFrames : public Transform {
 public:
  struct Options {
    int64_t clip_length = 32, frame_interval = 1, num_clips = 1;
    std::string mode = "train", out_of_bound = "loop", compat = "none";
    bool temporal_jitter = false, twice_sample = false, keep_tail_frames = false;

    template <class Fields>
    void describe(Fields& field) {
      field("clip_length", clip_length, "frames of each clip", Range{1, 100000});
      field("frame_interval", frame_interval, "source frames from one to the next",
            Range{1, 10000});
      field("num_clips", num_clips, "clips, one after another along the frames", Range{1, 1000});
      field("mode", mode, "drawn, or evenly spread", OneOf{{"train", "test"}});
      field("temporal_jitter", temporal_jitter, "each frame moves by less than frame_interval");
      field("twice_sample", twice_sample, "test: clips that begin each part as well");
      field("keep_tail_frames", keep_tail_frames, "train: parts of equal length up to the end");
      field("out_of_bound", out_of_bound, "frames beyond the end", OneOf{{"loop", "repeat_last"}});
      field("compat", compat,
            "none, pyskl: as above; mmaction2: test clips from the first frame to the last",
            compat_names());
    }
  };

  SampleFrames(const Options& options, const Context&)
      : options_(options), span_(options.clip_length * options.frame_interval) {
    if (options.twice_sample && options.compat == "mmaction2")
      throw ConfigError("sample_frames: 'twice_sample' is not for compat: mmaction2");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    const int64_t available = sample.keypoints.frames;
    if (available == 0 || sample.num_clips != 1)
      throw clip_error(sample, "sample_frames", "a whole clip of at least one frame",
                       "Choose frames in one step of the pipeline.",
                       fmt::format("{} frames, {} test clips", available, sample.num_clips));
    const auto offsets =
        options_.mode == "test" ? test_offsets(available) : train_offsets(available, random);
    std::vector<int64_t> jitter(static_cast<size_t>(options_.clip_length));
    if (options_.temporal_jitter)
      for (auto& shift : jitter) shift = random.integer(0, options_.frame_interval - 1);
    std::vector<int64_t> frames;
    for (const int64_t offset : offsets) append_clip(offset, jitter, available, frames);
    sample.select_frames(frames);
    sample.num_clips = static_cast<int64_t>(offsets.size());
  }

 private:
  std::vector<int64_t> train_offsets(int64_t available, RandomSource& random) const {
    const int64_t clips = options_.num_clips, starts = available - span_ + 1;
    std::vector<int64_t> offsets(static_cast<size_t>(clips));
    const auto at = [&](int64_t clip) -> int64_t& { return offsets[static_cast<size_t>(clip)]; };
    const double share = static_cast<double>(starts) / static_cast<double>(clips);
    if (options_.keep_tail_frames) {
      if (starts > 0)
        for (int64_t i = 0; i < clips; ++i)
          at(i) = static_cast<int64_t>(static_cast<double>(i) * share + random.uniform(0, share));
    } else if (const auto part = static_cast<int64_t>(std::floor(share)); part > 0) {
      for (int64_t i = 0; i < clips; ++i) at(i) = i * part + random.integer(0, part - 1);
    } else if (available > std::max(clips, span_)) {
      for (auto& offset : offsets) offset = random.integer(0, starts - 1);
      std::sort(offsets.begin(), offsets.end());
    } else if (part == 0) {
      for (int64_t i = 0; i < clips; ++i)
        at(i) = static_cast<int64_t>(std::nearbyint(static_cast<double>(i) * share));
    }
    return offsets;
  }

  /// The last clip ends with the last frame; one clip alone lies in the middle.
  std::vector<int64_t> offsets_from_end_to_end(int64_t available) const {
    const int64_t clips = options_.num_clips;
    const int64_t length = span_ - options_.frame_interval + 1;
    const int64_t last = std::max<int64_t>(0, available - length);
    if (clips == 1) return {last / 2};
    std::vector<int64_t> offsets;
    const double step = static_cast<double>(last) / static_cast<double>(clips - 1);
    for (int64_t i = 0; i < clips; ++i)
      offsets.push_back(static_cast<int64_t>(std::nearbyint(static_cast<double>(i) * step)));
    return offsets;
  }

  std::vector<int64_t> test_offsets(int64_t available) const {
    if (options_.compat == "mmaction2") return offsets_from_end_to_end(available);
    const int64_t clips = options_.num_clips, starts = std::max<int64_t>(0, available - span_ + 1);
    const double part = static_cast<double>(starts) / static_cast<double>(clips);
    std::vector<int64_t> offsets;
    for (int64_t i = 0; i < clips; ++i)
      offsets.push_back(static_cast<int64_t>(static_cast<double>(i) * part + part / 2));
    if (options_.twice_sample)
      for (int64_t i = 0; i < clips; ++i)
        offsets.push_back(static_cast<int64_t>(static_cast<double>(i) * part));
    return offsets;
  }

  void append_clip(int64_t offset, const std::vector<int64_t>& jitter, int64_t available,
                   std::vector<int64_t>& frames) const {
    const size_t begin = frames.size();
    int64_t last = 0;  // of the clip's frames that exist
    for (int64_t i = 0; i < options_.clip_length; ++i) {
      frames.push_back(offset + i * options_.frame_interval + jitter[static_cast<size_t>(i)]);
      if (frames.back() < available) last = std::max(last, frames.back());
    }
    for (size_t i = begin; i < frames.size(); ++i)
      if (frames[i] >= available)
        frames[i] = options_.out_of_bound == "loop" ? frames[i] % available : last;
  }

  Options options_;
  int64_t span_;
};

KINEGRAPH_REGISTER(Transform, "sample_frames", SampleFrames,
                   "clips of frames at a fixed interval; training and test clips")

}  // namespace
}  // namespace kinegraph
