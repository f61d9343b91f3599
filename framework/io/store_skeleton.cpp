#include "framework/io/store_skeleton.h"

#include <fmt/format.h>

#include "framework/base/error.h"

namespace kinegraph {

Skeleton skeleton_of(const AnnotationStore& store, const std::string& path) {
  const StoreInfo& info = store.info();
  Skeleton skeleton = Skeleton::parse(info.skeleton_layout, path + ":skeleton");
  if (skeleton.joint_count() != info.num_joints)
    throw DataError(Fault{path,
                          fmt::format("{} joints, but its skeleton '{}' has {}", info.num_joints,
                                      skeleton.name, skeleton.joint_count()),
                          "the same number", "Import the data again with the right skeleton."});
  return skeleton;
}

}  // namespace kinegraph
