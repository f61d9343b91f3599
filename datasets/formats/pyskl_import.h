// Annotation pickles of PYSKL and MMAction2 become stores: for the importer and the data set of
// that name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/formats/store_options.h"
#include "framework/data/importer.h"

namespace kinegraph {

struct PysklOptions : StoreOptions {
  std::string kpfiles;
  std::vector<std::string> leave_out;

  template <class Fields>
  void describe(Fields& field) {
    StoreOptions::describe(field);
    field("kpfiles", kpfiles,
          "folder of the keypoint files of Kinetics-400; empty: kpfiles/ beside the annotations");
    field("leave_out", leave_out, "annotation fields that are not to be kept");
  }
};

/// As Importer::import() does. Clips are stored in the order of the file or, with keypoint files,
/// file by file; the splits keep the order of the annotations.
ImportReport import_pyskl(const std::filesystem::path& source, const std::filesystem::path& store,
                          const PysklOptions& options, const Importer::Context& context);

}  // namespace kinegraph
