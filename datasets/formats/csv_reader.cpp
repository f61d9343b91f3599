#include "datasets/formats/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "framework/base/error.h"
#include "framework/base/file.h"

namespace kinegraph {
namespace {

constexpr size_t kMostColumns = 100'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <class T>
bool parse_whole(std::string_view text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

CsvReader::CsvReader(std::filesystem::path path, std::string expected, std::string remedy,
                     size_t max_bytes)
    : path_(std::move(path)),
      expected_(std::move(expected)),
      remedy_(std::move(remedy)),
      text_(read_file(path_, max_bytes)) {
  if (text_.rfind("\xEF\xBB\xBF", 0) == 0) position_ = 3;  // the byte order mark of spreadsheets
  if (!read_row()) fail("an empty file");
  for (const auto field : fields_) {
    const auto name = trimmed(field);
    if (!columns_.emplace(name, header_.size()).second) fail(fmt::format("two columns '{}'", name));
    header_.emplace_back(name);
  }
}

std::optional<size_t> CsvReader::find_column(std::string_view name) const {
  const auto found = columns_.find(std::string(name));
  if (found == columns_.end()) return {};
  return found->second;
}

bool CsvReader::next() {
  if (!read_row()) return false;
  if (fields_.size() != header_.size())
    fail(fmt::format("{} fields where the header has {}", fields_.size(), header_.size()));
  return true;
}

double CsvReader::number(size_t column) const {
  const std::string_view field = trimmed(fields_[column]);
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  if (!parse_whole(field, &value)) fail_value(column, "a number");
  return value;
}

int64_t CsvReader::count(size_t column) const {
  int64_t value = 0;
  if (!parse_whole(trimmed(fields_[column]), &value) || value < 0)
    fail_value(column, "a whole number, 0 or more");
  return value;
}

void CsvReader::fail(const std::string& found) const {
  throw DataError(
      Fault{fmt::format("{}, line {}", path_.string(), line_), found, expected_, remedy_});
}

void CsvReader::fail_value(size_t column, const std::string& wanted) const {
  throw DataError(
      Fault{fmt::format("{}, line {}, column '{}'", path_.string(), line_, header_[column]),
            fmt::format("'{}'", fields_[column]), wanted, remedy_});
}

/// Fills fields_ from the next line that is not blank.
bool CsvReader::read_row() {
  fields_.clear();
  unquoted_.clear();
  for (;; skip_line_end()) {
    if (position_ >= text_.size()) return false;
    if (text_[position_] != '\n' && text_[position_] != '\r') break;
  }
  line_ = next_line_;
  for (;; ++position_) {
    if (position_ < text_.size() && text_[position_] == '"') {
      fields_.push_back(read_quoted());
    } else {
      const size_t end = std::min(text_.find_first_of(",\r\n", position_), text_.size());
      fields_.push_back(std::string_view(text_).substr(position_, end - position_));
      position_ = end;
    }
    if (fields_.size() > kMostColumns) fail(fmt::format("more than {} columns", kMostColumns));
    if (position_ >= text_.size() || text_[position_] != ',') break;
  }
  if (position_ < text_.size() && text_[position_] != '\n' && text_[position_] != '\r')
    fail(fmt::format("text after the closing quote of field {}", fields_.size()));
  skip_line_end();
  return true;
}

std::string_view CsvReader::read_quoted() {
  std::string content;
  for (size_t begin = position_ + 1;;) {
    const size_t quote = text_.find('"', begin);
    if (quote == std::string::npos)
      fail(fmt::format("no closing quote of field {}", fields_.size() + 1));
    content.append(text_, begin, quote - begin);
    position_ = quote + 1;
    if (position_ >= text_.size() || text_[position_] != '"') break;
    content += '"';
    begin = position_ + 1;
  }
  next_line_ += std::count(content.begin(), content.end(), '\n');
  return unquoted_.emplace_back(std::move(content));
}

void CsvReader::skip_line_end() {
  if (position_ < text_.size() && text_[position_] == '\r') ++position_;
  if (position_ < text_.size() && text_[position_] == '\n') ++position_;
  ++next_line_;
}

}  // namespace kinegraph
