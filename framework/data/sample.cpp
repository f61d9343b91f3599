#include "framework/data/sample.h"

#include <fmt/format.h>

namespace kinegraph {

std::string KeypointArray::shape_text() const {
  return fmt::format("{}x{}x{}x{} (M,T,V,C)", persons, frames, joints, channels);
}

KeypointArray& Sample::extra_input(const std::string& name) {
  for (auto& [known, array] : extra_inputs)
    if (known == name) return array;
  return extra_inputs.emplace_back(name, KeypointArray{}).second;
}

void Sample::clear() {
  id.clear();
  labels.clear();
  keypoints.resize(0, 0, 0, 0);
  scores.clear();
  frame_indices.clear();
  image_width = image_height = 0;
  num_clips = 1;
  extra_inputs.clear();
}

}  // namespace kinegraph
