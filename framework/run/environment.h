// On what, with what and from what a result was made.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace kinegraph {

class Loader;

/// Annotations that a run uses.
struct DataUse {
  std::string use, source;  // "training", "data/nw_ucla.h5"
  int64_t clips = 0;
  std::string sha256;
};

DataUse data_use(const std::string& use, const Loader& loader);

/// Names and values, in the order in which people read them.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// Appends a start of the program to <run_dir>/environment.json, a list with an object for each:
/// the date, `facts`, the versions of kinegraph, LibTorch, compiler and system, the processor, and
/// `data`. A run that is resumed so keeps what is known of its earlier parts.
///
/// Throws DataError when the file cannot be written or is no such list.
void record_start(const std::filesystem::path& run_dir, const Facts& facts,
                  const std::vector<DataUse>& data);

}  // namespace kinegraph
