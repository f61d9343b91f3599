#include "datasets/formats/keypoint_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "datasets/formats/csv_reader.h"
#include "framework/base/text.h"

namespace kinegraph {
namespace {

constexpr int64_t kMostValues = int64_t{1} << 25;  // of one clip: 256 MiB

/// Which column holds what.
struct KeypointColumns {
  std::optional<size_t> clip, frame, person, label, subject, camera, split, fps;
  std::vector<size_t> keypoints;  // V x C
  std::vector<size_t> scores;     // V, or none
  int64_t channels = 2;
};

class ColumnFinder {
 public:
  ColumnFinder(const CsvReader& reader, const Skeleton& skeleton,
               const std::vector<std::string>& ignore)
      : reader_(reader), skeleton_(skeleton), known_(ignore.begin(), ignore.end()) {}

  KeypointColumns find() {
    KeypointColumns columns;
    columns.clip = optional_column("clip");
    columns.frame = required_column("frame");
    columns.person = optional_column("person");
    columns.label = optional_column("label");
    columns.subject = optional_column("subject");
    columns.camera = optional_column("camera");
    columns.split = optional_column("split");
    columns.fps = optional_column("fps");
    const bool has_z = has_any("_z"), has_scores = has_any("_score");
    columns.channels = has_z ? 3 : 2;
    for (const auto& joint : skeleton_.joints) {
      for (const char* axis : {"_x", "_y", "_z"})
        if (*(axis + 1) != 'z' || has_z) columns.keypoints.push_back(required_column(joint + axis));
      if (has_scores) columns.scores.push_back(required_column(joint + "_score"));
    }
    refuse_unknown();
    return columns;
  }

 private:
  std::optional<size_t> optional_column(const std::string& name) {
    known_.insert(name);
    return reader_.find_column(name);
  }
  size_t required_column(const std::string& name) {
    if (const auto column = optional_column(name)) return *column;
    reader_.fail(fmt::format("no column '{}'{}", name, near_name_hint(name, reader_.header())));
  }
  bool has_any(const std::string& ending) const {
    const auto& joints = skeleton_.joints;
    return std::any_of(joints.begin(), joints.end(), [&](const std::string& joint) {
      return reader_.find_column(joint + ending).has_value();
    });
  }
  void refuse_unknown() const {
    for (const auto& name : reader_.header())
      if (known_.count(name) == 0)
        reader_.fail(fmt::format("unknown column '{}'{}", name,
                                 near_name_hint(name, {known_.begin(), known_.end()})));
  }

  const CsvReader& reader_;
  const Skeleton& skeleton_;
  std::set<std::string> known_;
};

/// Collects the rows of one clip after another.
class KeypointCsvParser {
 public:
  KeypointCsvParser(const std::filesystem::path& path, std::string id, const Skeleton& skeleton,
                    const std::vector<std::string>& ignore, bool with_values)
      : reader_(path,
                fmt::format("columns frame, clip, label and <joint>_x, <joint>_y of layout '{}'",
                            skeleton.name),
                "Columns that mean something else go into the option 'ignore'."),
        file_id_(std::move(id)),
        columns_(ColumnFinder(reader_, skeleton, ignore).find()),
        joints_(skeleton.joint_count()),
        with_values_(with_values) {}

  std::vector<OwnClip> parse() {
    while (reader_.next()) {
      const std::string id(columns_.clip ? reader_.text(*columns_.clip) : file_id_);
      if (clips_.empty() || clips_.back().clip.id != id) start_clip(id);
      check_fields();
      read_row();
    }
    if (clips_.empty()) reader_.fail("no rows");
    finish_clip();
    return std::move(clips_);
  }

 private:
  struct Row {
    int64_t frame = 0;
    size_t person = 0;
  };

  void start_clip(const std::string& id) {
    if (!clips_.empty()) finish_clip();
    if (!ids_.insert(id).second)
      reader_.fail(fmt::format("clip '{}' again; the rows of a clip must be together", id));
    OwnClip& clip = clips_.emplace_back();
    clip.clip.id = id;
    clip.label = text_of(columns_.label);
    clip.where = fmt::format("{}: clip '{}'", reader_.path().string(), id);
    if (const std::string split = text_of(columns_.split); !split.empty()) clip.splits = {split};
    if (!text_of(columns_.subject).empty()) clip.clip.subject = reader_.count(*columns_.subject);
    if (!text_of(columns_.camera).empty()) clip.clip.camera = reader_.count(*columns_.camera);
    if (!text_of(columns_.fps).empty()) clip.clip.fps = reader_.number(*columns_.fps);
    first_fields_ = fields();
  }

