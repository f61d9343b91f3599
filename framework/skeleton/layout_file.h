// Skeleton layouts as config trees; the form of the file is described at Skeleton.
#pragma once

#include "framework/config/diagnostics.h"
#include "framework/config/node.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// Reports every fault of `tree`; what it returns then is not to be used.
Skeleton read_layout(const Node& tree, Diagnostics& diagnostics);

Node write_layout(const Skeleton& skeleton);

}  // namespace kinegraph
