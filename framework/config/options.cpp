#include "framework/config/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "framework/base/text.h"
#include "framework/config/yaml.h"

namespace kinegraph {
namespace {

bool report_type(const Node& node, const std::string& expected, Diagnostics& diagnostics) {
  diagnostics.error(node.location,
                    fmt::format("expected {}, found {}", expected, node.description()));
  return false;
}

template <class T>
bool parse_number(const Node& node, T& value) {
  if (!node.is_scalar() || node.is_quoted) return false;
  const char* begin = node.scalar.data();
  const char* end = begin + node.scalar.size();
  if (end - begin > 1 && begin[0] == '+' && begin[1] != '-') ++begin;
  const auto result = std::from_chars(begin, end, value);
  return result.ec == std::errc() && result.ptr == end;
}

Node scalar(std::string text, const Node* given, bool is_quoted = false) {
  return Node::make_scalar(std::move(text), options_detail::origin(given), is_quoted);
}

std::string number_text(double value) {
  return fmt::format("{}", value);  // the shortest text that reads back exactly
}

}  // namespace

bool Codec<bool>::read(const Node& node, bool& value, Diagnostics& diagnostics) {
  if (!node.is_scalar() || node.is_quoted || (node.scalar != "true" && node.scalar != "false"))
    return report_type(node, "true or false", diagnostics);
  value = node.scalar == "true";
  return true;
}

Node Codec<bool>::write(const bool& value, const Node* given) {
  return scalar(value ? "true" : "false", given);
}

bool Codec<int64_t>::read(const Node& node, int64_t& value, Diagnostics& diagnostics) {
  return parse_number(node, value) || report_type(node, "an integer", diagnostics);
}

Node Codec<int64_t>::write(const int64_t& value, const Node* given) {
  return scalar(std::to_string(value), given);
}

bool Codec<double>::read(const Node& node, double& value, Diagnostics& diagnostics) {
  if (!parse_number(node, value) || !std::isfinite(value))
    return report_type(node, "a number", diagnostics);
  return true;
}

Node Codec<double>::write(const double& value, const Node* given) {
  return scalar(number_text(value), given);
}

bool Codec<std::string>::read(const Node& node, std::string& value, Diagnostics& diagnostics) {
  if (!node.is_scalar()) return report_type(node, "text", diagnostics);
  value = node.scalar;
  return true;
}

Node Codec<std::string>::write(const std::string& value, const Node* given) {
  return scalar(value, given, given && given->is_quoted);
}

namespace options_detail {

Location origin(const Node* given) { return given ? given->location : Location{"default", 0, 0}; }

bool expect_list(const Node& node, const std::string& item_type, Diagnostics& diagnostics) {
  return node.is_list() || report_type(node, "a list of " + item_type, diagnostics);
}

bool expect_map(const Node& node, const std::string& what, Diagnostics& diagnostics) {
  return node.is_map() || report_type(node, "a map (" + what + ")", diagnostics);
}

std::string text(const Range& range) {
  if (std::isinf(range.high)) return std::isinf(range.low) ? "" : fmt::format(">= {}", range.low);
  if (std::isinf(range.low)) return fmt::format("<= {}", range.high);
  return fmt::format("{}..{}", range.low, range.high);
}

void check(const Node& node, const std::string& name, double value, const Range& range,
           Diagnostics& diagnostics) {
  if (value < range.low || value > range.high)
    diagnostics.error(node.location,
                      fmt::format("'{}' is {}; expected {}", name, value, text(range)));
}

void check(const Node& node, const std::string& name, const std::string& value, const OneOf& names,
           Diagnostics& diagnostics) {
  for (const auto& known : names.values)
    if (value == known) return;
  diagnostics.error(node.location,
                    fmt::format("'{}' is '{}'{}\n  expected one of: {}", name, value,
                                near_name_hint(value, names.values), join(names.values)));
}

std::string one_line(const Node& node) {
  if (node.is_null()) return "null";
  std::string text = dump_yaml(node);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.find('\n') == std::string::npos ? text : "...";
}

void report_missing(const Node& map, const std::string& name, const std::string& what,
                    Diagnostics& diagnostics) {
  diagnostics.error(map.location, fmt::format("missing key '{}' in {}", name, what));
}

void report_unknown(const Node& map, const std::vector<std::string>& known,
                    const std::vector<std::string>& reserved, const std::string& what,
                    Diagnostics& diagnostics) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& entry : map.entries) {
    if (!has(known, entry.key) && !has(reserved, entry.key))
      diagnostics.error(
          entry.key_location,
          fmt::format("unknown key '{}' in {}{}\n  known keys: {}", entry.key, what,
                      near_name_hint(entry.key, known), known.empty() ? "none" : join(known)));
  }
}

}  // namespace options_detail
}  // namespace kinegraph
