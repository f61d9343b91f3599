#include "framework/config/compose.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/config/yaml.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

std::string scalar_under(const Node& map, const std::string& key) {
  const Node* value = map.find(key);
  return value && value->is_scalar() ? value->scalar : "";
}

/// The name by which a step of a list can be patched.
std::string step_name(const Node& step) {
  if (step.is_scalar()) return step.scalar;
  const std::string name = scalar_under(step, "name");
  return name.empty() ? scalar_under(step, "type") : name;
}

std::vector<Node>::iterator find_step(Node& list, const std::string& name) {
  return std::find_if(list.items.begin(), list.items.end(),
                      [&](const Node& step) { return step_name(step) == name; });
}

/// The position in a list that one part of an override addresses: a number or the name of a step.
size_t find_position(Node& list, const std::string& part) {
  size_t index = 0;
  const char* end = part.data() + part.size();
  const auto number = std::from_chars(part.data(), end, index);
  if (number.ec == std::errc() && number.ptr == end) return std::min(index, list.items.size());
  return static_cast<size_t>(find_step(list, part) - list.items.begin());
}

/// A step written as plain text stands for {type: TEXT}.
Node step_map(const Node& step) {
  Node map = Node::make_map(step.location);
  map.set("type", step);
  return map;
}

std::vector<std::string> step_names(const Node& list) {
  std::vector<std::string> names;
  for (const auto& step : list.items) names.push_back(step_name(step));
  return names;
}

/// What a `null` does: in a config it deletes at once; the overrides of a stream keep it until they
/// are applied.
enum class Nulls { kDelete, kKeep };

/// Deletions that met nothing to delete leave no trace.
Node prepared(Node node, Nulls nulls) {
  if (!node.is_map() || nulls == Nulls::kKeep) return node;
  node.entries.erase(std::remove_if(node.entries.begin(), node.entries.end(),
                                    [](const auto& entry) { return entry.value.is_null(); }),
                     node.entries.end());
  for (auto& entry : node.entries) entry.value = prepared(std::move(entry.value), nulls);
  return node;
}

void insert_step(Node& list, const Node::Entry& entry, Diagnostics& diagnostics) {
  Node step = prepared(entry.value, Nulls::kDelete);
  const std::string before = scalar_under(step, "before"), after = scalar_under(step, "after");
  if (!step.is_map() || before.empty() == after.empty()) {
    diagnostics.error(entry.key_location,
                      fmt::format("no step '{}' in the list{}\n  steps: {}\n  a new step needs "
                                  "'before:' or 'after:' one of these",
                                  entry.key, near_name_hint(entry.key, step_names(list)),
                                  join(step_names(list))));
    return;
  }
  const std::string& anchor = before.empty() ? after : before;
  const auto at = find_step(list, anchor);
  if (at == list.items.end()) {
    diagnostics.error(entry.key_location,
                      fmt::format("no step '{}' to put '{}' {}; steps: {}", anchor, entry.key,
                                  before.empty() ? "after" : "before", join(step_names(list))));
    return;
  }
  step.erase("before");
  step.erase("after");
  if (!step.find("type")) step.set("type", Node::make_scalar(entry.key, entry.key_location));
  if (scalar_under(step, "type") != entry.key && !step.find("name"))
    step.set("name", Node::make_scalar(entry.key, entry.key_location));
  list.items.insert(before.empty() ? at + 1 : at, std::move(step));
}

/// A step written as plain text is patched as {type: TEXT}, and keeps its name when its type
/// changes.
void patch_step(Node& step, const Node& over, Diagnostics& diagnostics) {
  if (step.is_scalar() && over.is_map()) step = step_map(step);
  const std::string name = scalar_under(step, "name");
  merge(step, over, diagnostics);
  if (!name.empty() && step.is_map() && !step.find("name"))
    step.set("name", Node::make_scalar(name, step.location));
}

