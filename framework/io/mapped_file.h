// A file as memory.
#pragma once

#include <filesystem>
#include <string_view>

namespace kinegraph {

/// A read-only mapping, so that a file of any size costs no memory of our own. The file must not
/// shrink meanwhile: the operating system ends the program then.
class MappedFile {
 public:
  /// Throws DataError for a missing, unreadable or irregular file.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace kinegraph
