#include "framework/io/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

[[noreturn]] void fail(const std::string& where, const std::string& action, int error_number) {
  throw DataError(Fault{where, fmt::format("cannot {}: {}", action, std::strerror(error_number)),
                        "", "Check the permissions and the free space."});
}

void write_all(int descriptor, const char* data, size_t size, int64_t offset,
               const std::string& where) {
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor, data, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(where, "write to it", written < 0 ? errno : ENOSPC);
    data += written;
    offset += written;
    size -= static_cast<size_t>(written);
  }
}

struct Descriptor {
  int value;
  ~Descriptor() { ::close(value); }
};

}  // namespace

Spool::Spool(const fs::path& folder) : folder_(folder.empty() ? "." : folder.string()) {
  std::string name = folder_ + "/.spool-XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(folder_, "make a temporary file in it", errno);
  ::unlink(name.c_str());
}

Spool::Spool(Spool&& other) noexcept
    : folder_(std::move(other.folder_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

Spool::~Spool() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Spool::append(const void* data, size_t size) {
  write_all(descriptor_, static_cast<const char*>(data), size, size_, folder_);
  size_ += static_cast<int64_t>(size);
}

void Spool::copy_to(const fs::path& path, int64_t offset) const {
  const Descriptor target{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (target.value < 0) fail(path.string(), "open it", errno);
  std::vector<char> block(size_t{1} << 20);
  for (int64_t done = 0; done < size_;) {
    const size_t wanted = static_cast<size_t>(std::min<int64_t>(size_ - done, block.size()));
    const ssize_t got = ::pread(descriptor_, block.data(), wanted, done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail(folder_, "read back a temporary file in it", got < 0 ? errno : EIO);
    write_all(target.value, block.data(), static_cast<size_t>(got), offset + done, path.string());
    done += got;
  }
}

}  // namespace kinegraph
