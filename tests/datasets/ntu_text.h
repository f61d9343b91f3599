// Texts in the form of NTU RGB+D's .skeleton files.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kinegraph {

/// One body in one frame: joint v is at (x + width * v / 24, height * v / 24, 3) metres.
struct TextBody {
  int64_t id = 1;
  double x = 0, width = 0.4, height = 1.6;
};
using TextFrames = std::vector<std::vector<TextBody>>;

inline std::string joint_line(double x, double y, double z) {
  return fmt::format("{} {} {} 255.1 239.5 957.5 -inf 0.1 -0.2 0.3 0.4 2", x, y, z);
}

inline std::string body_text(const TextBody& body, const std::string& newline = "\n") {
  std::string text = fmt::format("{0} 0 1 1 1 1 0 -0.19 0.1 2{1}25{1}", body.id, newline);
  for (int v = 0; v < 25; ++v)
    text += joint_line(body.x + body.width * v / 24, body.height * v / 24, 3) + newline;
  return text;
}

inline std::string recording_text(const TextFrames& frames, const std::string& newline = "\n") {
  std::string text = std::to_string(frames.size()) + newline;
  for (const auto& bodies : frames) {
    text += std::to_string(bodies.size()) + newline;
    for (const auto& body : bodies) text += body_text(body, newline);
  }
  return text;
}

/// `count` times the same frame.
inline TextFrames frames_of(int count, const std::vector<TextBody>& bodies) {
  return TextFrames(static_cast<size_t>(count), bodies);
}

}  // namespace kinegraph
