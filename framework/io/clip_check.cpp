#include "framework/io/clip_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "framework/io/store_format.h"

namespace kinegraph::store_format {
namespace {

constexpr size_t kLongestId = 1024;

/// The smallest magnitude that rounds to infinity.
double overflow_threshold(Precision precision) {
  if (precision == Precision::float16) return 65520.0;
  if (precision == Precision::float32) return 0x1.ffffffp127;
  return std::numeric_limits<double>::infinity();
}

/// "frame 3, person 1, joint 7" of a value of keypoints (or scores, with one channel), zero-based.
std::string place_of(size_t index, const Clip& clip, const StoreInfo& info, int64_t channels) {
  const int64_t joint = static_cast<int64_t>(index) / channels % info.num_joints;
  int64_t row = static_cast<int64_t>(index) / channels / info.num_joints;
  int64_t frame = row % clip.num_frames, person = row / clip.num_frames;
  if (info.person_layout == PersonLayout::frame_persons) {
    for (frame = 0; row >= clip.frame_persons[static_cast<size_t>(frame)]; ++frame)
      row -= clip.frame_persons[static_cast<size_t>(frame)];
    person = row;
  }
  return fmt::format("frame {}, person {}, joint {}", frame, person, joint);
}

/// Checks one clip against the description of the store.
class ClipCheck {
 public:
  ClipCheck(const Clip& clip, const StoreInfo& info, const std::string& where)
      : clip_(clip), info_(info), where_(where) {}

  ClipSizes run() const {
    check_scalars();
    const ClipSizes sizes = info_.person_layout == PersonLayout::dense ? dense() : by_frame();
    const bool is_dense = info_.person_layout == PersonLayout::dense;
    const int64_t tracks = is_dense ? sizes.num_persons : sizes.person_frames;
    const int64_t joints = sizes.person_frames * info_.num_joints;
    check_count("keypoints", clip_.keypoints.size(), joints * info_.num_channels(), false);
    check_count("scores", clip_.scores.size(), joints, true);
    check_count("timestamps", clip_.timestamps.size(), clip_.num_frames, true);
    check_count("track_ids", clip_.track_ids.size(), tracks, true);
    check_count("box_scores", clip_.box_scores.size(), tracks, true);
    check_range(clip_.keypoints, info_.num_channels());
    check_range(clip_.scores, 1);
    return sizes;
  }

 private:
  [[noreturn]] void refuse(const std::string& found, const std::string& expected,
                           const std::string& remedy) const {
    throw DataError(Fault{where_, found, expected, remedy});
  }

  void check_scalars() const {
    if (clip_.id.empty() || clip_.id.size() > kLongestId ||
        std::any_of(clip_.id.begin(), clip_.id.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }))
      refuse("an unusable id", fmt::format("1..{} bytes of printable text", kLongestId),
             "Give the clip another id.");
    for (const int64_t label : clip_.labels)
      if (label < 0 || label >= info_.num_classes())
        refuse(fmt::format("label {}", label),
               fmt::format("a label below the number of classes, {}", info_.num_classes()),
               "Labels count from 0; correct the label or the class names.");
    for (const auto& field : kIntegerFields)
      if (clip_.*field.member && *(clip_.*field.member) < 0)
        refuse(fmt::format("{} {}", field.name, *(clip_.*field.member)), "0 or more",
               "Leave it out where it is unknown.");
    if (clip_.fps && !(std::isfinite(*clip_.fps) && *clip_.fps > 0))
      refuse(fmt::format("fps {}", *clip_.fps), "a number above 0",
             "Leave it out where it is unknown.");
  }

  ClipSizes dense() const {
    check_clip_size(info_, clip_.num_frames, clip_.num_persons, where_);
    if (!clip_.frame_persons.empty())
      refuse("persons counted by frame", "none in a store with the dense person layout",
             "Leave frame_persons empty, or make the store with layout frame_persons.");
    return {clip_.num_frames * clip_.num_persons, clip_.num_persons};
  }

  ClipSizes by_frame() const {
    check_count("frame_persons", clip_.frame_persons.size(), clip_.num_frames, false);
    int64_t most = 0;
    for (const int64_t count : clip_.frame_persons) {
      // Checking each count first keeps the sum from overflowing.
      check_clip_size(info_, clip_.num_frames, count, where_);
      most = std::max(most, count);
    }
    check_clip_size(info_, clip_.num_frames, most, where_);
    if (clip_.num_persons != 0 && clip_.num_persons != most)
      refuse(fmt::format("{} persons", clip_.num_persons),
             fmt::format("{}, the most in one frame", most), "Leave num_persons 0.");
    const auto& counts = clip_.frame_persons;
    return {std::accumulate(counts.begin(), counts.end(), int64_t{0}), most};
  }

  void check_count(const char* name, size_t found, int64_t expected, bool is_optional) const {
    if (found == static_cast<size_t>(expected) || (is_optional && found == 0)) return;
    refuse(
        fmt::format("{} values in {}", found, name), fmt::format("{}", expected),
        fmt::format("Sizes must agree: {} persons, {} frames, {} joints, {} channels.",
                    clip_.num_persons, clip_.num_frames, info_.num_joints, info_.num_channels()));
  }

  void check_range(const std::vector<double>& values, int64_t channels) const {
    const double threshold = overflow_threshold(info_.precision);
    for (size_t i = 0; i < values.size(); ++i)
      if (std::isfinite(values[i]) && std::abs(values[i]) >= threshold)
        throw DataError(
            Fault{where_ + ", " + place_of(i, clip_, info_, channels), fmt::format("{}", values[i]),
                  fmt::format("a magnitude below {} for {}", threshold, name_of(info_.precision)),
                  "Make the store with a wider precision."});
  }

  const Clip& clip_;
  const StoreInfo& info_;
  const std::string& where_;
};

}  // namespace

ClipSizes check_clip(const Clip& clip, const StoreInfo& info, const std::string& where) {
  try {
    return ClipCheck(clip, info, where).run();
  } catch (const DataError& why) {
    throw InvalidClip(why);
  }
}

}  // namespace kinegraph::store_format
