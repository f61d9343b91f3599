#include "framework/run/state_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/config/options.h"
#include "framework/config/yaml.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// A piece of a pattern: text, or a placeholder with an offset.
struct Piece {
  std::string text, placeholder;
  int64_t offset = 0;
};

std::vector<Piece> pieces_of(const std::string& pattern) {
  static const std::regex kPlaceholder("<([a-z]+)([+-][0-9]+)?>");
  std::vector<Piece> pieces;
  auto rest = pattern.cbegin();
  for (std::sregex_iterator it(pattern.begin(), pattern.end(), kPlaceholder), end; it != end;
       ++it) {
    pieces.push_back({std::string(rest, (*it)[0].first), "", 0});
    pieces.push_back({"", (*it)[1], (*it)[2].matched ? std::stoll((*it)[2]) : 0});
    rest = (*it)[0].second;
  }
  pieces.push_back({std::string(rest, pattern.cend()), "", 0});
  return pieces;
}

bool is_number(const std::string& placeholder) { return placeholder.size() == 1; }

std::string escaped(const std::string& text) {
  static const std::regex kSpecial(R"([.^$|()\[\]{}*+?\\])");
  return std::regex_replace(text, kSpecial, R"(\$&)");
}

/// Values of the placeholders of `pattern` in `name`.
std::optional<std::map<std::string, std::string>> match(const std::string& name,
                                                        const std::string& pattern) {
  const auto pieces = pieces_of(pattern);
  std::string expression;
  for (const auto& piece : pieces)
    expression += piece.placeholder.empty()      ? escaped(piece.text)
                  : is_number(piece.placeholder) ? "([0-9]{1,9})"
                  : piece.placeholder == "rest"  ? "(.*)"
                                                 : "([^.]+?)";
  std::smatch found;
  if (!std::regex_match(name, found, std::regex(expression))) return std::nullopt;
  std::map<std::string, std::string> values;
  size_t group = 1;
  for (const auto& piece : pieces) {
    if (piece.placeholder.empty()) continue;
    const std::string text = found[group++];
    values[piece.placeholder] =
        is_number(piece.placeholder) ? std::to_string(std::stoll(text) - piece.offset) : text;
  }
  return values;
}

std::string format(const std::string& pattern, const std::map<std::string, std::string>& values) {
  std::string name;
  for (const auto& piece : pieces_of(pattern)) {
    name += piece.text;
    if (piece.placeholder.empty()) continue;
    const auto& value = values.at(piece.placeholder);
    name += is_number(piece.placeholder) ? std::to_string(std::stoll(value) + piece.offset) : value;
  }
  return name;
}

/// models/dialects/<source>.yaml: our backbone -> rules.
struct DialectFile {
  NamedList<std::vector<DialectRule>> backbones;

  template <class Fields>
  void describe(Fields& field) {
    field("backbones", backbones, "our backbone -> rules", Required{});
  }
};

fs::path folder() { return resource_dir() / "models" / "dialects"; }

DialectFile read_dialects(const fs::path& path) {
  Diagnostics diagnostics;
  DialectFile file;
  read_options(read_yaml(path, diagnostics), file, "dialect", diagnostics);
  diagnostics.throw_if_any();
  return file;
}

std::vector<std::string> all_sources() {
  std::vector<std::string> sources;
  for (const auto& entry : fs::directory_iterator(folder()))
    if (entry.path().extension() == ".yaml") sources.push_back(entry.path().stem());
  std::sort(sources.begin(), sources.end());
  return sources;
}

}  // namespace

std::optional<std::string> translate_name(const std::string& name, const std::string& from,
                                          const std::string& to) {
  const auto values = match(name, from);
  if (!values) return std::nullopt;
  return format(to, *values);
}

StateDialect StateDialect::load(const std::string& source, const std::string& backbone) {
  const auto sources = all_sources();
  if (std::find(sources.begin(), sources.end(), source) == sources.end())
    throw ConfigError(fmt::format("no dialect '{}'{}\n  dialects: {}", source,
                                  near_name_hint(source, sources), join(sources)));
  for (auto& [name, rules] : read_dialects(folder() / (source + ".yaml")).backbones)
    if (name == backbone) return StateDialect(std::move(rules));
  throw ConfigError(fmt::format("the dialect '{}' has no backbone '{}'\n  it is known to: {}",
                                source, backbone, join(sources_of(backbone))));
}

std::vector<std::string> StateDialect::sources_of(const std::string& backbone) {
  std::vector<std::string> sources;
  for (const auto& source : all_sources())
    for (const auto& [name, rules] : read_dialects(folder() / (source + ".yaml")).backbones)
      if (name == backbone) sources.push_back(source);
  return sources;
}

std::optional<TranslatedName> StateDialect::to_ours(const std::string& theirs) const {
  for (const auto& rule : rules_)
    if (const auto key = translate_name(theirs, rule.theirs, rule.ours))
      return TranslatedName{*key, rule.is_constant, rule.trailing_ones};
  return std::nullopt;
}

std::optional<TranslatedName> StateDialect::to_theirs(const std::string& ours) const {
  for (const auto& rule : rules_) {
    if (rule.is_constant) continue;
    if (const auto key = translate_name(ours, rule.ours, rule.theirs))
      return TranslatedName{*key, false, rule.trailing_ones};
  }
  return std::nullopt;
}

}  // namespace kinegraph
