#include "framework/skeleton/layout_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "framework/base/text.h"
#include "framework/config/options.h"

namespace kinegraph {
namespace {

constexpr size_t kMostJoints = 4096, kMostPairs = 65536;

struct Name {
  std::string text;
  Location location;
};

struct NamePair {
  Name first, second;
  Location location;

  std::string text() const { return fmt::format("[{}, {}]", first.text, second.text); }
};

/// A layout file as it stands, references unchecked. Names that are empty were found wrong already.
struct LayoutFile {
  Name name;
  std::string description;
  std::vector<Name> joints;
  std::vector<NamePair> bones;
  bool has_edges = false;
  std::vector<NamePair> edges;
  NamedList<std::vector<NamePair>> edge_sets;
  std::vector<NamePair> left_right;
  Name center;

  template <class Fields>
  void describe(Fields& field) {
    field("name", name, "name of the layout", Required{});
    field("description", description, "free text");
    field("joints", joints, "names of the joints, in the order of the data", Required{});
    field("bones", bones, "[child, parent] pairs; bone = child minus parent", Required{});
    field("edges", edges, "[joint, neighbour] pairs of the graph, where it is not the bones");
    field("edge_sets", edge_sets, "further graphs on the same joints, by name");
    field("left_right", left_right, "[left, right] pairs that swap in a mirror");
    field("center", center, "joint from which the spatial partition measures", Required{});
  }
};

}  // namespace

template <>
struct Codec<Name> {
  static std::string type() { return "names"; }
  static bool read(const Node& node, Name& name, Diagnostics& diagnostics) {
    if (!node.is_scalar() || node.scalar.empty()) {
      diagnostics.error(node.location, "expected a name, found " + node.description());
      return false;
    }
    name = {node.scalar, node.location};
    return true;
  }
  static Node write(const Name& name, const Node*) {
    // Quotes keep names such as 012 readable, which parse_yaml() refuses bare.
    const char first = name.text.empty() ? ' ' : name.text.front();
    const bool starts_with_letter =
        (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    return Node::make_scalar(name.text, {}, !starts_with_letter);
  }
};

template <>
struct Codec<NamePair> {
  static std::string type() { return "[joint, joint] pairs"; }
  static bool read(const Node& node, NamePair& pair, Diagnostics& diagnostics) {
    if (!node.is_list() || node.items.size() != 2) {
      diagnostics.error(node.location, "expected [joint, joint], found " + node.description());
      return false;
    }
    pair.location = node.location;
    const bool is_first_good = Codec<Name>::read(node.items[0], pair.first, diagnostics);
    return Codec<Name>::read(node.items[1], pair.second, diagnostics) && is_first_good;
  }
  static Node write(const NamePair& pair, const Node*) {
    Node list = Node::make_list({});
    list.items = {Codec<Name>::write(pair.first, nullptr),
                  Codec<Name>::write(pair.second, nullptr)};
    return list;
  }
};

namespace {

std::vector<JointPair> bones_of(const std::vector<int64_t>& parents) {
  std::vector<JointPair> bones;
  for (size_t joint = 0; joint < parents.size(); ++joint)
    if (parents[joint] != Skeleton::kNoParent)
      bones.emplace_back(static_cast<int64_t>(joint), parents[joint]);
  return bones;
}

/// Turns a LayoutFile into a Skeleton and reports every fault of its content.
class LayoutChecker {
 public:
  LayoutChecker(const LayoutFile& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  Skeleton check() {
    Skeleton skeleton;
    skeleton.name = file_.name.text;
    skeleton.description = file_.description;
    skeleton.joints = joints();
    skeleton.parents = parents();
    auto& sets = skeleton.edge_sets;
    sets[Skeleton::kDefaultEdgeSet] =
        file_.has_edges ? edges(file_.edges, "edges") : bones_of(skeleton.parents);
    for (const auto& [name, pairs] : file_.edge_sets)
      sets[name] = edges(pairs, "edge_sets." + name);
    skeleton.left_right = left_right();
    skeleton.center = resolve(file_.center, "center").value_or(0);
    return skeleton;
  }

 private:
  std::vector<std::string> joints() {
    for (const auto& [text, location] : file_.joints) {
      const auto [found, is_new] = index_.emplace(text, static_cast<int64_t>(names_.size()));
      if (!is_new && !text.empty())
        diagnostics_.error(location, fmt::format("duplicate joint '{}', first at {}", text,
                                                 declaration(found->second).location.text()));
      names_.push_back(text);
    }
    return names_;
  }

  const Name& declaration(int64_t joint) const { return file_.joints[static_cast<size_t>(joint)]; }

  std::optional<int64_t> resolve(const Name& name, const std::string& what) {
    if (name.text.empty()) return std::nullopt;
    const auto found = index_.find(name.text);
    if (found != index_.end()) return found->second;
    diagnostics_.error(name.location,
                       fmt::format("unknown joint '{}' in {}{}\n  joints: {}", name.text, what,
                                   near_name_hint(name.text, names_), join(names_)));
    return std::nullopt;
  }

  std::optional<JointPair> resolve(const NamePair& pair, const std::string& what) {
    const auto first = resolve(pair.first, what);
    const auto second = resolve(pair.second, what);
    if (!first || !second) return std::nullopt;
    if (first != second) return JointPair{*first, *second};
    diagnostics_.error(pair.location, fmt::format("{} in {} joins a joint to itself; leave it out",
                                                  pair.text(), what));
    return std::nullopt;
  }

  std::vector<int64_t> parents() {
    std::vector<int64_t> parents(file_.joints.size(), Skeleton::kNoParent);
    std::map<int64_t, const NamePair*> bone_of;
    for (const auto& bone : file_.bones) {
      const auto pair = resolve(bone, "bones");
      if (!pair) continue;
      const auto [child, parent] = *pair;
      if (const auto* first = bone_of[child]) {
        diagnostics_.error(
            bone.location,
            fmt::format("'{}' has the parent '{}' already, given at {}; a bone leads "
                        "from a child to its only parent",
                        bone.first.text, first->second.text, first->location.text()));
      } else if (closes_cycle(parents, child, parent)) {
        diagnostics_.error(bone.location,
                           fmt::format("the bone {} closes the cycle {}; a chain of parents must "
                                       "end at a joint without a parent",
                                       bone.text(), chain(parents, child, parent)));
      } else {
        parents[static_cast<size_t>(child)] = parent;
        bone_of[child] = &bone;
      }
    }
    return parents;
  }

  static bool closes_cycle(const std::vector<int64_t>& parents, int64_t child, int64_t joint) {
    while (joint != Skeleton::kNoParent && joint != child)
      joint = parents[static_cast<size_t>(joint)];
    return joint == child;
  }

  std::string chain(const std::vector<int64_t>& parents, int64_t child, int64_t joint) const {
    std::vector<std::string> names{declaration(child).text};
    for (; joint != child; joint = parents[static_cast<size_t>(joint)])
      names.push_back(declaration(joint).text);
    names.push_back(names.front());
    return join(names, " -> ");
  }

  std::vector<JointPair> edges(const std::vector<NamePair>& pairs, const std::string& what) {
    std::vector<JointPair> edges;
    std::map<JointPair, const NamePair*> seen;
    for (const auto& pair : pairs) {
      const auto edge = resolve(pair, what);
      if (!edge) continue;
      const auto& [it, is_new] = seen.emplace(std::minmax(edge->first, edge->second), &pair);
      if (is_new)
        edges.push_back(*edge);
      else
        diagnostics_.error(pair.location,
                           fmt::format("duplicate edge {} in {}, first at {}", pair.text(), what,
                                       it->second->location.text()));
    }
    std::sort(edges.begin(), edges.end());
    return edges;
  }

  std::vector<JointPair> left_right() {
    std::vector<JointPair> pairs;
    std::map<std::string, Location> used;
    for (const auto& pair : file_.left_right) {
      if (const auto indices = resolve(pair, "left_right")) pairs.push_back(*indices);
      for (const auto* name : {&pair.first, &pair.second}) {
        const auto& [it, is_new] = used.emplace(name->text, name->location);
        if (!is_new && !name->text.empty() && pair.first.text != pair.second.text)
          diagnostics_.error(name->location,
                             fmt::format("'{}' is in a left_right pair already, at {}", name->text,
                                         it->second.text()));
      }
    }
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  }

  const LayoutFile& file_;
  Diagnostics& diagnostics_;
  std::vector<std::string> names_;
  std::map<std::string, int64_t> index_;
};

std::vector<NamePair> named(const std::vector<JointPair>& pairs, const Skeleton& skeleton) {
  std::vector<NamePair> names;
  for (const auto& [first, second] : pairs)
    names.push_back({{skeleton.joints[static_cast<size_t>(first)], {}},
                     {skeleton.joints[static_cast<size_t>(second)], {}},
                     {}});
  return names;
}

/// What is compared pairwise must not be many: a small file can hold a million of them.
bool is_too_large(const Node& tree, const LayoutFile& file, Diagnostics& diagnostics) {
  const auto is_above = [&](const char* what, size_t count, size_t most) {
    if (count > most)
      diagnostics.error(tree.location,
                        fmt::format("{} {}; expected at most {}", count, what, most));
    return count > most;
  };
  size_t pairs = file.bones.size() + file.edges.size() + file.left_right.size();
  for (const auto& [name, edges] : file.edge_sets) pairs += edges.size();
  return is_above("joints", file.joints.size(), kMostJoints) ||
         is_above("bones, edges and pairs", pairs, kMostPairs);
}

void check_shape(const Node& tree, const LayoutFile& file, Diagnostics& diagnostics) {
  const Node* joints = tree.find("joints");
  if (joints && joints->is_list() && file.joints.empty())
    diagnostics.error(joints->location, "'joints' is empty; a skeleton has at least one joint");
  for (const auto& entry : file.edge_sets)
    if (entry.first == Skeleton::kDefaultEdgeSet)
      diagnostics.error(tree.find("edge_sets")->location,
                        "'default' is the edge set that 'edges' gives; choose another name");
}

}  // namespace

Skeleton read_layout(const Node& tree, Diagnostics& diagnostics) {
  if (!tree.is_map()) {
    diagnostics.error(tree.location,
                      fmt::format("expected a skeleton layout, a map of name, joints, bones and "
                                  "center; found {}",
                                  tree.description()));
    return {};
  }
  LayoutFile file;
  read_options(tree, file, "the skeleton layout", diagnostics);
  file.has_edges = tree.find("edges") != nullptr;
  check_shape(tree, file, diagnostics);
  if (is_too_large(tree, file, diagnostics)) return {};
  return LayoutChecker(file, diagnostics).check();
}

Node write_layout(const Skeleton& skeleton) {
  LayoutFile file;
  file.name.text = skeleton.name;
  file.description = skeleton.description;
  for (const auto& joint : skeleton.joints) file.joints.push_back({joint, {}});
  const auto bones = bones_of(skeleton.parents);
  file.bones = named(bones, skeleton);
  const auto& default_edges = skeleton.edge_set(Skeleton::kDefaultEdgeSet);
  file.edges = named(default_edges, skeleton);
  for (const auto& [name, edges] : skeleton.edge_sets)
    if (name != Skeleton::kDefaultEdgeSet)
      file.edge_sets.emplace_back(name, named(edges, skeleton));
  file.left_right = named(skeleton.left_right, skeleton);
  file.center.text = skeleton.joints.at(static_cast<size_t>(skeleton.center));
  Node tree = Codec<LayoutFile>::write(file, nullptr);
  tree.find("description")->is_quoted = true;
  if (file.description.empty()) tree.erase("description");
  if (default_edges == bones) tree.erase("edges");
  if (file.edge_sets.empty()) tree.erase("edge_sets");
  if (file.left_right.empty()) tree.erase("left_right");
  return tree;
}

}  // namespace kinegraph
