// YAML text <-> Node.
#pragma once

#include <filesystem>
#include <string>

#include "framework/config/diagnostics.h"
#include "framework/config/node.h"

namespace kinegraph {

/// Parses one YAML document. `source` names it in locations. Duplicate keys, merge keys (`<<`),
/// keys that are not scalars, tags (`!!int`), numbers with a leading zero and a second document are
/// reported to `diagnostics`; broken syntax throws ConfigError.
Node parse_yaml(const std::string& text, const std::string& source, Diagnostics& diagnostics);

/// Reads and parses a file; an empty file is an empty map.
Node read_yaml(const std::filesystem::path& path, Diagnostics& diagnostics);

/// Block-style YAML that parse_yaml reads back to the same tree. With `with_origins` every scalar
/// carries its location as a trailing comment.
std::string dump_yaml(const Node& node, bool with_origins = false);

}  // namespace kinegraph
