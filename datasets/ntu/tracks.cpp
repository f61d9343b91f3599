#include "datasets/ntu/tracks.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>

namespace kinegraph::ntu {
namespace {

constexpr int64_t kShortFrames = 11;
constexpr double kWideRatio = 0.8;
constexpr double kWideShare = 0.69754;

/// The variances of x, y and z, added.
double motion_of(const std::vector<float>& joints) {
  const double points = static_cast<double>(joints.size()) / 3;
  std::array<double, 3> mean{};
  for (size_t i = 0; i < joints.size(); ++i) mean[i % 3] += static_cast<double>(joints[i]);
  for (double& value : mean) value /= points;
  double sum = 0;
  for (size_t i = 0; i < joints.size(); ++i) {
    const double difference = static_cast<double>(joints[i]) - mean[i % 3];
    sum += difference * difference;
  }
  return sum / points;
}

float extent(const float* joints, int64_t channel) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (int64_t v = 0; v < kJoints; ++v) {
    low = std::min(low, joints[v * 3 + channel]);
    high = std::max(high, joints[v * 3 + channel]);
  }
  return high - low;
}

bool is_wide(const float* joints) {
  return static_cast<double>(extent(joints, 0)) >
         kWideRatio * static_cast<double>(extent(joints, 1));
}

}  // namespace

std::vector<Track> tracks_of(const Recording& recording) {
  std::vector<Track> tracks;
  std::unordered_map<int64_t, size_t> track_of;
  int64_t seen_frame = 0;
  for (size_t t = 0; t + 1 < recording.frame_offsets.size(); ++t) {
    const int64_t first = recording.frame_offsets[t], stop = recording.frame_offsets[t + 1];
    for (int64_t i = first; i < stop; ++i) {
      const int64_t id = recording.ids[static_cast<size_t>(i)];
      const auto [entry, is_new] = track_of.emplace(id, tracks.size());
      if (is_new) tracks.push_back({seen_frame, {}, 0});
      const double* body = recording.body(i);
      auto& joints = tracks[entry->second].joints;
      for (int64_t k = 0; k < kBodyValues; ++k) joints.push_back(static_cast<float>(body[k]));
    }
    seen_frame += stop > first;
  }
  for (Track& track : tracks) track.motion = motion_of(track.joints);
  return tracks;
}

int64_t num_seen_frames(const Recording& recording) {
  int64_t frames = 0;
  for (size_t t = 0; t + 1 < recording.frame_offsets.size(); ++t)
    frames += recording.frame_offsets[t + 1] > recording.frame_offsets[t];
  return frames;
}

void drop_short_tracks(std::vector<Track>& tracks) {
  tracks.erase(std::remove_if(tracks.begin(), tracks.end(),
                              [](const Track& track) { return track.frames() <= kShortFrames; }),
               tracks.end());
}

bool keep_by_spread(Track& track) {
  std::vector<float> valid;
  for (int64_t t = 0; t < track.frames(); ++t) {
    const float* joints = track.joints.data() + t * kBodyValues;
    if (!is_wide(joints)) valid.insert(valid.end(), joints, joints + kBodyValues);
  }
  if (valid.size() == track.joints.size()) return true;
  const double wide_share =
      1 - static_cast<double>(valid.size()) / static_cast<double>(track.joints.size());
  if (wide_share >= kWideShare) return false;
  track.motion = std::min(track.motion, motion_of(valid));
  return true;
}

void sort_by_motion(std::vector<Track>& tracks) {
  std::stable_sort(tracks.begin(), tracks.end(),
                   [](const Track& a, const Track& b) { return a.motion > b.motion; });
}

}  // namespace kinegraph::ntu
