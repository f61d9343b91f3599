// One clip on its way through the pipeline.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kinegraph {

/// Keypoints (M, T, V, C), row-major. float64 inside the pipeline, as in the published Python code;
/// batches are float32.
struct KeypointArray {
  int64_t persons = 0, frames = 0, joints = 0, channels = 0;
  std::vector<double> values;

  /// Keeps nothing of the old values that has a meaning.
  void resize(int64_t m, int64_t t, int64_t v, int64_t c) {
    persons = m;
    frames = t;
    joints = v;
    channels = c;
    values.resize(static_cast<size_t>(m * t * v * c));
  }
  double* frame(int64_t m, int64_t t) {
    return values.data() + (m * frames + t) * joints * channels;
  }
  const double* frame(int64_t m, int64_t t) const {
    return values.data() + (m * frames + t) * joints * channels;
  }
  double* joint(int64_t m, int64_t t, int64_t v) { return frame(m, t) + v * channels; }
  const double* joint(int64_t m, int64_t t, int64_t v) const { return frame(m, t) + v * channels; }
  bool has_same_shape(const KeypointArray& other) const {
    return persons == other.persons && frames == other.frames && joints == other.joints &&
           channels == other.channels;
  }
  /// "2x100x25x3 (M,T,V,C)".
  std::string shape_text() const;
};

struct Sample {
  std::string id;
  std::vector<int64_t> labels;
  KeypointArray keypoints;
  std::vector<double> scores;          // (M, T, V) confidences; empty when the data has none
  std::vector<int64_t> frame_indices;  // source frame of each frame; empty before any sampling
  int64_t image_width = 0, image_height = 0;  // pixels; 0 when unknown
  int64_t num_clips = 1;                      // test clips, one after another along T
  std::vector<std::pair<std::string, KeypointArray>> extra_inputs;  // beside "keypoints"

  /// The extra input `name`, made when absent.
  KeypointArray& extra_input(const std::string& name);
  /// Empties everything but keeps the memory.
  void clear();
};

}  // namespace kinegraph