  std::string text_of(std::optional<size_t> column) const {
    return column ? std::string(reader_.text(*column)) : std::string();
  }

  std::vector<std::string> fields() const {
    return {text_of(columns_.label), text_of(columns_.split), text_of(columns_.subject),
            text_of(columns_.camera), text_of(columns_.fps)};
  }

  void check_fields() const {
    const auto now = fields();
    const char* names[] = {"label", "split", "subject", "camera", "fps"};
    for (size_t i = 0; i < now.size(); ++i)
      if (now[i] != first_fields_[i])
        reader_.fail(fmt::format("{} '{}' in a clip that began with '{}'", names[i], now[i],
                                 first_fields_[i]));
  }

  void read_row() {
    Row row;
    row.frame = reader_.count(*columns_.frame);
    const std::string person = text_of(columns_.person);
    row.person = persons_.emplace(person, persons_.size()).first->second;
    if (!places_.insert({row.frame, row.person}).second)
      reader_.fail(columns_.person ? fmt::format("frame {} of person '{}' again", row.frame, person)
                                   : fmt::format("frame {} again", row.frame));
    const auto [first, last] = std::pair{places_.begin()->first, places_.rbegin()->first};
    const auto count = static_cast<int64_t>(columns_.keypoints.size() * persons_.size());
    if (last - first >= kMostValues / count)
      reader_.fail(fmt::format("frame {} of a clip that begins at frame {}", last, first));
    rows_.push_back(row);
    if (!with_values_) return;
    for (const size_t column : columns_.keypoints) values_.push_back(reader_.number(column));
    for (const size_t column : columns_.scores) scores_.push_back(reader_.number(column));
  }

  void finish_clip() {
    OwnClip& found = clips_.back();
    Clip& clip = found.clip;
    const int64_t first = places_.begin()->first;
    clip.num_frames = places_.rbegin()->first - first + 1;
    clip.num_persons = static_cast<int64_t>(persons_.size());
    if (with_values_) {
      found.channels = columns_.channels;
      clip.keypoints = place(values_, joints_ * columns_.channels, first);
      if (!columns_.scores.empty()) clip.scores = place(scores_, joints_, first);
    }
    rows_.clear();
    places_.clear();
    persons_.clear();
    values_.clear();
    scores_.clear();
  }

  /// Rows of `width` values as (M, T, width).
  std::vector<double> place(const std::vector<double>& values, int64_t width, int64_t first) const {
    const Clip& clip = clips_.back().clip;
    std::vector<double> placed(static_cast<size_t>(clip.num_persons * clip.num_frames * width));
    for (size_t i = 0; i < rows_.size(); ++i) {
      const int64_t to =
          static_cast<int64_t>(rows_[i].person) * clip.num_frames + rows_[i].frame - first;
      std::copy_n(values.begin() + static_cast<int64_t>(i) * width, width,
                  placed.begin() + to * width);
    }
    return placed;
  }

  CsvReader reader_;
  std::string file_id_;
  KeypointColumns columns_;
  int64_t joints_;
  bool with_values_;
  std::vector<OwnClip> clips_;
  std::unordered_set<std::string> ids_;
  std::vector<std::string> first_fields_;
  // Of the clip that is being read:
  std::vector<Row> rows_;
  std::set<std::pair<int64_t, size_t>> places_;
  std::unordered_map<std::string, size_t> persons_;  // in the order of their first rows
  std::vector<double> values_, scores_;
};

}  // namespace

std::vector<OwnClip> read_keypoint_csv(const std::filesystem::path& path, const std::string& id,
                                       const Skeleton& skeleton,
                                       const std::vector<std::string>& ignore, bool with_values) {
  return KeypointCsvParser(path, id, skeleton, ignore, with_values).parse();
}

}  // namespace kinegraph
