// The joint layout that a store carries.
#pragma once

#include "framework/io/annotation_store.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// `path` is for messages. Throws ConfigError for faults of the layout, DataError when it has
/// another number of joints than the store.
Skeleton skeleton_of(const AnnotationStore& store, const std::string& path);

}  // namespace kinegraph
