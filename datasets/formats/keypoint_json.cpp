#include "datasets/formats/keypoint_json.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "datasets/formats/json_reader.h"
#include "framework/base/text.h"

namespace kinegraph {
namespace {

using simdjson::ondemand::json_type;

/// A nested list of numbers, rectangular.
struct NumberGrid {
  std::vector<int64_t> shape;
  std::vector<double> values;
};

class KeypointJsonParser {
 public:
  KeypointJsonParser(const std::filesystem::path& path, std::string id, const Skeleton& skeleton,
                     bool with_values)
      : reader_(path,
                fmt::format("{{\"clips\": [{{\"id\", \"label\", \"keypoints\": [persons][frames]"
                            "[{0}][2 or 3]}}]}} or one such clip, {0} joints of layout '{1}'",
                            skeleton.joint_count(), skeleton.name),
                "Write the file again."),
        file_id_(std::move(id)),
        joints_(skeleton.joint_count()),
        with_values_(with_values) {}

  std::vector<OwnClip> parse() {
    bool has_list = false, has_clip = false;
    start_clip();
    reader_.read([&](JsonDocument& document) {
      for (auto field : document.get_object()) {
        const std::string_view key = field.unescaped_key();
        if (key == "clips") {
          has_list = true;
          read_list(field.value().get_array());
        } else {
          has_clip = true;
          read_field(std::string(key), field.value());
        }
      }
    });
    if (has_list && has_clip) reader_.fail("fields of a clip beside the list 'clips'");
    if (!has_list) finish_clip(file_id_);
    return std::move(clips_);
  }

 private:
  void start_clip() {
    found_ = OwnClip();
    keypoints_ = scores_ = NumberGrid();
    has_keypoints_ = false;
  }

  void read_list(JsonArray list) {
    for (auto item : list) {
      start_clip();
      for (auto field : item.get_object()) {
        const std::string key(std::string_view(field.unescaped_key()));
        read_field(key, field.value());
      }
      finish_clip("");
    }
  }

  void read_field(const std::string& key, JsonValue value) {
    static const std::vector<std::string> kKeys{"id",  "label",   "keypoints", "scores", "split",
                                                "fps", "subject", "camera",    "width",  "height"};
    Clip& clip = found_.clip;
    if (key == "keypoints") {
      has_keypoints_ = true;
      if (with_values_) read_grid(value, 0, &keypoints_);
    } else if (key == "scores") {
      if (with_values_) read_grid(value, 0, &scores_);
    } else if (key == "id") {
      clip.id = text_of(value);
    } else if (key == "label") {
      found_.label = text_of(value);
    } else if (key == "split") {
      read_splits(value);
    } else if (key == "fps") {
      clip.fps = value.get_double();
    } else if (key == "subject") {
      clip.subject = value.get_int64();
    } else if (key == "camera") {
      clip.camera = value.get_int64();
    } else if (key == "width") {
      clip.image_width = value.get_int64();
    } else if (key == "height") {
      clip.image_height = value.get_int64();
    } else {
      reader_.fail(fmt::format("unknown key '{}'{}", key, near_name_hint(key, kKeys)));
    }
  }

  static std::string text_of(JsonValue value) {
    const json_type type = value.type();
    if (type == json_type::number) return std::to_string(value.get_int64());
    if (type == json_type::null) return "";
    return std::string(std::string_view(value.get_string()));
  }

  void read_splits(JsonValue value) {
    if (value.type() != json_type::array) {
      if (std::string name = text_of(value); !name.empty()) found_.splits.push_back(name);
      return;
    }
    for (auto name : value.get_array())
      found_.splits.emplace_back(std::string_view(name.get_string()));
  }

  void read_grid(JsonValue value, size_t depth, NumberGrid* grid) {
    if (depth >= 4) reader_.fail("more than four lists in one another");
    int64_t count = 0;
    bool has_numbers = false;
    for (auto found : value.get_array()) {
      JsonValue item = found.value();
      ++count;
      double number = 0;
      if (item.get_double().get(number) != simdjson::SUCCESS) {  // tried first: the usual case
        const json_type type = item.type();
        if (type == json_type::array) {
          read_grid(item, depth + 1, grid);
          continue;
        }
        const bool is_missing = type == json_type::null && item.is_null();
        number = is_missing ? std::numeric_limits<double>::quiet_NaN() : double(item.get_double());
      }
      grid->values.push_back(number);
      if (!std::exchange(has_numbers, true)) end_level(depth + 1, 0, grid);
    }
    end_level(depth, count, grid);
  }

  /// A list at `depth` has ended after `count` items; a number counts as a list of none.
  void end_level(size_t depth, int64_t count, NumberGrid* grid) {
    if (count == 0) {
      if (grid->shape.empty() && depth > 0) grid->shape.assign(depth, -1);
      if (depth != grid->shape.size()) reader_.fail("lists of different depth before here");
      return;
    }
    if (depth >= grid->shape.size()) reader_.fail("lists of different depth before here");
    int64_t& size = grid->shape[depth];
    if (size < 0) size = count;
    if (size != count)
      reader_.fail(
          fmt::format("a list of {} before here, where an earlier one has {}", count, size));
  }

  void finish_clip(const std::string& fallback_id) {
    Clip& clip = found_.clip;
    if (clip.id.empty()) clip.id = fallback_id;
    if (clip.id.empty()) reader_.fail("a clip without 'id' before here");
    if (!has_keypoints_) reader_.fail(fmt::format("no 'keypoints' of clip '{}'", clip.id));
    found_.where = fmt::format("{}: clip '{}'", reader_.path().string(), clip.id);
    if (with_values_) take_grids();
    clips_.push_back(std::move(found_));
  }

  void take_grids() {
    Clip& clip = found_.clip;
    auto shape = keypoints_.shape;
    if (shape.size() == 3) shape.insert(shape.begin(), 1);
    if (shape.size() != 4 || shape[2] != joints_ || shape[3] < 2 || shape[3] > 3)
      reader_.fail(fmt::format("clip '{}' has keypoints of shape {}", clip.id,
                               fmt::join(keypoints_.shape, "x")));
    if (!scores_.values.empty()) {
      auto expected = keypoints_.shape;
      expected.pop_back();
      if (scores_.shape != expected)
        reader_.fail(fmt::format("clip '{}' has keypoints of shape {} and scores of shape {}",
                                 clip.id, fmt::join(keypoints_.shape, "x"),
                                 fmt::join(scores_.shape, "x")));
    }
    clip.num_persons = shape[0];
    clip.num_frames = shape[1];
    found_.channels = shape[3];
    clip.keypoints = std::move(keypoints_.values);
    clip.scores = std::move(scores_.values);
  }

  JsonReader reader_;
  std::string file_id_;
  int64_t joints_;
  bool with_values_;
  std::vector<OwnClip> clips_;
  // The clip that is being read:
  OwnClip found_;
  NumberGrid keypoints_, scores_;
  bool has_keypoints_ = false;
};

}  // namespace

std::vector<OwnClip> read_keypoint_json(const std::filesystem::path& path, const std::string& id,
                                        const Skeleton& skeleton, bool with_values) {
  return KeypointJsonParser(path, id, skeleton, with_values).parse();
}

}  // namespace kinegraph
