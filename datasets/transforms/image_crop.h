// What the crops of an image do to keypoints in pixels.
#pragma once

#include <cstdint>

#include "framework/data/transform.h"

namespace kinegraph {

/// Throws DataError unless the clip has x, y in an image of known size.
inline void require_image(const Sample& sample, const std::string& step) {
  if (sample.image_width > 0 && sample.image_height > 0 && sample.keypoints.channels >= 2) return;
  throw clip_error(sample, step, "x, y in pixels of an image of known size",
                   "Import image sizes, or leave the step out.",
                   fmt::format("keypoints {} in an image of {}x{}", sample.keypoints.shape_text(),
                               sample.image_width, sample.image_height));
}

/// Moves the origin to (left, top) and sets the size of the image. Joints at (0, 0) are missing and
/// stay there, unless `moves_missing`.
inline void crop_keypoints(Sample& sample, int64_t left, int64_t top, int64_t width, int64_t height,
                           bool moves_missing) {
  auto& values = sample.keypoints.values;
  for (size_t i = 0; i < values.size(); i += static_cast<size_t>(sample.keypoints.channels)) {
    if (!moves_missing && values[i] == 0 && values[i + 1] == 0) continue;
    values[i] -= static_cast<double>(left);
    values[i + 1] -= static_cast<double>(top);
  }
  sample.crop_image(left, top, width, height);
}

}  // namespace kinegraph
