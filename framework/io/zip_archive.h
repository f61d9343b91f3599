// Zip archives, for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kinegraph {

/// Threads may read at once; each read in progress has its own handle on the file.
class ZipArchive {
 public:
  struct Entry {
    std::string name;  // with folders, as the archive has it
    uint64_t index = 0;
  };

  /// Throws DataError for a missing, unreadable or damaged file.
  explicit ZipArchive(std::filesystem::path path);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::filesystem::path& path() const;

  /// Files and folders, in the order of the archive.
  std::vector<Entry> entries() const;

  /// The whole entry, unpacked; its checksum is verified. Throws DataError for a damaged or
  /// encrypted entry and for one above `max_bytes`, before so much is unpacked.
  std::string read(const Entry& entry, size_t max_bytes) const;

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace kinegraph
