#include "framework/io/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "framework/base/error.h"

namespace kinegraph {
namespace {

[[noreturn]] void fail_to_map(const std::filesystem::path& path, const std::string& why) {
  throw DataError(
      Fault{path.string(), "cannot read it: " + why, "", "Check the path and the permissions."});
}

struct Descriptor {
  int number;
  ~Descriptor() { ::close(number); }
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (number < 0) fail_to_map(path, std::strerror(errno));
  const Descriptor descriptor{number};
  struct stat status {};
  if (::fstat(number, &status) != 0) fail_to_map(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail_to_map(path, "no regular file");
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* const data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, number, 0);
  if (data == MAP_FAILED) fail_to_map(path, std::strerror(errno));
  data_ = static_cast<const char*>(data);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace kinegraph
