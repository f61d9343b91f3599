#include "datasets/formats/openpose_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "datasets/formats/clip_files.h"
#include "datasets/formats/json_reader.h"
#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr char kOpenPoseSource[] =
    "folders of <name>_<number>_keypoints.json, as OpenPose's --write_json makes them";
constexpr int64_t kLongestGap = 250'000;

/// 12 of "clip_000000000012_keypoints", "clip_12" or "12".
std::optional<int64_t> openpose_frame_number(std::string stem) {
  const std::string ending = "_keypoints";
  if (stem.size() > ending.size() &&
      stem.compare(stem.size() - ending.size(), ending.size(), ending) == 0)
    stem.resize(stem.size() - ending.size());
  const size_t before = stem.find_last_not_of("0123456789");
  if (before != std::string::npos && stem[before] != '_') return {};
  const char* begin = stem.data() + (before == std::string::npos ? 0 : before + 1);
  const char* end = stem.data() + stem.size();
  int64_t number = 0;
  if (begin == end || std::from_chars(begin, end, number).ec != std::errc()) return {};
  return number;
}

void sort_frames(OpenPoseClipFiles* clip) {
  auto& frames = clip->frames;
  std::sort(frames.begin(), frames.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (size_t i = 1; i < frames.size(); ++i)
    if (frames[i].number == frames[i - 1].number)
      throw DataError(Fault{frames[i].path.string(),
                            fmt::format("frame {}, which is also {}", frames[i].number,
                                        frames[i - 1].path.filename().string()),
                            "one file for each frame", "Keep one clip in each folder."});
  if (frames.back().number - frames.front().number > kLongestGap)
    throw DataError(Fault{frames.back().path.string(),
                          fmt::format("frame {} of a clip that begins at {}", frames.back().number,
                                      frames.front().number),
                          fmt::format("at most {} frames", kLongestGap),
                          "Keep one clip in each folder."});
}

/// Reads the persons of one frame into a clip.
class OpenPoseFrameParser {
 public:
  OpenPoseFrameParser(const fs::path& path, OpenPoseClip* result)
      : reader_(path, R"({"people": [{"pose_keypoints_2d": [75 or 54 numbers]}]})",
                "Is this OpenPose's BODY_25 or COCO output?"),
        result_(result) {}

  /// How many there are.
  int64_t parse() {
    bool has_people = false;
    reader_.read([&](JsonDocument& document) {
      if (document.type() == simdjson::ondemand::json_type::array) {
        has_people = true;
        for (auto person : document.get_array()) read_listed_person(person.get_object());
        return;
      }
      for (auto field : document.get_object()) {
        if (std::string_view(field.unescaped_key()) != "people") continue;
        has_people = true;
        for (auto person : field.value().get_array()) read_person(person.get_object());
      }
    });
    if (!has_people) reader_.fail("no list 'people'");
    return persons_;
  }

 private:
  void read_person(JsonObject person) {
    for (auto field : person) {
      const std::string_view key = field.unescaped_key();
      if (key != "pose_keypoints_2d" && key != "pose_keypoints") continue;
      values_.clear();
      const int64_t count = reader_.append_numbers(field.value().get_array(), &values_);
      if (count == 0) continue;  // a face or a hand without a body
      if (count % 3 != 0) reader_.fail(fmt::format("a person before here has {} values", count));
      start_person(count / 3);
      for (size_t i = 0; i < values_.size(); i += 3)
        add_joint(values_[i], values_[i + 1], values_[i + 2]);
    }
  }

  void read_listed_person(JsonObject person) {
    for (auto field : person) {
      if (std::string_view(field.unescaped_key()) != "joints") continue;
      values_.clear();
      int64_t joints = 0;
      for (auto joint : field.value().get_array()) {
        if (reader_.append_numbers(joint.get_array(), &values_) != 2)
          reader_.fail("a joint before here is not [x, y]");
        ++joints;
      }
      start_person(joints);
      for (size_t i = 0; i < values_.size(); i += 2) {
        const bool is_found = values_[i] != -1 || values_[i + 1] != -1;
        add_joint(values_[i], values_[i + 1], is_found ? 1 : 0);
      }
    }
  }

  void start_person(int64_t joints) {
    if (joints != 25 && joints != 18)
      reader_.fail(fmt::format("a person before here has {} joints", joints));
    if (result_->joints != 0 && result_->joints != joints)
      reader_.fail(fmt::format("a person before here has {} joints, an earlier one of the clip {}",
                               joints, result_->joints));
    result_->joints = joints;
    ++persons_;
  }

  void add_joint(double x, double y, double score) {
    const bool is_found = score != 0;
    result_->clip.keypoints.insert(result_->clip.keypoints.end(),
                                   {is_found ? x : 0, is_found ? y : 0});
    result_->clip.scores.push_back(score);
  }

  JsonReader reader_;
  OpenPoseClip* result_;
  std::vector<double> values_;
  int64_t persons_ = 0;
};

}  // namespace

std::vector<OpenPoseClipFiles> find_openpose_clips(const fs::path& source) {
  std::map<std::string, OpenPoseClipFiles> clips;
  for (const auto& file : find_clip_files(source, {".json"}, kOpenPoseSource)) {
    const auto number = openpose_frame_number(file.stem);
    if (!number) continue;
    const fs::path folder = fs::path(file.id).parent_path();
    auto& clip = clips[folder.generic_string()];
    clip.id = folder.empty() ? (fs::absolute(file.path).parent_path()).filename().string()
                             : folder.generic_string();
    clip.folder = folder.has_parent_path() ? file.folder : "";
    clip.frames.push_back({file.path, *number});
  }
  if (clips.empty())
    throw DataError(Fault{source.string(), "no frame files", kOpenPoseSource, "Check the path."});
  std::vector<OpenPoseClipFiles> result;
  for (auto& [id, clip] : clips) {
    sort_frames(&clip);
    result.push_back(std::move(clip));
  }
  return result;
}

OpenPoseClip read_openpose_clip(const OpenPoseClipFiles& files) {
  OpenPoseClip result;
  Clip& clip = result.clip;
  clip.id = files.id;
  const int64_t first = files.frames.front().number;
  for (const auto& frame : files.frames) {
    clip.frame_persons.resize(static_cast<size_t>(frame.number - first), 0);
    clip.frame_persons.push_back(OpenPoseFrameParser(frame.path, &result).parse());
  }
  clip.num_frames = static_cast<int64_t>(clip.frame_persons.size());
  return result;
}

void body25_to_openpose18(Clip* clip) {
  constexpr int kJoints[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  size_t kept = 0;
  for (size_t person = 0; person < clip->scores.size(); person += 25)
    for (const int joint : kJoints) {
      const size_t from = person + static_cast<size_t>(joint);
      clip->scores[kept] = clip->scores[from];
      clip->keypoints[2 * kept] = clip->keypoints[2 * from];
      clip->keypoints[2 * kept + 1] = clip->keypoints[2 * from + 1];
      ++kept;
    }
  clip->scores.resize(kept);
  clip->keypoints.resize(2 * kept);
}

}  // namespace kinegraph
