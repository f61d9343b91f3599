// A source of data that is damaged again and again.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.h"

namespace kinegraph {

/// A copy of a sound source in a temporary folder. One file of it at a time is damaged.
class DamagedSource {
 public:
  /// `seed` is a file or a folder; a folder with one file, perhaps beside folders,
  /// stands for that file.
  explicit DamagedSource(const std::filesystem::path& seed);

  /// The file or the folder to read.
  const std::filesystem::path& path() const { return path_; }
  /// What holds the source and nothing else.
  const TempDir& folder() const { return folder_; }

  /// Damages a file, as `mutant` decides, and returns its path: its bytes or, in every second copy
  /// of an archive or HDF5 file, what it holds, with sound checksums around it.
  std::filesystem::path damage(uint64_t mutant);
  /// Makes the damaged file sound again.
  void restore();

 private:
  TempDir folder_;
  std::filesystem::path path_;
  std::vector<std::pair<std::string, std::string>> files_;  // name below folder_, sound content
  size_t damaged_ = 0;
};

}  // namespace kinegraph
