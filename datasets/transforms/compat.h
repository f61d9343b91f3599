// Whose rules a transform follows where public code bases differ from each other or have faults.
#pragma once

#include "framework/config/options.h"

namespace kinegraph {

/// Help of every `compat` option begins with what `none` does.
///
/// pyskl and mmaction2 give the numbers of that code: its draws, its faults, and its rounding, for
/// it computes in the precision of the data (Sample::precision).
inline OneOf compat_names() { return OneOf{{"none", "pyskl", "mmaction2"}}; }

}  // namespace kinegraph
