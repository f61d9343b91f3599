#include "datasets/formats/store_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/io/mapped_file.h"
#include "framework/io/sha256.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// Held by one process at a time. The file stays: to remove it would let two processes in.
class FileLock {
 public:
  explicit FileLock(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    int status = descriptor_ < 0 ? -1 : 0;
    if (status == 0) do
        status = ::flock(descriptor_, LOCK_EX);
      while (status != 0 && errno == EINTR);
    if (status == 0) return;
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw DataError(Fault{path.string(), fmt::format("cannot lock it: {}", std::strerror(error)),
                          "", "Check the permissions, or import the data yourself."});
  }
  ~FileLock() { ::close(descriptor_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

/// Size and time of a file: "1234 567890".
std::string stamp_of(const fs::path& source) {
  std::error_code error;
  const auto size = fs::file_size(source, error);
  if (error)
    throw DataError(Fault{source.string(), "cannot read it: " + error.message(), "",
                          "Check the path and the permissions."});
  const auto time = fs::last_write_time(source).time_since_epoch().count();
  return fmt::format("{} {}", size, time);
}

std::string sha256_of(const fs::path& source) {
  const MappedFile file(source);
  Sha256 hash;
  hash.update(file.bytes());
  return hash.hex();
}

/// What the store was made of, in a small file beside it: the stamp, then the SHA-256.
struct Origin {
  std::string stamp, sha256;

  static std::optional<Origin> read(const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return std::nullopt;
    const std::string text = read_file(path, 1000);
    const size_t end = text.find('\n');
    if (end == std::string::npos) return std::nullopt;
    return Origin{text.substr(0, end), text.substr(end + 1)};
  }
  void write(const fs::path& path) const { write_file(path, stamp + "\n" + sha256); }
};

fs::path origin_of(const fs::path& store) { return store.string() + ".origin"; }

fs::path user_cache() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg && *xdg) return fs::path(xdg) / "kinegraph";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : "/tmp") / ".cache/kinegraph";
}

std::string key_of(const std::string& text) {
  constexpr size_t kDigits = 12;
  Sha256 hash;
  hash.update(text);
  return hash.hex().substr(0, kDigits);
}

bool is_there(const fs::path& store, const std::string& stamp) {
  std::error_code ignored;
  const auto origin = Origin::read(origin_of(store));
  return origin && origin->stamp == stamp && fs::is_regular_file(store, ignored);
}

/// Makes the store, unless another process has meanwhile or the source is only newer, not another.
void provide(const fs::path& source, const fs::path& store, const std::string& stamp,
             const std::function<void(const fs::path&)>& make) {
  const FileLock lock(store.string() + ".lock");
  if (is_there(store, stamp)) return;
  const std::string sha256 = sha256_of(source);
  const auto origin = Origin::read(origin_of(store));
  if (!origin || origin->sha256 != sha256 || !fs::is_regular_file(store)) {
    std::error_code ignored;
    fs::remove(origin_of(store), ignored);  // a store without origin is made again
    make(store);
  }
  Origin{stamp, sha256}.write(origin_of(store));
}

}  // namespace

fs::path cached_store(const fs::path& source, const std::string& options,
                      const std::function<void(const fs::path&)>& make) {
  const std::string stamp = stamp_of(source);
  const fs::path whole = fs::absolute(source).lexically_normal();
  const std::string name = whole.filename().string();
  const fs::path beside = whole.parent_path() / fmt::format("{}.{}.h5", name, key_of(options));
  if (is_there(beside, stamp)) return beside;
  const bool is_writable =
      ::faccessat(AT_FDCWD, whole.parent_path().c_str(), W_OK, AT_EACCESS) == 0;
  const fs::path store =
      is_writable ? beside
                  : user_cache() / fmt::format("{}.{}.h5", name, key_of(whole.string() + options));
  std::error_code error;
  fs::create_directories(store.parent_path(), error);
  provide(source, store, stamp, make);
  return store;
}

}  // namespace kinegraph
