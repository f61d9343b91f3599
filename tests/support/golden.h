// Where the goldens are, and what a golden file holds.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/io/hdf5.h"
#include "tests/support/paths.h"

namespace kinegraph {

/// $KINEGRAPH_SHARED_DIR, or shared/ beside the checkout. It need not exist.
inline std::filesystem::path shared_dir() {
  if (const char* dir = std::getenv("KINEGRAPH_SHARED_DIR")) return dir;
  return source_dir().parent_path() / "shared";
}

/// Paths of all data sets at or below `path`.
inline std::vector<std::string> datasets_below(const Hdf5File& file, const std::string& path = "") {
  std::vector<std::string> names;
  try {
    names = file.list(path.empty() ? "/" : path);
  } catch (const DataError&) {
    return {path};  // not a group
  }
  std::vector<std::string> found;
  for (const auto& name : names)
    for (auto& below : datasets_below(file, path + "/" + name)) found.push_back(std::move(below));
  return found;
}

/// Numbers of any kind as doubles.
inline Hdf5Array<double> read_numbers(const Hdf5File& file, const std::string& path) {
  if (file.inspect(path).is_floating) return file.read<double>(path);
  const auto integers = file.read<int64_t>(path);
  return {integers.shape, {integers.values.begin(), integers.values.end()}};
}

}  // namespace kinegraph
