// What verbs that use a trained model have in common: its file and its config.
#pragma once

#include "framework/cli/verb.h"
#include "framework/run/experiment_options.h"
#include "framework/run/weights.h"

namespace kinegraph {

/// --checkpoint, --config, --stream and --dialect.
void add_checkpoint_options(boost::program_options::options_description& options);

/// Throws UsageError for combinations that make no sense; `verb` names the one to ask for help.
void require_checkpoint_options(const ParsedArguments& arguments, const std::string& verb);

/// The file of --checkpoint. Throws UsageError for one of other code without --config.
Weights read_weights(const ParsedArguments& arguments);

/// --config, or that in the checkpoint, with --set and --device applied.
LoadedConfig config_of(const ParsedArguments& arguments, const Weights& weights);

}  // namespace kinegraph
