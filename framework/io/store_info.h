// What an annotation store holds: about the whole (StoreInfo) and about one clip (Clip).
//
// Letters of shapes: N clips, M persons, T frames, V joints, C channels, P person-frames (one
// person in one frame; M * T of them in a dense clip).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kinegraph {

enum class Coordinates { pixels, metres, normalised };

/// dense: a clip is M x T x V x C. frame_persons: every frame lists the persons found in it, who
/// are not linked from frame to frame (Kinetics-400).
enum class PersonLayout { dense, frame_persons };

/// How keypoints and scores are kept on disk.
enum class Precision { float16, float32, float64 };

std::string_view name_of(Coordinates coordinates);
std::string_view name_of(PersonLayout layout);
std::string_view name_of(Precision precision);
/// The reverse, for options whose values are checked. Throws std::invalid_argument.
Precision precision_named(std::string_view name);

struct StoreInfo {
  std::string skeleton;          // name of the joint layout
  std::string skeleton_layout;   // its YAML text, so that the store explains itself
  int64_t num_joints = 0;        // V
  std::string channels = "xyz";  // one letter a channel: "xyz", "xy", "xys" (s: the score)
  Coordinates coordinates = Coordinates::metres;
  PersonLayout person_layout = PersonLayout::dense;
  Precision precision = Precision::float32;
  std::vector<std::string> class_names;
  std::string provenance = "{}";                       // JSON text: sources, importer, options
  std::map<std::string, std::vector<int64_t>> splits;  // clip indices, in order

  int64_t num_channels() const { return static_cast<int64_t>(channels.size()); }
  /// Channels without the score, which stands last.
  bool has_score_channel() const { return channels.back() == 's'; }
  int64_t num_coordinates() const { return num_channels() - (has_score_channel() ? 1 : 0); }
  int64_t num_classes() const { return static_cast<int64_t>(class_names.size()); }
};

/// A clip without its arrays.
struct ClipInfo {
  std::string id;
  std::vector<int64_t> labels;  // class indices: none, one or several
  int64_t num_frames = 0;       // T, at least 1
  /// M. In a frame_persons store: the most persons in one frame; a writer may leave it 0 there.
  int64_t num_persons = 0;
  std::optional<int64_t> subject, camera, setup, replication;  // not negative
  std::optional<double> fps;                                   // above 0
  /// Pixels. Normalised keypoints are shares of them, from the top left corner.
  std::optional<int64_t> image_width, image_height;
};

/// A clip as it is stored. Arrays may be empty where "or none" is said, for all clips alike.
struct Clip : ClipInfo {
  std::vector<double> keypoints;       // dense: M x T x V x C; frame_persons: P x V x C by frame
  std::vector<double> scores;          // the same without C, or none
  std::vector<int64_t> frame_persons;  // persons in each frame (T); dense: none
  std::vector<double> timestamps;      // seconds, T, or none
  std::vector<int64_t> track_ids;      // dense: M; frame_persons: P; or none
  std::vector<double> box_scores;      // dense: M; frame_persons: P; or none
};

/// One value for each clip.
using FieldValues =
    std::variant<std::vector<int64_t>, std::vector<double>, std::vector<std::string>>;

}  // namespace kinegraph
