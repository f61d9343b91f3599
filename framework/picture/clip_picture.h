// A clip of a store as a sheet of poses or as a video.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "framework/picture/poses_2d.h"

namespace kinegraph {

/// What to draw. Frames count from 0; `end` is the first that is not drawn.
struct PictureOptions {
  int64_t begin = 0;
  std::optional<int64_t> end;
  View view;
  std::filesystem::path video;  // to draw over; empty: none
  double min_score = 0.3;       // joints below it are grey
  int size = 480;               // pixels: height of a video, or of a pose on a sheet
  int64_t poses = 12;           // at most, on a sheet
  double fps = 0;               // of a video; 0: the clip's own, or 30
};

/// Writes a sheet (.png), or a video (.mp4, .gif), by the extension of `path`; the file appears
/// under its name when it is whole. Frame i of a clip lies over frame i of the video. Throws
/// UsageError for options that do not go with the clip, DataError when a file fails.
void draw_clip(const AnnotationStore& store, const Skeleton& skeleton, int64_t clip,
               const PictureOptions& options, const std::filesystem::path& path);

}  // namespace kinegraph
