#include "framework/data/sample.h"

#include <fmt/format.h>

#include <algorithm>

namespace kinegraph {
namespace {

void swap_rows(std::vector<double>& values, int64_t row, int64_t a, int64_t b) {
  if (!values.empty())
    std::swap_ranges(values.begin() + a * row, values.begin() + (a + 1) * row,
                     values.begin() + b * row);
}

}  // namespace

bool KeypointArray::is_present(int64_t m) const {
  return std::any_of(frame(m, 0), frame(m + 1, 0), [](double value) { return value != 0; });
}

std::string KeypointArray::shape_text() const {
  return fmt::format("{}x{}x{}x{} (M,T,V,C)", persons, frames, joints, channels);
}

KeypointArray& Sample::extra_input(const std::string& name) {
  for (auto& [known, array] : extra_inputs)
    if (known == name) return array;
  return extra_inputs.emplace_back(name, KeypointArray{}).second;
}

void Sample::gather_frames(std::vector<double>& values, int64_t persons, int64_t row,
                           const std::vector<int64_t>& frames) {
  const int64_t available = keypoints.frames;
  spare_.resize(static_cast<size_t>(persons * row) * frames.size());
  double* to = spare_.data();
  for (int64_t m = 0; m < persons; ++m)
    for (size_t i = 0; i < frames.size();) {
      const int64_t first = frames[i];
      size_t end = i + 1;  // of a run of frames that follow one another
      if (first != kNoFrame)
        while (end < frames.size() && frames[end] == frames[end - 1] + 1) ++end;
      const int64_t count = static_cast<int64_t>(end - i) * row;
      to = first == kNoFrame
               ? std::fill_n(to, count, 0.0)
               : std::copy_n(values.data() + (m * available + first) * row, count, to);
      i = end;
    }
  values.swap(spare_);
}

void Sample::select_frames(const std::vector<int64_t>& frames) {
  const int64_t available = keypoints.frames;
  const auto count = static_cast<int64_t>(frames.size());
  if (!scores.empty()) gather_frames(scores, keypoints.persons, keypoints.joints, frames);
  if (!box_scores.empty()) gather_frames(box_scores, keypoints.persons, 1, frames);
  const auto gather = [&](KeypointArray& x) {
    gather_frames(x.values, x.persons, x.joints * x.channels, frames);
  };
  for (auto& [name, array] : extra_inputs) {
    if (array.frames != available) continue;
    gather(array);
    array.frames = count;
  }
  gather(keypoints);
  keypoints.frames = count;
  const auto pick = [&](const std::vector<int64_t>& from, int64_t none) {
    std::vector<int64_t> picked;
    picked.reserve(frames.size());
    for (const int64_t frame : frames)
      picked.push_back(frame == kNoFrame ? none : from[static_cast<size_t>(frame)]);
    return picked;
  };
  if (!frame_persons.empty()) frame_persons = pick(frame_persons, 0);
  frame_indices = frame_indices.empty() ? frames : pick(frame_indices, kNoFrame);
}

void Sample::resize_persons(int64_t count) {
  KeypointArray& x = keypoints;
  if (!scores.empty()) scores.resize(static_cast<size_t>(count * x.frames * x.joints));
  if (!box_scores.empty()) box_scores.resize(static_cast<size_t>(count * x.frames));
  for (auto& persons : frame_persons) persons = std::min(persons, count);
  x.resize(count, x.frames, x.joints, x.channels);
}

void Sample::swap_persons(int64_t a, int64_t b) {
  const KeypointArray& x = keypoints;
  if (a == b) return;
  swap_rows(keypoints.values, x.frames * x.joints * x.channels, a, b);
  swap_rows(scores, x.frames * x.joints, a, b);
  swap_rows(box_scores, x.frames, a, b);
}

void Sample::crop_image(int64_t left, int64_t top, int64_t width, int64_t height) {
  if (image_width > 0 && image_height > 0) {
    const auto full_width = static_cast<double>(image_width);
    const auto full_height = static_cast<double>(image_height);
    crop = {crop[0] + static_cast<double>(left) / full_width * crop[2],
            crop[1] + static_cast<double>(top) / full_height * crop[3],
            crop[2] * static_cast<double>(width) / full_width,
            crop[3] * static_cast<double>(height) / full_height};
  }
  image_width = width;
  image_height = height;
}

void Sample::append_scores() {
  if (scores.empty()) return;
  append_scores([this](double* to) {
    const auto channels = static_cast<size_t>(keypoints.channels);
    const double* from = keypoints.values.data();
    for (const double score : scores) {
      if (channels == 2) {  // by far the most frequent, and several times as fast as the loop
        to[0] = from[0];
        to[1] = from[1];
      } else {
        std::copy_n(from, channels, to);
      }
      to[channels] = score;
      from += channels;
      to += channels + 1;
    }
  });
}

void Sample::clear() {
  id.clear();
  labels.clear();
  // The values stay: growing again would fill with zeros what the next clip overwrites.
  keypoints.persons = keypoints.frames = keypoints.joints = keypoints.channels = 0;
  scores.clear();
  has_score_channel = false;
  frame_indices.clear();
  frame_persons.clear();
  box_scores.clear();
  precision = Precision::float64;
  crop = {0, 0, 1, 1};
  image_width = image_height = 0;
  num_clips = 1;
  extra_inputs.clear();
}

}  // namespace kinegraph
