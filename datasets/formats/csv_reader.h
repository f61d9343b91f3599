// CSV files (RFC 4180): fields between commas, quoted where needed, the first row names the
// columns.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kinegraph {

/// Reads row by row. Every fault is a DataError with file and line.
///
///   CsvReader reader(path, "clip, frame and joints", "Export the file again.");
///   while (reader.next()) use(reader.text(0), reader.number(1));
class CsvReader {
 public:
  /// Reads the text and the header. Throws DataError also for two columns of one name.
  CsvReader(std::filesystem::path path, std::string expected, std::string remedy,
            size_t max_bytes = size_t{4} << 30);

  const std::vector<std::string>& header() const { return header_; }
  std::optional<size_t> find_column(std::string_view name) const;

  /// Goes on to the next row that is not blank; false after the last one.
  bool next();

  /// The fields of the row, valid until next().
  std::string_view text(size_t column) const { return fields_[column]; }
  /// NaN for an empty field.
  double number(size_t column) const;
  /// Not negative.
  int64_t count(size_t column) const;

  [[noreturn]] void fail(const std::string& found) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  bool read_row();
  std::string_view read_quoted();
  void skip_line_end();
  [[noreturn]] void fail_value(size_t column, const std::string& wanted) const;

  std::filesystem::path path_;
  std::string expected_, remedy_, text_;
  size_t position_ = 0;
  int64_t line_ = 0, next_line_ = 1;
  std::vector<std::string> header_;
  std::unordered_map<std::string, size_t> columns_;  // those of the header
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // fields with doubled quotes, which text_ has not as they are
};

}  // namespace kinegraph
