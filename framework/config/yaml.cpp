#include "framework/config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "framework/base/error.h"
#include "framework/base/file.h"

namespace kinegraph {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kMaxBytes = 16 << 20;

/// 012, -007: octal in some programs.
bool has_leading_zero(const std::string& text) {
  const size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return text.size() > sign + 1 && text[sign] == '0' &&
         std::all_of(text.begin() + static_cast<long>(sign), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

Location mark_location(const std::string& source, const YAML::Mark& mark) {
  if (mark.is_null()) return {source, 0, 0};
  return {source, mark.line + 1, mark.column + 1};
}

class TreeBuilder {
 public:
  TreeBuilder(std::string source, Diagnostics& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  Node build(const YAML::Node& yaml, int depth = 0) {
    const Location here = mark_location(source_, yaml.Mark());
    if (depth > kMaxDepth || ++count_ > 1'000'000)
      throw ConfigError(here.text() + ": nested too deeply or too large (aliases that multiply?)");
    check_tag(yaml, here);
    switch (yaml.Type()) {
      case YAML::NodeType::Scalar:
        return build_scalar(yaml, here);
      case YAML::NodeType::Sequence: {
        Node list = Node::make_list(here);
        for (const auto& item : yaml) list.items.push_back(build(item, depth + 1));
        return list;
      }
      case YAML::NodeType::Map:
        return build_map(yaml, here, depth);
      default: {
        Node null;
        null.location = here;
        return null;
      }
    }
  }

 private:
  void check_tag(const YAML::Node& yaml, const Location& here) {
    // yaml-cpp tags quoted scalars "!" and other untagged nodes "?", and spells `!!` out.
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    std::string tag = yaml.Tag();
    if (tag.empty() || tag == "?" || tag == "!") return;
    if (tag.compare(0, kCore.size(), kCore) == 0) tag.replace(0, kCore.size(), "!!");
    diagnostics_.error(here, fmt::format("tags are not supported, found '{}'", tag));
  }

  Node build_scalar(const YAML::Node& yaml, const Location& here) {
    const bool is_quoted = yaml.Tag() == "!";
    const std::string& text = yaml.Scalar();
    if (!is_quoted && has_leading_zero(text))
      diagnostics_.error(here, fmt::format("'{}' reads as octal in some programs; write it without "
                                           "the leading zero, or quoted if it is text",
                                           text));
    return Node::make_scalar(text, here, is_quoted);
  }

  Node build_map(const YAML::Node& yaml, const Location& here, int depth) {
    Node map = Node::make_map(here);
    std::unordered_map<std::string, Location> places;  // of keys; `map` has no quick search
    for (const auto& pair : yaml) {
      const Location key_location = mark_location(source_, pair.first.Mark());
      if (!pair.first.IsScalar()) {
        diagnostics_.error(key_location, "a key must be plain text");
        continue;
      }
      const std::string& key = pair.first.Scalar();
      check_tag(pair.first, key_location);
      if (key == "<<") {
        diagnostics_.error(key_location, "merge keys (<<) are not supported; use 'base:'");
        continue;
      }
      const auto [first, is_new] = places.emplace(key, key_location);
      if (!is_new)
        diagnostics_.error(key_location, fmt::format("duplicate key '{}', first at {}", key,
                                                     first->second.text()));
      else
        map.entries.push_back({key, key_location, build(pair.second, depth + 1)});
    }
    return map;
  }

  std::string source_;
  Diagnostics& diagnostics_;
  int64_t count_ = 0;
};

bool needs_quotes(const Node& node) {
  if (node.is_quoted || node.scalar.empty() || has_leading_zero(node.scalar)) return true;
  static const std::set<std::string> kSpecial{"null", "~", "Null", "NULL"};
  if (kSpecial.count(node.scalar)) return true;
  const std::string& text = node.scalar;
  if (text.front() == ' ' || text.back() == ' ' || text.find(": ") != std::string::npos ||
      text.find(" #") != std::string::npos || text.back() == ':' ||
      text.find_first_of(",?[]{}\x7f") != std::string::npos || text == "---" || text == "..." ||
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < 0x20; }))
    return true;
  if (std::string("-?:,[]{}#&*!|>'\"%@`").find(text.front()) != std::string::npos)
    return !(text.front() == '-' && text.size() > 1 && text[1] != ' ');
  return false;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + "\"";
}

/// An override may hold a line break, which would end the comment.
std::string comment(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c < 0x20; }, ' ');
  return text;
}

std::string inline_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return needs_quotes(node) ? quoted(node.scalar) : node.scalar;
    case Node::Kind::kList: {
      std::string text;
      for (const auto& item : node.items) text += (text.empty() ? "" : ", ") + inline_text(item);
      return "[" + text + "]";
    }
    case Node::Kind::kMap:
      return "{}";
  }
  return "";
}

bool fits_inline(const Node& node) {
  if (node.is_map()) return node.entries.empty();
  if (!node.is_list()) return true;
  return std::none_of(node.items.begin(), node.items.end(),
                      [](const Node& item) { return item.is_map() || !fits_inline(item); });
}

void dump(const Node& node, int indent, bool with_origins, std::string& out);

void dump_value(const Node& value, int indent, bool with_origins, std::string& out) {
  if (fits_inline(value)) {
    out += " " + inline_text(value);
    if (with_origins) out += "  # " + comment(value.location.text());
    out += "\n";
  } else {
    out += "\n";
    dump(value, indent + 2, with_origins, out);
  }
}

void dump(const Node& node, int indent, bool with_origins, std::string& out) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  for (const auto& entry : node.entries) {
    out += margin + inline_text(Node::make_scalar(entry.key, {})) + ":";
    dump_value(entry.value, indent, with_origins, out);
  }
  for (const auto& item : node.items) {
    if (fits_inline(item)) {
      out += margin + "-";
      dump_value(item, indent, with_origins, out);
      continue;
    }
    std::string block;
    dump(item, indent + 2, with_origins, block);
    out += margin + "- " + block.substr(static_cast<size_t>(indent) + 2);
  }
}

}  // namespace

Node parse_yaml(const std::string& text, const std::string& source, Diagnostics& diagnostics) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      diagnostics.error(mark_location(source, documents[1].Mark()),
                        "a second document; expected one a file");
    return TreeBuilder(source, diagnostics).build(documents.empty() ? YAML::Node() : documents[0]);
  } catch (const YAML::DeepRecursion& error) {
    throw ConfigError(mark_location(source, error.mark).text() + ": nested too deeply");
  } catch (const YAML::Exception& error) {
    throw ConfigError(mark_location(source, error.mark).text() + ": not valid YAML: " + error.msg);
  }
}

Node read_yaml(const std::filesystem::path& path, Diagnostics& diagnostics) {
  Node node = parse_yaml(read_file(path, kMaxBytes), path.string(), diagnostics);
  if (node.is_null()) return Node::make_map({path.string(), 0, 0});
  return node;
}

std::string dump_yaml(const Node& node, bool with_origins) {
  std::string out;
  if (fits_inline(node)) return inline_text(node) + "\n";
  dump(node, 0, with_origins, out);
  return out;
}

}  // namespace kinegraph
