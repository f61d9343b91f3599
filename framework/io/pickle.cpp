#include "framework/io/pickle.h"

#include <fmt/format.h>

#include <array>

#include "framework/io/pickle_cursor.h"

namespace kinegraph::pickle {

const std::string* text_of(const Value& value) {
  if (const auto* text = value.get<std::string>()) return text;
  if (const auto* bytes = value.get<Bytes>()) return &bytes->data;
  return nullptr;
}

bool copy_bytes(const Value& value, std::string& bytes) {
  if (const auto* copied = value.get<Bytes>()) {
    bytes = copied->data;
    return true;
  }
  const auto* view = value.get<View>();
  if (!view || view->kind == View::Kind::text) return false;
  bytes.clear();
  if (view->kind == View::Kind::latin1) return utf8_to_latin1(view->data, bytes);
  bytes = view->data;
  return true;
}

Ref find(const Dict& dict, std::string_view key) {
  for (auto entry = dict.entries.rbegin(); entry != dict.entries.rend(); ++entry) {
    const std::string* text = text_of(*entry->first);
    if (text && *text == key) return entry->second;
  }
  return nullptr;
}

std::string class_path(const Value& value) {
  if (const auto* global = value.get<Global>()) return global->path;
  const auto* object = value.get<Object>();
  const auto* callee = object ? object->callee->get<Global>() : nullptr;
  return callee ? callee->path : "";
}

std::string describe_kind(const Value& value) {
  static constexpr std::array<const char*, std::variant_size_v<decltype(Value::data)>> kNames = {
      "None",          "a bool",     "an integer",   "a number",        "text",
      "a big integer", "bytes",      "a list",       "a tuple",         "a set",
      "a dict",        "the global", "an object of", "a persistent id", "long data"};
  const std::string path = class_path(value);
  const std::string name = kNames[value.data.index()];
  if (value.get<Object>() && path.empty()) return "an object";
  return path.empty() ? name : fmt::format("{} {}", name, printable(path));
}

std::string printable(std::string_view text) {
  constexpr size_t kMaxBytes = 60;
  std::string result = "'";
  for (const char c : text.substr(0, kMaxBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte > 126)
      result += fmt::format("\\x{:02x}", byte);
    else
      result += c;
  }
  return result + (text.size() > kMaxBytes ? "...'" : "'");
}

}  // namespace kinegraph::pickle
