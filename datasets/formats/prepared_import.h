// Prepared arrays become stores: for the importers of such arrays.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "datasets/formats/prepared_arrays.h"
#include "datasets/formats/store_options.h"
#include "framework/data/importer.h"

namespace kinegraph {

struct PreparedOptions : StoreOptions {
  bool trim = false;

  template <class Fields>
  void describe(Fields& field) {
    StoreOptions::describe(field);
    field("trim", trim, "whether frames of zeros at the end of a clip are left out");
  }
};

/// What an import of arrays is told.
struct PreparedSource {
  std::filesystem::path path;
  std::string importer;            // its name, for the provenance
  bool has_score_channel = false;  // the last channel is the score
};

/// As Importer::import() does, all of `splits`.
ImportReport import_prepared(std::vector<std::unique_ptr<PreparedSplit>> splits,
                             const PreparedSource& source, const PreparedOptions& options,
                             const std::filesystem::path& store, const Importer::Context& context);

}  // namespace kinegraph
