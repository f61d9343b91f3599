// What `import` and `predict` share.
#pragma once

#include <filesystem>
#include <string>

#include "framework/cli/verb.h"
#include "framework/data/importer.h"

namespace kinegraph {

/// The importer of `format` with options "key=value". Throws ConfigError that lists all faults.
Component<Importer> read_importer(const std::string& format, const Arguments& assignments);

/// Imports with a progress line, which replaces `context.progress`, and warns about clips that were
/// left out. Throws Interrupted after a signal.
void import_with_progress(const Component<Importer>& importer, const std::filesystem::path& source,
                          const std::filesystem::path& store, Importer::Context context = {});

}  // namespace kinegraph
