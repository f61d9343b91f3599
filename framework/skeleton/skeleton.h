// Joint layouts: which joints a pose has and how they hang together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kinegraph {

/// Two joints by index: (joint, neighbour) of an edge, (left, right) of a mirrored pair.
using JointPair = std::pair<int64_t, int64_t>;

/// A joint layout. Those shipped are datasets/skeletons/*.yaml; one's own is one more such file:
///
///   name: legs
///   description: hips and knees                    # optional
///   joints: [hips, left_knee, right_knee]          # in the order of the data
///   bones: [[left_knee, hips], [right_knee, hips]] # [child, parent]; trees
///   edges: [[left_knee, hips], [right_knee, hips]] # optional: the graph, where not the bones
///   edge_sets: {knees: [[left_knee, right_knee]]}  # optional: further graphs
///   left_right: [[left_knee, right_knee]]          # optional: what swaps in a mirror
///   center: hips                                   # origin of the spatial partition
///
/// An edge [joint, neighbour] points inward, from child to parent; only the partition self_in_out
/// takes note of it.
struct Skeleton {
  static constexpr int64_t kNoParent = -1;
  /// The edge set that every skeleton has: `edges` of the file, or else the bones.
  static constexpr const char* kDefaultEdgeSet = "default";

  std::string name;
  std::string description;
  std::vector<std::string> joints;
  /// (V) parent of each joint, kNoParent for a root. The bone of a joint is the joint minus its
  /// parent; the bone of a root is zero.
  std::vector<int64_t> parents;
  /// By name, each sorted.
  std::map<std::string, std::vector<JointPair>> edge_sets;
  /// Sorted.
  std::vector<JointPair> left_right;
  int64_t center = 0;

  /// Reads a layout by name (datasets/skeletons/<name>.yaml) or, with a '/' in it or .yaml at its
  /// end, by path. Throws ConfigError for an unknown name or faults in the file, DataError for a
  /// file that cannot be read.
  static Skeleton load(const std::string& name_or_path);

  /// Reads the text of a layout file; `source` names it in messages. Throws one ConfigError that
  /// lists all faults.
  static Skeleton parse(const std::string& yaml_text, const std::string& source);

  /// Names of the shipped layouts, sorted.
  static std::vector<std::string> shipped_names();

  /// Text that parse() reads back to an equal skeleton.
  std::string to_yaml() const;

  /// Throws ConfigError for an unknown name.
  const std::vector<JointPair>& edge_set(const std::string& set_name) const;

  /// Throws ConfigError, with near names, for an unknown joint.
  int64_t joint_index(const std::string& joint) const;

  int64_t joint_count() const { return static_cast<int64_t>(joints.size()); }
};

/// Compares everything but the description.
bool operator==(const Skeleton& a, const Skeleton& b);
inline bool operator!=(const Skeleton& a, const Skeleton& b) { return !(a == b); }

}  // namespace kinegraph
