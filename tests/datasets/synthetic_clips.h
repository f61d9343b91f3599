// Clips of the made-up data set, small enough to classify without a model.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "framework/io/annotation_store.h"

namespace kinegraph {

constexpr int64_t kClipFrames = 32, kClipJoints = 25;
constexpr size_t kFrameValues = kClipJoints * 3;

/// The first person of a clip at kClipFrames frames that are evenly spaced.
struct ClipFeatures {
  std::vector<double> values;  // T x V x C
  int64_t label = 0, num_frames = 0, num_persons = 0;
};

/// Where the values are measured from.
enum class Origin {
  kFirstFrame,  // the pelvis of the first frame, as the recipe has it
  kEachFrame    // the pelvis of each frame
};

inline void center(std::vector<double>& values, Origin origin) {
  const std::vector<double> first(values.begin(), values.begin() + 3);
  for (size_t frame = 0; frame < values.size(); frame += kFrameValues) {
    const std::vector<double> own(values.begin() + static_cast<int64_t>(frame),
                                  values.begin() + static_cast<int64_t>(frame) + 3);
    for (size_t i = 0; i < kFrameValues; ++i)
      values[frame + i] -= (origin == Origin::kFirstFrame ? first : own)[i % 3];
  }
}

/// Turns the clip about the vertical until the hips of the first frame lie along x.
inline void face_the_camera(std::vector<double>& values) {
  constexpr size_t kLeftHip = 12 * 3, kRightHip = 16 * 3;
  const double across = values[kLeftHip] - values[kRightHip];
  const double away = values[kLeftHip + 2] - values[kRightHip + 2];
  const double length = std::hypot(across, away), c = across / length, s = away / length;
  for (size_t i = 0; i < values.size(); i += 3) {
    const double x = values[i], z = values[i + 2];
    values[i] = c * x + s * z;
    values[i + 2] = -s * x + c * z;
  }
}

inline ClipFeatures features_of(const AnnotationStore& store, int64_t index, Origin origin,
                                bool faces_camera) {
  const ClipInfo about = store.clip(index);
  std::vector<double> all(static_cast<size_t>(about.num_frames) * kFrameValues);
  store.read_keypoints(index, all.data(), 1);
  ClipFeatures clip;
  clip.label = about.labels.at(0);
  clip.num_frames = about.num_frames;
  clip.num_persons = about.num_persons;
  for (int64_t t = 0; t < kClipFrames; ++t) {
    const auto* frame =
        &all[static_cast<size_t>(t * (about.num_frames - 1) / (kClipFrames - 1)) * kFrameValues];
    clip.values.insert(clip.values.end(), frame, frame + kFrameValues);
  }
  center(clip.values, origin);
  if (faces_camera) face_the_camera(clip.values);
  return clip;
}

using Clips = std::vector<ClipFeatures>;

inline Clips split_features(const AnnotationStore& store, const std::string& split, Origin origin,
                            bool faces_camera) {
  Clips clips;
  for (const int64_t index : store.split(split))
    clips.push_back(features_of(store, index, origin, faces_camera));
  return clips;
}

/// The mean pose over time instead of the frames.
inline Clips averaged_over_time(Clips clips) {
  for (auto& clip : clips) {
    std::vector<double> mean(kFrameValues);
    for (size_t i = 0; i < clip.values.size(); ++i)
      mean[i % kFrameValues] += clip.values[i] / kClipFrames;
    clip.values = mean;
  }
  return clips;
}

/// One frame of the kClipFrames.
inline Clips single_frames(Clips clips, size_t frame) {
  for (auto& clip : clips) {
    const auto begin = clip.values.begin() + static_cast<int64_t>(frame * kFrameValues);
    clip.values = std::vector<double>(begin, begin + kFrameValues);
  }
  return clips;
}

using ClassMeans = std::map<int64_t, std::vector<double>>;

inline ClassMeans class_means(const Clips& clips) {
  ClassMeans means;
  std::map<int64_t, double> counts;
  for (const auto& clip : clips) {
    auto& mean = means[clip.label];
    mean.resize(clip.values.size());
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += clip.values[i];
    ++counts[clip.label];
  }
  for (auto& [label, mean] : means)
    for (double& value : mean) value /= counts[label];
  return means;
}

inline int64_t nearest_class(const ClassMeans& means, const std::vector<double>& values) {
  int64_t best = -1;
  double least = INFINITY;
  for (const auto& [label, mean] : means) {
    double distance = 0;
    for (size_t i = 0; i < mean.size(); ++i)
      distance += (mean[i] - values[i]) * (mean[i] - values[i]);
    if (distance < least) {
      least = distance;
      best = label;
    }
  }
  return best;
}

/// Share of `val` that lies nearest to the mean of its class in `train`.
inline double nearest_class_mean_accuracy(const Clips& train, const Clips& val) {
  const ClassMeans means = class_means(train);
  const auto hits = std::count_if(val.begin(), val.end(), [&](const ClipFeatures& clip) {
    return nearest_class(means, clip.values) == clip.label;
  });
  return static_cast<double>(hits) / static_cast<double>(val.size());
}

/// Share of `val` whose class is the most frequent one in `train` among clips with the same
/// `key(clip)`.
template <class Key>
double most_frequent_class_accuracy(const Clips& train, const Clips& val, const Key& key) {
  std::map<int64_t, std::map<int64_t, int64_t>> counts;
  for (const auto& clip : train) ++counts[key(clip)][clip.label];
  int64_t hits = 0;
  for (const auto& clip : val) {
    const auto& classes = counts[key(clip)];
    const auto best =
        std::max_element(classes.begin(), classes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    hits += best != classes.end() && best->first == clip.label;
  }
  return static_cast<double>(hits) / static_cast<double>(val.size());
}

}  // namespace kinegraph
