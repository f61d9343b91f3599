// JSON files read on demand: numbers go straight from the text into the arrays of a clip.
#pragma once

#include <simdjson.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

using JsonArray = simdjson::ondemand::array;
using JsonDocument = simdjson::ondemand::document;
using JsonObject = simdjson::ondemand::object;
using JsonValue = simdjson::ondemand::value;

/// The byte, from 0, where a text stops being JSON: for the messages of parsers that do not tell.
/// Nothing for JSON.
std::optional<size_t> find_json_fault(std::string_view text);

/// One JSON file. Every fault becomes a DataError with the file, the byte (the first is 0), and the
/// two texts given here. Values must be taken in the order in which they stand.
///
///   JsonReader reader(path, "{\"frames\": [...]}", "Download the file again.");
///   reader.read([&](JsonDocument& document) {
///     for (auto field : document.get_object()) {
///       const std::string_view key = field.unescaped_key();
///       if (key == "frames") reader.append_numbers(field.value().get_array(), &numbers);
///     }
///   });
class JsonReader {
 public:
  /// Reads the text. Throws DataError for a file that is missing or above `max_bytes`.
  JsonReader(std::filesystem::path path, std::string expected, std::string remedy,
             size_t max_bytes = size_t{1} << 30);
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Calls visit(JsonDocument&), which must take the whole value. May be called again.
  template <class Visit>
  void read(const Visit& visit) {
    start();
    try {
      visit(document_);
      require_end();
    } catch (const simdjson::simdjson_error& error) {
      fail(error);
    }
  }

  /// Appends an array of numbers and returns how many there were.
  int64_t append_numbers(JsonArray array, std::vector<double>* numbers);

  /// Throws DataError at the value that comes next.
  [[noreturn]] void fail(const std::string& found);

  const std::filesystem::path& path() const { return path_; }

 private:
  void start();
  void require_end();
  [[noreturn]] void fail(const simdjson::simdjson_error& error);
  [[noreturn]] void fail_at(size_t byte, const std::string& found) const;
  size_t position();

  std::filesystem::path path_;
  std::string expected_, remedy_, text_;
  simdjson::ondemand::parser parser_;
  JsonDocument document_;
};

}  // namespace kinegraph
