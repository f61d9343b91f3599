// The shape of a clip from the command line, for verbs that need no data.
#pragma once

#include "framework/cli/verb.h"
#include "framework/run/experiment_options.h"

namespace kinegraph {

/// --skeleton, --frames, --persons, --channels and --classes.
void add_clip_options(boost::program_options::options_description& options);

/// Throws UsageError where --config is missing, or an option that only --skeleton gives a meaning
/// has none.
void require_config_option(const ParsedArguments& arguments, const std::string& verb);

/// What the model takes over from clips of --skeleton, or from the training data of `experiment`;
/// --frames and --persons count in both cases.
ModelContext read_model_context(const ParsedArguments& arguments,
                                const ExperimentOptions& experiment);

/// "keypoints 2x300x25x3 (M,T,V,C)".
std::string text_of(const std::map<std::string, InputShape>& inputs);

/// Whether `text` is a whole number in low..high.
bool parse_number(const std::string& text, int64_t low, int64_t high, int64_t& number);

/// The value of an option. Throws UsageError.
int64_t number_of(const ParsedArguments& arguments, const std::string& option, int64_t fallback,
                  int64_t low = 1, int64_t high = 100'000);

}  // namespace kinegraph
