// Where the .skeleton files of a data set lie.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "framework/io/zip_archive.h"

namespace kinegraph::ntu {

/// The files `*.skeleton` of a folder and all below it, those in the zip archives there, those of
/// one zip archive, or one such file. Hidden files are passed over.
class Recordings {
 public:
  /// Lists them. Throws DataError when there are none, or two of the same name.
  explicit Recordings(const std::filesystem::path& source);

  /// Sorted by id.
  int64_t size() const { return static_cast<int64_t>(files_.size()); }
  /// Whether the source was one .skeleton file, which may have any name.
  bool is_single_file() const { return is_single_file_; }
  /// The file name without ".skeleton".
  const std::string& id(int64_t index) const { return file(index).id; }
  /// "folder/S001...skeleton", "some.zip: folder/S001...skeleton".
  std::string where(int64_t index) const;

  /// The text of the file; any number of threads may read at once.
  std::string read(int64_t index) const;

 private:
  struct File {
    std::string id;
    const ZipArchive* archive = nullptr;  // none for a plain file
    ZipArchive::Entry entry;              // its name is the path of a plain file
  };

  const File& file(int64_t index) const { return files_.at(static_cast<size_t>(index)); }
  void add_folder(const std::filesystem::path& folder);
  void add_file(const std::filesystem::path& path);
  void add_archive(const std::filesystem::path& path);
  void sort_and_check();

  std::vector<std::unique_ptr<ZipArchive>> archives_;
  std::vector<File> files_;
  bool is_single_file_ = false;
};

}  // namespace kinegraph::ntu
