#include "framework/skeleton/skeleton.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/config/yaml.h"
#include "framework/skeleton/layout_file.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

}  // namespace

Skeleton Skeleton::parse(const std::string& yaml_text, const std::string& source) {
  Diagnostics diagnostics;
  Skeleton skeleton = read_layout(parse_yaml(yaml_text, source, diagnostics), diagnostics);
  diagnostics.throw_if_any();
  return skeleton;
}

Skeleton Skeleton::load(const std::string& name_or_path) {
  const fs::path given = name_or_path;
  if (name_or_path.find('/') != std::string::npos || given.extension() == ".yaml")
    return parse(read_file(given, kMaxFileBytes), name_or_path);
  const auto names = shipped_names();
  if (std::find(names.begin(), names.end(), name_or_path) == names.end())
    throw ConfigError(Fault{fmt::format("skeleton '{}'", name_or_path),
                            "no such layout" + near_name_hint(name_or_path, names),
                            "one of: " + join(names),
                            "A layout of your own is given by its path, such as ./mine.yaml."});
  const fs::path path = resource_dir() / "datasets" / "skeletons" / (name_or_path + ".yaml");
  return parse(read_file(path, kMaxFileBytes), path.string());
}

std::vector<std::string> Skeleton::shipped_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(resource_dir() / "datasets" / "skeletons"))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string Skeleton::to_yaml() const { return dump_yaml(write_layout(*this)); }

const std::vector<JointPair>& Skeleton::edge_set(const std::string& set_name) const {
  const auto found = edge_sets.find(set_name);
  if (found != edge_sets.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& entry : edge_sets) names.push_back(entry.first);
  throw ConfigError(
      Fault{fmt::format("skeleton '{}'", name),
            fmt::format("no edge set '{}'{}", set_name, near_name_hint(set_name, names)),
            "one of: " + join(names), ""});
}

int64_t Skeleton::joint_index(const std::string& joint) const {
  const auto found = std::find(joints.begin(), joints.end(), joint);
  if (found != joints.end()) return found - joints.begin();
  throw ConfigError(Fault{fmt::format("skeleton '{}'", name),
                          fmt::format("no joint '{}'{}", joint, near_name_hint(joint, joints)),
                          "one of: " + join(joints), ""});
}

bool operator==(const Skeleton& a, const Skeleton& b) {
  return a.name == b.name && a.joints == b.joints && a.parents == b.parents &&
         a.edge_sets == b.edge_sets && a.left_right == b.left_right && a.center == b.center;
}

}  // namespace kinegraph
