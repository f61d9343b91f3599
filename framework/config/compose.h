// From a config file and overrides to one tree.
//
// `base:` names a file or a list of files, relative to the file that names them, merged in order
// before the file's own keys. Maps merge deeply; a changed `type:` replaces the whole map; lists
// and scalars replace; `null` deletes. A map over a list patches it step by step: each key names a
// step (its `name:`, or else its `type:`), `null` removes the step, and a new step says where it
// goes with `before:` or `after:` another one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/config/diagnostics.h"
#include "framework/config/node.h"

namespace kinegraph {

/// Merges `over` onto `base`.
void merge(Node& base, const Node& over, Diagnostics& diagnostics);

/// Reads `path`, or else the shipped file of that name, with all its bases. A missing `path` and
/// cycles throw ConfigError; missing bases are reported to `diagnostics`.
Node load_with_bases(const std::filesystem::path& path, Diagnostics& diagnostics);

/// Applies one `a.b.0.c=value` (value as in YAML) to `root`. Parts name map keys, list positions or
/// steps of a pipeline. Throws ConfigError when it is not of that form.
void apply_override(Node& root, const std::string& assignment, Diagnostics& diagnostics);

/// Applies the overrides that `root.streams` declares under `stream`; "" and a stream without
/// overrides (`name:` alone) change nothing. A `null` inside them deletes when they are applied.
/// Unknown stream names throw ConfigError.
void apply_stream(Node& root, const std::string& stream, Diagnostics& diagnostics);

/// Applies the overrides that `root.splits` declares under the name in `root.split`, as for
/// streams, and removes both. Without `split` nothing is applied.
void apply_split(Node& root, Diagnostics& diagnostics);

}  // namespace kinegraph
