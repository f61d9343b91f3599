#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "framework/io/pickle_nodes.h"

namespace kinegraph::pickle {
namespace {

bool has_parts(const Value& node) {
  return node.get<List>() || node.get<Tuple>() || node.get<Set>() || node.get<Dict>() ||
         node.get<Object>() || node.get<PersistentId>();
}

class Children {
 public:
  explicit Children(const Value& node) {
    if (const auto* items = sequence_items(&node)) add(*items);
    if (const auto* set = node.get<Set>()) add(set->items);
    if (const auto* dict = node.get<Dict>()) add(dict->entries);
    if (const auto* persistent = node.get<PersistentId>()) add(persistent->id);
    if (const auto* object = node.get<Object>()) {
      for (const Ref part : {object->callee, object->args, object->keywords, object->state})
        if (part) add(part);
      add(object->items);
      add(object->entries);
    }
  }

  /// Those that have parts themselves: the others cannot be deep.
  std::vector<Ref> release() { return std::move(nodes_); }

 private:
  void add(Ref node) {
    if (has_parts(*node)) nodes_.push_back(node);
  }
  void add(const std::vector<Ref>& nodes) {
    for (const Ref node : nodes) add(node);
  }
  void add(const Entries& entries) {
    for (const auto& [key, value] : entries) {
      add(key);
      add(value);
    }
  }

  std::vector<Ref> nodes_;
};

std::vector<Ref> children_of(const Value& node) { return Children(node).release(); }

}  // namespace

void check_graph(Ref root, const Limits& limits, const Cursor& cursor) {
  struct Level {
    Ref node;
    std::vector<Ref> children;
    size_t next = 0;
    size_t height = 1;
  };
  constexpr size_t kOpen = 0;
  std::unordered_map<Ref, size_t> heights{{root, kOpen}};
  std::vector<Level> path;
  path.push_back({root, children_of(*root)});
  while (!path.empty()) {
    Level& level = path.back();
    if (level.next == level.children.size()) {
      const size_t height = heights[level.node] = level.height;
      path.pop_back();
      if (!path.empty()) path.back().height = std::max(path.back().height, height + 1);
      continue;
    }
    const Ref child = level.children[level.next++];
    const auto [known, is_new] = heights.try_emplace(child, kOpen);
    if (path.size() + std::max<size_t>(known->second, 1) > limits.max_depth)
      cursor.fail("values nested too deeply", fmt::format("at most {} levels", limits.max_depth));
    if (is_new)
      path.push_back({child, children_of(*child)});
    else if (known->second != kOpen)
      level.height = std::max(level.height, known->second + 1);
    else if (!limits.allows_cycles)
      cursor.fail("a value that contains itself", "plain data");
  }
}

}  // namespace kinegraph::pickle
