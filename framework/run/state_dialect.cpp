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
  NamedList<NamedList<Node>> forms;
  NamedList<std::vector<std::string>> unseen;
  NamedList<std::vector<DialectRule>> backbones;

  template <class Fields>
  void describe(Fields& field) {
    field("wrapped", is_wrapped, "their files hold {meta, state_dict}; false: the bare state");
    field("forms", forms,
          "our backbone -> options, by dotted names, under which it computes what theirs does");
    field("unseen", unseen,
          "our backbone -> options that change the result and of which their files show nothing");
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

template <class Value>
Value value_for(const std::string& backbone, const NamedList<Value>& values) {
  for (const auto& [name, value] : values)
    if (name == backbone) return value;
  return {};
}

/// The value under "a.b", or nullptr.
const Node* find_dotted(const Node& map, const std::string& path) {
  const Node* node = &map;
  for (const auto& key : split(path, '.'))
    if (!(node = node->find(key))) return nullptr;
  return node;
}

/// "column", "[1, 2]".
std::string text_of(const Node& value) {
  if (value.is_null()) return "null";
  if (!value.is_list()) return value.scalar;
  std::vector<std::string> items;
  for (const auto& item : value.items) items.push_back(item.scalar);
  return "[" + join(items) + "]";
}

/// None when the option has the expected value. `reason` follows that in the message.
std::optional<Fault> value_fault(const Node& backbone, const std::string& path,
                                 const Node& expected, const std::string& reason) {
  const Node* given = find_dotted(backbone, path);
  const std::string found = given ? text_of(*given) : "null", wanted = text_of(expected);
  if (found == wanted) return std::nullopt;
  return Fault{fmt::format("model.backbone.{}", path), fmt::format("'{}'", found),
               fmt::format("'{}', with which {}", wanted, reason),
               fmt::format("Names and shapes would agree, the results would not. Set "
                           "model.backbone.{}={}.",
                           path, wanted)};
}

}  // namespace

std::optional<std::string> translate_name(const std::string& name, const std::string& from,
                                          const std::string& to) {
  const auto values = match(name, from);
  if (!values) return std::nullopt;
  return format(to, *values);
}

StateDialect StateDialect::own(const std::string& backbone) {
  DialectForm form;
  form.source = kOwnSource;
  form.rules.push_back({"<rest>", "<rest>"});
  form.unseen = hidden_options(backbone);
  return StateDialect(std::move(form));
}

StateDialect StateDialect::load(const std::string& source, const std::string& backbone) {
  if (source == kOwnSource) return own(backbone);
  const auto sources = all_sources();
  if (std::find(sources.begin(), sources.end(), source) == sources.end())
    throw ConfigError(fmt::format("no dialect '{}'{}\n  dialects: {}", source,
                                  near_name_hint(source, sources), join(sources)));
  const DialectFile file = read_dialects(folder() / (source + ".yaml"));
  DialectForm form;
  form.source = source;
  form.is_wrapped = file.is_wrapped;
  form.required = value_for(backbone, file.forms);
  form.unseen = value_for(backbone, file.unseen);
  form.rules = value_for(backbone, file.backbones);
  if (form.rules.empty())
    throw ConfigError(fmt::format("the dialect '{}' has no backbone '{}'\n  it is known to: {}",
                                  source, backbone, join(sources_of(backbone))));
  return StateDialect(std::move(form));
}

std::vector<std::string> StateDialect::sources_of(const std::string& backbone) {
  std::vector<std::string> sources;
  for (const auto& source : all_sources())
    for (const auto& [name, rules] : read_dialects(folder() / (source + ".yaml")).backbones)
      if (name == backbone) sources.push_back(source);
  return sources;
}

std::vector<std::string> StateDialect::hidden_options(const std::string& backbone) {
  std::vector<std::string> paths;
  for (const auto& source : sources_of(backbone)) {
    const StateDialect dialect = load(source, backbone);
    for (const auto& [path, value] : dialect.form_.required) paths.push_back(path);
    paths.insert(paths.end(), dialect.form_.unseen.begin(), dialect.form_.unseen.end());
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
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
  for (const auto& [path, value] : form_.required)
    if (const auto fault =
            value_fault(backbone, path, value,
                        fmt::format("the model computes what that of {} does", source())))
      throw ConfigError(*fault);
}

std::string StateDialect::describe_unseen(const Node& backbone) const {
  std::vector<std::string> options;
  for (const auto& path : form_.unseen)
    if (const Node* value = find_dotted(backbone, path))
      options.push_back(path + " " + text_of(*value));
  return join(options);
}

std::optional<Fault> trained_form_fault(const Node& backbone, const Node& trained,
                                        const std::string& source) {
  const Node* type = trained.find("type");
  if (!type) return std::nullopt;
  for (const auto& path : StateDialect::hidden_options(type->scalar))
    if (const Node* value = find_dotted(trained, path))
      if (const auto fault = value_fault(backbone, path, *value, source + " was trained"))
        return fault;
  return std::nullopt;
}

}  // namespace kinegraph