void patch_list(Node& list, const Node& over, Diagnostics& diagnostics) {
  for (const auto& entry : over.entries) {
    const auto step = find_step(list, entry.key);
    if (step == list.items.end())
      insert_step(list, entry, diagnostics);
    else if (entry.value.is_null())
      list.items.erase(step);
    else
      patch_step(*step, entry.value, diagnostics);
  }
}

void merge_entry(Node& base, const Node::Entry& entry, Nulls nulls, Diagnostics& diagnostics);

void merge_tree(Node& base, const Node& over, Nulls nulls, Diagnostics& diagnostics) {
  if (base.is_list() && over.is_map()) {
    patch_list(base, over, diagnostics);
    return;
  }
  const std::string new_type = over.is_map() ? scalar_under(over, "type") : "";
  const bool is_other_type = !new_type.empty() && base.is_map() && base.find("type") &&
                             scalar_under(base, "type") != new_type;
  if (!base.is_map() || !over.is_map() || is_other_type) {
    base = prepared(over, nulls);
    return;
  }
  for (const auto& entry : over.entries) merge_entry(base, entry, nulls, diagnostics);
}

void merge_entry(Node& base, const Node::Entry& entry, Nulls nulls, Diagnostics& diagnostics) {
  Node* old = base.find(entry.key);
  if (entry.value.is_null() && nulls == Nulls::kDelete)
    base.erase(entry.key);
  else if (old)
    merge_tree(*old, entry.value, nulls, diagnostics);
  else
    base.entries.push_back({entry.key, entry.key_location, prepared(entry.value, nulls)});
}

/// Merges whole configs.
void merge_config(Node& root, const Node& over, Diagnostics& diagnostics) {
  for (const auto& entry : over.entries) {
    const bool has_variants =
        (entry.key == "streams" || entry.key == "splits") && entry.value.is_map();
    merge_entry(root, entry, has_variants ? Nulls::kKeep : Nulls::kDelete, diagnostics);
  }
}

std::vector<Node> base_names(const Node& root, Diagnostics& diagnostics) {
  const Node* base = root.find("base");
  if (!base) return {};
  if (base->is_scalar()) return {*base};
  if (base->is_list() && std::all_of(base->items.begin(), base->items.end(),
                                     [](const Node& item) { return item.is_scalar(); }))
    return base->items;
  diagnostics.error(base->location, "'base' must be a file name or a list of file names");
  return {};
}

Node load(const fs::path& path, std::vector<fs::path> chain, Diagnostics& diagnostics) {
  const fs::path resolved = fs::weakly_canonical(path);
  if (std::find(chain.begin(), chain.end(), resolved) != chain.end()) {
    std::string cycle;
    for (const auto& file : chain) cycle += file.filename().string() + " -> ";
    throw ConfigError(path.string() + ": 'base' files form a cycle: " + cycle +
                      resolved.filename().string());
  }
  chain.push_back(resolved);
  Node own = read_yaml(path, diagnostics);
  if (!own.is_map()) throw ConfigError(own.location.text() + ": a config must be a map");
  Node root = Node::make_map(own.location);
  for (const Node& base : base_names(own, diagnostics)) {
    const fs::path base_path = path.parent_path() / base.scalar;
    if (!fs::is_regular_file(base_path)) {
      diagnostics.error(base.location, fmt::format("no file '{}'; 'base' is relative to this file",
                                                   base_path.lexically_normal().string()));
      continue;
    }
    merge_config(root, load(base_path.lexically_normal(), chain, diagnostics), diagnostics);
  }
  own.erase("base");
  merge_config(root, own, diagnostics);
  return root;
}

