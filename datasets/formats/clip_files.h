// The files of a data set that has one or more for each clip.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kinegraph {

struct ClipFile {
  std::filesystem::path path;
  std::string id;      // the path below the source without extension: "chair/P1 (2)"
  std::string folder;  // the first folder of the id, or "": "chair"
  std::string stem;    // the last part of the id: "P1 (2)"
};

/// All files with one of the `extensions` (".csv") in `source` and the folders below it, sorted by
/// id, or `source` itself where it is a file. Hidden files are passed over. Throws DataError, with
/// `expected`, when there are none.
std::vector<ClipFile> find_clip_files(const std::filesystem::path& source,
                                      const std::vector<std::string>& extensions,
                                      const std::string& expected);

/// Distinct names of classes, sorted: as numbers where all are, else as texts.
std::vector<std::string> sorted_classes(std::vector<std::string> names);

}  // namespace kinegraph
