// The records of a zip file that are stored uncompressed, as torch.save stores them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kinegraph {

/// Reads hostile files as well: it allocates nothing larger than the file and trusts no offset.
/// LibTorch's PyTorchStreamReader allocates whatever size a record claims.
class ZipReader {
 public:
  /// Reads the directory. Throws DataError when the file cannot be read or is no whole zip file.
  explicit ZipReader(const std::filesystem::path& path);
  ~ZipReader();
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  /// Names come without the first folder, in which torch puts everything.
  bool has(const std::string& record) const { return records_.count(record) != 0; }
  /// Throws DataError for a missing or a compressed record.
  uint64_t size(const std::string& record) const { return find(record).size; }
  /// Reads size(record) bytes to `target`. All calls together read no more than the file has:
  /// honest records do not overlap.
  void read(const std::string& record, void* target);

 private:
  struct Record {
    uint64_t header_offset, size;
    bool is_stored;
  };

  void read_directory();
  uint64_t add_record(std::string_view directory, uint64_t offset);
  const Record& find(const std::string& record) const;
  void read_at(uint64_t offset, void* target, uint64_t size) const;
  [[noreturn]] void fail(uint64_t offset, const std::string& found,
                         const std::string& expected) const;

  std::string name_;
  int file_ = -1;
  uint64_t file_size_ = 0, directory_offset_ = 0, bytes_read_ = 0;
  std::unordered_map<std::string, Record> records_;
};

}  // namespace kinegraph
