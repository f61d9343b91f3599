// The state of a model in a checkpoint that another program wrote.
#pragma once

#include <string>
#include <vector>

#include "framework/run/checkpoint_file.h"
#include "framework/run/state_matching.h"

namespace kinegraph {

struct ForeignState {
  NamedState tensors;                    // without prefixes of wrappers, such as "module."
  std::vector<std::string> class_names;  // where the file tells; mmcv's and mmengine's may
  std::vector<std::string> notes;        // what was left out, a line each
};

/// Takes a bare state, or that under "state_dict", "model" and the like, as mmcv, MMAction2 and
/// many training scripts write it. Throws DataError, telling what there is instead, when `root`
/// holds none; `source` leads the message.
ForeignState find_foreign_state(const CheckpointValue& root, const std::string& source);

}  // namespace kinegraph
