#include "datasets/formats/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/file.h"

namespace kinegraph {

std::optional<size_t> find_json_fault(std::string_view text) {
  // Nothing is kept of what is read.
  const auto discard = [](int, nlohmann::json::parse_event_t, nlohmann::json&) { return false; };
  try {
    [[maybe_unused]] const auto nothing = nlohmann::json::parse(text, discard);
    return std::nullopt;
  } catch (const nlohmann::json::parse_error& error) {
    return error.byte - std::min<size_t>(error.byte, 1);
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;  // a number beyond double
  }
}

JsonReader::JsonReader(std::filesystem::path path, std::string expected, std::string remedy,
                       size_t max_bytes)
    : path_(std::move(path)),
      expected_(std::move(expected)),
      remedy_(std::move(remedy)),
      text_(read_file(path_, max_bytes)) {
  text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
}

int64_t JsonReader::append_numbers(JsonArray array, std::vector<double>* numbers) {
  const size_t before = numbers->size();
  for (auto number : array) numbers->push_back(number.get_double());
  return static_cast<int64_t>(numbers->size() - before);
}

void JsonReader::fail(const std::string& found) { fail_at(position(), found); }

void JsonReader::start() {
  const simdjson::padded_string_view view(text_.data(), text_.size(), text_.capacity());
  const auto error = parser_.iterate(view).get(document_);
  if (!error) return;
  const std::string found = fmt::format("not valid JSON ({})", simdjson::error_message(error));
  const auto byte = text_.empty() ? std::nullopt : find_json_fault(text_);
  if (byte) fail_at(*byte, found);
  throw DataError(Fault{path_.string(), found, expected_, remedy_});
}

void JsonReader::require_end() {
  const char* next = nullptr;
  const bool is_at_end = document_.current_location().get(next) == simdjson::OUT_OF_BOUNDS;
  if (!is_at_end) fail("more text after the end of the value");
}

void JsonReader::fail(const simdjson::simdjson_error& error) {
  const auto code = error.error();
  if (code == simdjson::INCORRECT_TYPE) fail("a value of another type");
  const std::string found = fmt::format("not valid JSON ({})", simdjson::error_message(code));
  if (code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) fail_at(text_.size(), found);
  fail(found);
}

void JsonReader::fail_at(size_t byte, const std::string& found) const {
  throw DataError(
      Fault{fmt::format("{}, byte {}", path_.string(), byte), found, expected_, remedy_});
}

size_t JsonReader::position() {
  const char* location = nullptr;
  if (document_.current_location().get(location)) return text_.size();
  return static_cast<size_t>(location - text_.data());
}

}  // namespace kinegraph
