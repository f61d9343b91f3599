// Files that are either whole or absent.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace kinegraph {

/// A file that is written as `<path>.part` and appears under its own name only on commit().
///
/// A writer puts its bytes into part_path() (with any library), closes it, and commits: the part is
/// fsynced, renamed over `path`, and the folder is fsynced. Without commit() the part is removed.
class PendingFile {
 public:
  /// Creates the folders above `path`. Throws DataError when that fails.
  explicit PendingFile(std::filesystem::path path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& part_path() const { return part_path_; }

  /// Throws DataError (and leaves an older file at `path` as it was) when fsync or rename fails.
  void commit();

 private:
  std::filesystem::path path_, part_path_;
  bool is_committed_ = false;
};

/// A new folder under the system's temporary folder, removed with all that it holds at the end.
class TemporaryFolder {
 public:
  /// Throws DataError when there can be none.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes `content` through a PendingFile.
void write_file(const std::filesystem::path& path, std::string_view content);

/// The whole file. Throws DataError for a missing or unreadable file or one above `max_bytes`.
std::string read_file(const std::filesystem::path& path, size_t max_bytes = size_t{1} << 30);

/// The folder that holds configs/ and datasets/skeletons/: $KINEGRAPH_HOME, or else the nearest one
/// above the executable or the shared library of this code, itself or as share/kinegraph in it.
/// Throws Error when there is none.
std::filesystem::path resource_dir();

/// `path` where there is such a file, else the file of that name in the resource_dir(), else
/// `path`.
std::filesystem::path find_shipped(const std::filesystem::path& path);

}  // namespace kinegraph
