// Importers as `kinegraph import` runs them.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <utility>

#include "framework/data/importer.h"
#include "tests/support/config_text.h"
#include "tests/support/paths.h"

namespace kinegraph {

/// Runs the importer that `yaml` names, such as "nw_ucla" or "{type: nw_ucla, precision: float32}".
inline ImportReport run_import(const std::string& yaml, const std::filesystem::path& source,
                               const std::filesystem::path& store, Importer::Context context = {}) {
  // Importers load skeletons by name; a build folder may lie outside the checkout.
  setenv("KINEGRAPH_HOME", source_dir().c_str(), 1);
  Diagnostics diagnostics;
  Component<Importer> importer;
  importer.read(parse_yaml("importer: " + yaml, "c.yaml", diagnostics).entries.at(0).value,
                diagnostics);
  diagnostics.throw_if_any();
  return importer.build(context)->import(source, store);
}

}  // namespace kinegraph
