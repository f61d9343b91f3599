// Models from the text of a config, for tests without data.
#pragma once

#include <string>

#include "framework/model/recognizer.h"

namespace kinegraph {

/// The options in `yaml`, the `model` map of a config. Throws ConfigError for faults.
ModelOptions model_options(const std::string& yaml);

/// One input, "keypoints", with three channels for each joint of a shipped skeleton.
ModelContext model_context(const std::string& skeleton, int64_t persons, int64_t frames,
                           int64_t num_classes);

/// Parameters and buffers in float64; integers stay as they are, which Module::to() would convert.
void to_double(torch::nn::Module& module);

}  // namespace kinegraph
