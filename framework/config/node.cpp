#include "framework/config/node.h"

#include <algorithm>

namespace kinegraph {

std::string Location::text() const {
  if (line == 0) return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Node Node::make_scalar(std::string text, Location location, bool is_quoted) {
  Node node;
  node.kind = Kind::kScalar;
  node.scalar = std::move(text);
  node.is_quoted = is_quoted;
  node.location = std::move(location);
  return node;
}

Node Node::make_list(Location location) {
  Node node;
  node.kind = Kind::kList;
  node.location = std::move(location);
  return node;
}

Node Node::make_map(Location location) {
  Node node;
  node.kind = Kind::kMap;
  node.location = std::move(location);
  return node;
}

const Node* Node::find(const std::string& key) const {
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.key == key; });
  return it == entries.end() ? nullptr : &it->value;
}

Node* Node::find(const std::string& key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

void Node::set(const std::string& key, Node value) {
  if (Node* old = find(key)) {
    *old = std::move(value);
    return;
  }
  Location key_location = value.location;
  entries.push_back({key, std::move(key_location), std::move(value)});
}

void Node::erase(const std::string& key) {
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.key == key; }),
                entries.end());
}

std::vector<std::string> Node::keys() const {
  std::vector<std::string> keys;
  for (const auto& entry : entries) keys.push_back(entry.key);
  return keys;
}

std::string Node::description() const {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kScalar:
      return "'" + scalar + "'";
    case Kind::kList:
      return "a list of " + std::to_string(items.size());
    case Kind::kMap:
      return "a map";
  }
  return "";
}

}  // namespace kinegraph
