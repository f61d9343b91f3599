// People's own clips, with any joint layout: what is common to the importers csv and json.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "framework/data/import_writer.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

struct OwnDataOptions {
  std::string skeleton, coordinates = "normalised", precision = "float32";
  std::vector<std::string> classes;
  int64_t threads = 0;

  template <class Fields>
  void describe(Fields& field) {
    field("skeleton", skeleton, "joint layout: a name, or the path of a YAML file", Required{});
    field("coordinates", coordinates, "unit of the keypoints",
          OneOf{{"pixels", "metres", "normalised"}});
    field("classes", classes, "class names in order; []: all labels there are, sorted");
    field("precision", precision, "of keypoints and scores in the store",
          OneOf{{"float64", "float32", "float16"}});
    field("threads", threads, "threads that read files; 0: one for each processor", Range{0, 1024});
  }
};

struct OwnClip {
  Clip clip;             // dense
  int64_t channels = 0;  // of the keypoints; 0 while they are passed over
  std::string label;     // or empty
  std::vector<std::string> splits;
  std::string where;  // for messages: the file, and the place in it if there are several clips
};

/// Gives the clips of one file; `id` names a clip that has no name of its own. Passes over
/// keypoints and scores unless `with_values`.
using OwnClipsReader = std::function<std::vector<OwnClip>(const std::filesystem::path& path,
                                                          const std::string& id, bool with_values)>;

/// Imports all files with `extension` in `source`, or `source` itself. Each file is read twice,
/// first without values for the class names and splits, and must fit into memory; one with a fault
/// is left out whole. The splits are those that the clips name, and `all`.
ImportReport import_own_clips(const std::filesystem::path& source,
                              const std::filesystem::path& store, const std::string& extension,
                              const Skeleton& skeleton, const OwnDataOptions& options,
                              const Importer::Context& context, const std::string& provenance,
                              const OwnClipsReader& read);

}  // namespace kinegraph
