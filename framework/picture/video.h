// Videos through the program ffmpeg.
#pragma once

#include <filesystem>
#include <optional>

#include "framework/base/subprocess.h"
#include "framework/picture/canvas.h"

namespace kinegraph {

/// Frames of a video, in order.
class VideoReader {
 public:
  /// Throws DataError when there is no such file or no ffmpeg.
  explicit VideoReader(const std::filesystem::path& path);

  /// The next frame, or nothing at the end. Throws DataError for what is no video.
  std::optional<Image> next();

 private:
  int read_number();

  std::filesystem::path path_;
  Subprocess ffmpeg_;
};

/// Writes an MP4 (H.264) or a GIF, frame by frame.
class VideoWriter {
 public:
  /// `extension`, .mp4 or .gif, says what to write into `part`, whose own name does not matter.
  VideoWriter(const std::filesystem::path& part, const std::string& extension, int width,
              int height, double fps);

  /// Of the size that was announced.
  void add(Canvas& canvas);

  /// Throws DataError when ffmpeg fails.
  void finish();

 private:
  Subprocess ffmpeg_;
};

}  // namespace kinegraph
