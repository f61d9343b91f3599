#include "models/kernels/frame_tiles.h"

namespace kinegraph {

std::vector<int64_t> TapSequence::taps() const {
  std::vector<int64_t> result;
  for (int64_t a = 0; a < count; ++a) result.push_back(first + a * stride);
  return result;
}

std::vector<int64_t> TapSequence::reversed_taps() const {
  auto result = taps();
  std::reverse(result.begin(), result.end());
  return result;
}

std::vector<TapSequence> tap_sequences(int64_t kernel, int64_t stride) {
  const int64_t padding = (kernel - 1) / 2;
  std::vector<TapSequence> result;
  for (int64_t first = 0; first < std::min(stride, kernel); ++first) {
    const int64_t phase = (first + (stride - 1) * padding) % stride;  // of frame first - padding
    const int64_t count = divide_up(kernel - first, stride);
    for (int64_t a = 0; a < count; a += kMostTileTaps)
      result.push_back({std::min(count - a, kMostTileTaps), first + a * stride, stride, phase,
                        (padding + phase - first) / stride - a, a == 0});
  }
  return result;
}

}  // namespace kinegraph
