// OpenPose's output: a JSON file for each frame.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "framework/io/store_info.h"

namespace kinegraph {

struct OpenPoseFrameFile {
  std::filesystem::path path;
  int64_t number = 0;
};

/// The files of one clip, by number.
struct OpenPoseClipFiles {
  std::string id;      // the path of its folder below the source; at the source itself, its name
  std::string folder;  // the first folder of the id where there are several, or ""
  std::vector<OpenPoseFrameFile> frames;
};

/// All clips in `source` and below it: folders of files called <name>_<number>_keypoints.json,
/// <name>_<number>.json or <number>.json. Other files are passed over. Throws DataError when there
/// are none, or two of one number.
std::vector<OpenPoseClipFiles> find_openpose_clips(const std::filesystem::path& source);

struct OpenPoseClip {
  Clip clip;           // layout frame_persons, channels x and y; frame 0 is the first number
  int64_t joints = 0;  // 25 (BODY_25) or 18 (COCO); 0 when there is nobody
};

/// Reads {"people": [{"pose_keypoints_2d": [x, y, score, ...]}]}, where the key may also be
/// pose_keypoints (before version 1.0), and a form without scores that is in use for Kinetics-like
/// data: [{"joints": [[x, y] or [-1, -1], ...]}], which gets the scores 1 and 0. Joints that were
/// not found are 0. Throws DataError with file and byte.
OpenPoseClip read_openpose_clip(const OpenPoseClipFiles& files);

/// Keeps the 18 joints of openpose18 of those of body25.
void body25_to_openpose18(Clip* clip);

}  // namespace kinegraph
