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

struct Pattern {
  std::vector<Piece> pieces;
  std::regex expression;
};

/// Compiled once: every name of a state meets every pattern of a dialect.
const Pattern& compiled(const std::string& pattern) {
  thread_local std::map<std::string, Pattern> patterns;
  const auto [entry, is_new] = patterns.try_emplace(pattern);
  if (!is_new) return entry->second;
  std::string expression;
  entry->second.pieces = pieces_of(pattern);
  for (const auto& piece : entry->second.pieces)
    expression += piece.placeholder.empty()      ? escaped(piece.text)
                  : is_number(piece.placeholder) ? "([0-9]{1,9})"
                  : piece.placeholder == "rest"  ? "(.*)"
                                                 : "([^.]+?)";
  entry->second.expression = std::regex(expression);
  return entry->second;
}

/// std::regex needs stack for every character, and a hostile file may have names of any length.
constexpr size_t kMaxName = 1000;

using Placeholders = std::map<std::string, std::string>;

/// Values of the placeholders of `pattern` in `name`.
std::optional<Placeholders> match(const std::string& name, const std::string& pattern) {
  if (name.size() > kMaxName) return std::nullopt;
  const Pattern& parts = compiled(pattern);
  std::smatch found;
  if (!std::regex_match(name, found, parts.expression)) return std::nullopt;
  Placeholders values;
  size_t group = 1;
  for (const auto& piece : parts.pieces) {
    if (piece.placeholder.empty()) continue;
    const std::string text = found[group++];
    values[piece.placeholder] =
        is_number(piece.placeholder) ? std::to_string(std::stoll(text) - piece.offset) : text;
  }
  return values;
}

std::string format(const std::string& pattern, const Placeholders& values) {
  std::string name;
  for (const auto& piece : compiled(pattern).pieces) {
    name += piece.text;
    if (piece.placeholder.empty()) continue;
    const auto& value = values.at(piece.placeholder);
    name += is_number(piece.placeholder) ? std::to_string(std::stoll(value) + piece.offset) : value;
  }
  return name;
}

/// models/dialects/<source>.yaml: our backbone -> rules.
struct DialectFile {
  bool is_wrapped = false;
  NamedList<Node> forms;
  NamedList<std::vector<DialectRule>> backbones;

  template <class Fields>
  void describe(Fields& field) {
    field("wrapped", is_wrapped, "their files hold {meta, state_dict}; false: the bare state");
    field("forms", forms, "our backbone -> options under which it computes what theirs does");
    field("backbones", backbones, "our backbone -> rules", Required{});
  }
};

constexpr const char* kOwnSource = "kinegraph";

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

StateDialect StateDialect::own() {
  DialectForm form;
  form.source = kOwnSource;
  form.rules.push_back({"<rest>", "<rest>"});
  return StateDialect(std::move(form));
}

StateDialect StateDialect::load(const std::string& source, const std::string& backbone) {
  if (source == kOwnSource) return own();
  const auto sources = all_sources();
  if (std::find(sources.begin(), sources.end(), source) == sources.end())
    throw ConfigError(fmt::format("no dialect '{}'{}\n  dialects: {}", source,
                                  near_name_hint(source, sources), join(sources)));
  DialectFile file = read_dialects(folder() / (source + ".yaml"));
  DialectForm form;
  form.source = source;
  form.is_wrapped = file.is_wrapped;
  for (auto& [name, options] : file.forms)
    if (name == backbone) form.options = std::move(options);
  for (auto& [name, rules] : file.backbones) {
    if (name != backbone) continue;
    form.rules = std::move(rules);
    return StateDialect(std::move(form));
  }
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
  for (const auto& rule : form_.rules)
    if (const auto key = translate_name(theirs, rule.theirs, rule.ours))
      return TranslatedName{*key, rule.is_constant, rule.trailing_ones};
  return std::nullopt;
}

std::optional<TranslatedName> StateDialect::to_theirs(const std::string& ours) const {
  for (const auto& rule : form_.rules) {
    const auto values = match(ours, rule.ours);
    if (!values) continue;
    if (rule.is_constant) return std::nullopt;
    return TranslatedName{format(rule.theirs, *values), false, rule.trailing_ones,
                          format(rule.before, *values)};
  }
  return std::nullopt;
}

bool StateDialect::is_constant(const std::string& ours) const {
  for (const auto& rule : form_.rules)
    if (match(ours, rule.ours)) return rule.is_constant;
  return false;
}

ConstantNeighbours StateDialect::constants_around(const std::string& theirs) const {
  ConstantNeighbours found;
  for (const auto& rule : form_.rules) {
    if (!rule.is_constant) continue;
    const auto before = rule.before.empty() ? std::nullopt : match(theirs, rule.before);
    if (before) found.before.emplace_back(format(rule.theirs, *before), format(rule.ours, *before));
    const auto after = rule.after.empty() ? std::nullopt : match(theirs, rule.after);
    if (after) found.after.emplace_back(format(rule.theirs, *after), format(rule.ours, *after));
  }
  return found;
}

void StateDialect::require_form(const Node& backbone) const {
  for (const auto& required : form_.options.entries) {
    const Node* given = backbone.find(required.key);
    if (given && given->scalar == required.value.scalar) continue;
    throw ConfigError(Fault{fmt::format("model.backbone.{}", required.key),
                            given ? given->description() : "null",
                            fmt::format("'{}', with which the model computes what that of {} does",
                                        required.value.scalar, source()),
                            fmt::format("Names and shapes would agree, the results would not. Set "
                                        "model.backbone.{}={}.",
                                        required.key, required.value.scalar)});
  }
}

}  // namespace kinegraph
