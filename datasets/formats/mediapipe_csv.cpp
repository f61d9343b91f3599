#include "datasets/formats/mediapipe_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "datasets/formats/csv_reader.h"

namespace kinegraph {
namespace {

constexpr int64_t kLandmarks = 33;

class MediaPipeCsvParser {
 public:
  explicit MediaPipeCsvParser(const std::filesystem::path& path)
      : reader_(path, "33 x (x, y, z, visibility) a row, and at most one other column: the class",
                "Is this MediaPipe's pose?") {
    find_columns();
  }

  MediaPipeCsv parse() {
    Clip& clip = result_.clip;
    clip.id = reader_.path().stem().string();
    while (reader_.next()) {
      read_label();
      read_values();
      ++clip.num_frames;
    }
    return std::move(result_);
  }

 private:
  static bool is_landmark(const std::string& name) {
    const size_t digits = name.find_first_of("xyzv") == 0 ? 1 : 0;
    return name.size() > digits &&
           std::all_of(name.begin() + static_cast<int64_t>(digits), name.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
  }

  void find_columns() {
    for (size_t i = 0; i < reader_.header().size(); ++i)
      (is_landmark(reader_.header()[i]) ? values_ : others_).push_back(i);
    const auto count = static_cast<int64_t>(values_.size());
    per_landmark_ = count / kLandmarks;
    if (count % kLandmarks != 0 || per_landmark_ < 2 || per_landmark_ > 4)
      reader_.fail(fmt::format("{} columns of landmarks", count));
    if (others_.size() > 1)
      reader_.fail(fmt::format("the columns '{}' and '{}'", reader_.header()[others_[0]],
                               reader_.header()[others_[1]]));
    for (size_t i = 0; i < values_.size(); ++i) {
      const char letter = reader_.header()[values_[i]][0];
      const char wanted = "xyzv"[i % static_cast<size_t>(per_landmark_)];
      if (letter >= 'v' && letter != wanted)
        reader_.fail(
            fmt::format("column '{}' in the place of a {}", reader_.header()[values_[i]], wanted));
    }
  }

  void read_label() {
    if (others_.empty()) return;
    const std::string label(reader_.text(others_[0]));
    if (result_.clip.num_frames == 0) result_.label = label;
    if (label != result_.label)
      reader_.fail(fmt::format("class '{}' after '{}'", label, result_.label));
  }

  void read_values() {
    Clip& clip = result_.clip;
    row_.clear();
    for (const size_t column : values_) row_.push_back(reader_.number(column));
    const bool is_empty =
        std::all_of(row_.begin(), row_.end(), [](double value) { return std::isnan(value); });
    clip.frame_persons.push_back(is_empty ? 0 : 1);
    if (is_empty) return;
    result_.channels = std::min<int64_t>(per_landmark_, 3);
    for (size_t i = 0; i < row_.size(); ++i) {
      const bool is_visibility = static_cast<int64_t>(i) % per_landmark_ == 3;
      (is_visibility ? clip.scores : clip.keypoints).push_back(row_[i]);
    }
  }

  CsvReader reader_;
  std::vector<size_t> values_, others_;
  int64_t per_landmark_ = 0;
  std::vector<double> row_;
  MediaPipeCsv result_;
};

}  // namespace

MediaPipeCsv read_mediapipe_csv(const std::filesystem::path& path) {
  return MediaPipeCsvParser(path).parse();
}

}  // namespace kinegraph
