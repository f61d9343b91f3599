#include "datasets/formats/skeleton_json.h"

#include <fmt/format.h>

#include <charconv>

#include "datasets/formats/json_reader.h"
#include "datasets/formats/label_list.h"

namespace kinegraph {
namespace {

constexpr int64_t kMostFrameIndex = 250'000;

/// 12 of "frame_12", or -1.
int64_t frame_number(std::string_view key) {
  constexpr std::string_view kPrefix = "frame_";
  int64_t number = -1;
  if (key.substr(0, kPrefix.size()) != kPrefix) return -1;
  const auto [end, error] =
      std::from_chars(key.data() + kPrefix.size(), key.data() + key.size(), number);
  return error == std::errc() && end == key.data() + key.size() ? number : -1;
}

std::string expected_text(const SkeletonJsonForm& form) {
  return fmt::format(
      "{{\"data\": [{{\"frame_index\", \"skeleton\": [{{\"pose\": [{}], \"score\": [{}]}}]}}]}}",
      form.joints * 2, form.joints);
}

class SkeletonJsonParser {
 public:
  SkeletonJsonParser(const std::filesystem::path& path, const SkeletonJsonForm& form)
      : form_(form), reader_(path, expected_text(form), "Download or extract the file again.") {}

  SkeletonJson parse() {
    bool has_data = false;
    reader_.read([&](JsonDocument& document) {
      for (auto field : document.get_object()) {
        const std::string_view key = field.unescaped_key();
        const int64_t frame = frame_number(key);
        has_data = has_data || key == "data" || frame >= 0;
        if ((frame >= 0 || key == "data") && !form_.with_frames) continue;
        if (frame >= 0)
          read_point_list(frame, field.value().get_array());
        else
          read_field(key, field.value());
      }
    });
    if (!has_data) reader_.fail("no list 'data'");
    result_.clip.id = reader_.path().stem().string();
    result_.clip.num_frames = static_cast<int64_t>(result_.clip.frame_persons.size());
    return std::move(result_);
  }

 private:
  void read_field(std::string_view key, JsonValue value) {
    Clip& clip = result_.clip;
    if (key == "data") {
      for (auto frame : value.get_array()) read_frame(frame.get_object());
    } else if (key == "label" && value.type() == simdjson::ondemand::json_type::string) {
      result_.label = std::string(std::string_view(value.get_string()));
    } else if (key == "label_index") {
      result_.label_index = value.get_int64();
      if (*result_.label_index < 0 || *result_.label_index >= kMostClasses)
        reader_.fail(fmt::format("a label_index before here is {}, outside 0..{}",
                                 *result_.label_index, kMostClasses - 1));
    } else if (key == "fps") {
      clip.fps = value.get_double();
    } else if (key == "width") {
      clip.image_width = value.get_int64();
    } else if (key == "height") {
      clip.image_height = value.get_int64();
    }
  }

  /// The person of "frame_<index>", if any.
  void read_point_list(int64_t index, JsonArray points) {
    int64_t count = 0, values = 0;
    std::vector<double> point;
    for (auto item : points) {
      point.clear();
      const int64_t size = reader_.append_numbers(item.get_array(), &point);
      if (point_size_ == 0) point_size_ = size;
      if (size != point_size_)
        reader_.fail(
            fmt::format("a joint before here has {} values, an earlier one {}", size, point_size_));
      if (size > form_.max_channels) {
        result_.clip.scores.push_back(point.back());
        point.pop_back();
      }
      result_.clip.keypoints.insert(result_.clip.keypoints.end(), point.begin(), point.end());
      values += static_cast<int64_t>(point.size());
      ++count;
    }
    if (count != 0 && count != form_.joints)
      reader_.fail(fmt::format("a frame before here has {} joints", count));
    if (count > 0) {
      check_pose(values);
      check_scores();
    }
    place_frame(index, count > 0 ? 1 : 0);
  }

  void read_frame(JsonObject frame) {
    Clip& clip = result_.clip;
    const size_t values_before = clip.keypoints.size(), scores_before = clip.scores.size();
    int64_t index = last_index_ + 1, persons = 0;
    for (auto field : frame) {
      const std::string_view key = field.unescaped_key();
      if (key == "frame_index") {
        index = field.value().get_int64();
      } else if (key == "skeleton") {
        for (auto person : field.value().get_array()) {
          read_person(person.get_object());
          ++persons;
        }
      }
    }
    if (!place_frame(index, persons)) {
      clip.keypoints.resize(values_before);
      clip.scores.resize(scores_before);
    }
  }

  /// Whether the frame is kept.
  bool place_frame(int64_t index, int64_t persons) {
    if (index > kMostFrameIndex)
      reader_.fail(fmt::format("a frame before here has the frame_index {}, above {}", index,
                               kMostFrameIndex));
    if (index <= last_index_)
      reader_.fail(
          fmt::format("a frame before here has the frame_index {} after {}", index, last_index_));
    last_index_ = index;
    if (form_.starts_at_first && first_index_ < 0) first_index_ = index;
    const int64_t row = form_.starts_at_first ? index - first_index_ : index;
    if (row >= form_.max_frames) return false;
    result_.clip.frame_persons.resize(static_cast<size_t>(row), 0);
    result_.clip.frame_persons.push_back(persons);
    return true;
  }

  void read_person(JsonObject person) {
    int64_t values = 0, scores = 0;
    for (auto field : person) {
      const std::string_view key = field.unescaped_key();
      if (key == "pose")
        values += reader_.append_numbers(field.value().get_array(), &result_.clip.keypoints);
      else if (key == "score")
        scores += reader_.append_numbers(field.value().get_array(), &result_.clip.scores);
    }
    check_pose(values);
    if (scores != form_.joints && (scores != 0 || form_.needs_scores))
      reader_.fail(fmt::format("a person before here has {} values in 'score'", scores));
    check_scores();
  }

  /// All persons have scores, or none.
  void check_scores() {
    const Clip& clip = result_.clip;
    const size_t rows = clip.keypoints.size() / static_cast<size_t>(result_.channels);
    if (!clip.scores.empty() && clip.scores.size() != rows)
      reader_.fail("scores of some persons before here and none of others");
  }

  void check_pose(int64_t values) {
    const int64_t channels = values / form_.joints;
    if (values % form_.joints != 0 || channels < 2 || channels > form_.max_channels)
      reader_.fail(fmt::format("a person before here has {} values in 'pose'", values));
    if (result_.channels != 0 && result_.channels != channels)
      reader_.fail(fmt::format("a person before here has {} values a joint, an earlier one {}",
                               channels, result_.channels));
    result_.channels = channels;
  }

  SkeletonJsonForm form_;
  JsonReader reader_;
  SkeletonJson result_;
  int64_t last_index_ = -1, first_index_ = -1, point_size_ = 0;
};

}  // namespace

SkeletonJson read_skeleton_json(const std::filesystem::path& path, const SkeletonJsonForm& form) {
  return SkeletonJsonParser(path, form).parse();
}

}  // namespace kinegraph
