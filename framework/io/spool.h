// A nameless temporary file: bytes go in at the end now and come out in order later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace kinegraph {

class Spool {
 public:
  /// Makes the file in `folder`, without a name, so that nothing is left even after a crash.
  explicit Spool(const std::filesystem::path& folder);
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;
  ~Spool();

  void append(const void* data, size_t size);

  /// Copies all bytes into the file at `path`, which exists, from byte `offset` on.
  void copy_to(const std::filesystem::path& path, int64_t offset) const;

  int64_t size() const { return size_; }

 private:
  std::string folder_;
  int descriptor_;
  int64_t size_ = 0;
};

}  // namespace kinegraph
