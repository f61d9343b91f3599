// One clip on its way through the pipeline.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "framework/io/store_info.h"

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
  /// Whether person m is there: any value but 0 in any frame.
  bool is_present(int64_t m) const;
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
  bool has_score_channel = false;      // the last channel of the keypoints is their confidence
  std::vector<int64_t> frame_indices;  // source frame of each frame; empty before any choice
  /// (T) persons found in each frame, who are not linked from frame to frame; they are the first of
  /// the M, the others are zero. Empty where person m is one and the same throughout.
  std::vector<int64_t> frame_persons;
  std::vector<double> box_scores;  // (M, T) confidence of each person; empty when there is none
  /// What an array in Python would hold the keypoints in at this step. Only transforms with a
  /// `compat` option round to it.
  Precision precision = Precision::float64;
  int64_t image_width = 0, image_height = 0;  // pixels; 0 when unknown
  std::array<double, 4> crop{0, 0, 1, 1};  // what is left of the image: x, y, width, height in it
  int64_t num_clips = 1;                   // test clips, one after another along T
  std::vector<std::pair<std::string, KeypointArray>> extra_inputs;  // beside "keypoints"

  /// The extra input `name`, made when absent.
  KeypointArray& extra_input(const std::string& name);

  static constexpr int64_t kNoFrame = -1;
  /// Keeps these frames, in this order and as often as they are named, of everything that has
  /// frames; kNoFrame gives a frame of zeros. An extra input of another length is left as it is.
  void select_frames(const std::vector<int64_t>& frames);
  /// Keeps the first `count` persons; those beyond the present ones are zero.
  void resize_persons(int64_t count);
  void swap_persons(int64_t a, int64_t b);
  /// The image becomes this part of it, in pixels; the keypoints are left as they are.
  void crop_image(int64_t left, int64_t top, int64_t width, int64_t height);
  /// Confidences that are still apart become the last channel, C + 1.
  void append_scores();
  /// The same for a sample that has them; fill(to) writes all of the new keypoints, (M, T, V, C +
  /// 1).
  template <class Fill>
  void append_scores(const Fill& fill) {
    spare_.resize(scores.size() * static_cast<size_t>(keypoints.channels + 1));
    fill(spare_.data());
    keypoints.values.swap(spare_);
    ++keypoints.channels;
    scores.clear();
    has_score_channel = true;
  }

  /// Empties everything but keeps the memory.
  void clear();

 private:
  /// values: (M, T, row) -> (M, frames, row).
  void gather_frames(std::vector<double>& values, int64_t persons, int64_t row,
                     const std::vector<int64_t>& frames);

  std::vector<double> spare_;  // memory that the next change of shape writes to
};

}  // namespace kinegraph
