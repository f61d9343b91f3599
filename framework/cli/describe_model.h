// `kinegraph describe model`.
#pragma once

#include "framework/cli/verb.h"

namespace kinegraph {

/// Of `describe`; they go with "model" alone.
boost::program_options::options_description model_description_options();

/// Prints what each module of a config's model returns, has and costs.
void describe_model(const ParsedArguments& arguments);

}  // namespace kinegraph
