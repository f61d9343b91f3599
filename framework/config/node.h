// The parsed config tree: every value knows where it was written.
#pragma once

#include <string>
#include <vector>

namespace kinegraph {

/// Where a value comes from: a place in a file, an override, or a default.
struct Location {
  std::string source;  // file path, "--set a.b=1", "default", ...
  int line = 0;        // 1-based; 0 where lines make no sense
  int column = 0;

  /// "file:7:5", or the source alone when there is no line.
  std::string text() const;
};

/// One value of a config: null, scalar, list or map. Maps keep the order of the file.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  std::string scalar;      // text of a scalar
  bool is_quoted = false;  // '012' and "true" are text
  std::vector<Node> items;
  std::vector<Entry> entries;
  Location location;

  static Node make_scalar(std::string text, Location location, bool is_quoted = false);
  static Node make_list(Location location);
  static Node make_map(Location location);

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }

  /// The value under `key` of a map, or nullptr.
  const Node* find(const std::string& key) const;
  Node* find(const std::string& key);

  /// Sets or appends `key` of a map.
  void set(const std::string& key, Node value);
  void erase(const std::string& key);
  std::vector<std::string> keys() const;

  /// "a map", "the list of 3", "'abc'", "null": for messages.
  std::string description() const;
};

struct Node::Entry {
  std::string key;
  Location key_location;
  Node value;
};

}  // namespace kinegraph