/// Merges onto `root` what its `streams` or `splits` declare under `name`; `kind` is the singular.
void apply_variant(Node& root, const std::string& kind, const std::string& name,
                   const std::string& where, Diagnostics& diagnostics) {
  const Node* variants = root.find(kind + 's');
  const Node* found = variants && variants->is_map() ? variants->find(name) : nullptr;
  if (!found) {
    const auto names = variants ? variants->keys() : std::vector<std::string>{};
    throw ConfigError(fmt::format("{0}no {1} '{2}' in this config{3}\n  its {1}s: {4}", where, kind,
                                  name, near_name_hint(name, names),
                                  names.empty() ? "none" : join(names)));
  }
  const Node over = *found;  // a copy: `root` changes below
  if (over.is_map())
    merge(root, over, diagnostics);
  else if (!over.is_null())
    diagnostics.error(over.location, fmt::format("expected a map (overrides of {} '{}'), found {}",
                                                 kind, name, over.description()));
}

}  // namespace

void merge(Node& base, const Node& over, Diagnostics& diagnostics) {
  merge_tree(base, over, Nulls::kDelete, diagnostics);
}

Node load_with_bases(const fs::path& given, Diagnostics& diagnostics) {
  const fs::path path = find_shipped(given);
  if (!fs::is_regular_file(path))
    throw ConfigError(Fault{path.string(), "no such config file", "",
                            "Shipped configs lie under configs/; see `kinegraph train --help`."});
  return load(path, {}, diagnostics);
}

void apply_override(Node& root, const std::string& assignment, Diagnostics& diagnostics) {
  const Location here{"--set " + assignment, 0, 0};
  const size_t equals = assignment.find('=');
  const auto parts = split(assignment.substr(0, equals), '.');
  if (equals == std::string::npos || equals == 0 || assignment[equals - 1] == '.' ||
      std::count(parts.begin(), parts.end(), "") > 0)
    throw ConfigError(here.text() + ": expected key=value, such as train.epochs=30");
  Node value = parse_yaml(assignment.substr(equals + 1), here.source, diagnostics);
  const auto drop_lines = [&](auto&& self, Node& node) -> void {
    node.location = here;
    for (auto& item : node.items) self(self, item);
    for (auto& entry : node.entries) {
      entry.key_location = here;
      self(self, entry.value);
    }
  };
  drop_lines(drop_lines, value);
  Node* at = &root;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    if (at->is_list()) {
      const size_t index = find_position(*at, parts[i]);
      // The last part may also name a step that is to be inserted.
      if (index == at->items.size() && is_last && value.is_map()) break;
      if (index == at->items.size())
        throw ConfigError(fmt::format("{}: no step '{}' in the list; steps: {}", here.text(),
                                      parts[i], join(step_names(*at))));
      if (is_last) {
        if (value.is_null())
          at->items.erase(at->items.begin() + static_cast<std::ptrdiff_t>(index));
        else
          patch_step(at->items[index], value, diagnostics);
        return;
      }
      at = &at->items[index];
      if (at->is_scalar()) *at = step_map(*at);
      continue;
    }
    if (at->is_null()) *at = Node::make_map(here);
    if (!at->is_map())
      throw ConfigError(fmt::format("{}: '{}' is not a map, so it has no '{}'", here.text(),
                                    i == 0 ? "" : parts[i - 1], parts[i]));
    if (is_last) break;
    if (!at->find(parts[i])) at->set(parts[i], Node::make_map(here));
    at = at->find(parts[i]);
  }
  Node over = Node::make_map(here);
  over.entries.push_back({parts.back(), here, std::move(value)});
  merge(*at, over, diagnostics);
}

void apply_stream(Node& root, const std::string& stream, Diagnostics& diagnostics) {
  if (!stream.empty()) apply_variant(root, "stream", stream, "", diagnostics);
}

void apply_split(Node& root, Diagnostics& diagnostics) {
  if (const Node* found = root.find("split")) {
    const Node split = *found;  // a copy: `root` changes below
    if (split.is_scalar())
      apply_variant(root, "split", split.scalar, split.location.text() + ": ", diagnostics);
    else
      diagnostics.error(
          split.location,
          fmt::format("expected the name of one of 'splits', found {}", split.description()));
  }
  root.erase("split");
  root.erase("splits");
}

}  // namespace kinegraph
