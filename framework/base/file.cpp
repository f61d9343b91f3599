#include "framework/base/file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& action, int error_number) {
  throw DataError(Fault{path.string(),
                        fmt::format("cannot {}: {}", action, std::strerror(error_number)), "",
                        "Check the path, the permissions and the free space."});
}

void sync_path(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) fail(path, "open it to flush it to disk", errno);
  const int result = ::fsync(fd);
  const int error_number = errno;
  ::close(fd);
  // Some file systems cannot fsync a folder and say EINVAL; the rename is then as safe as it gets.
  if (result != 0 && error_number != EINVAL) fail(path, "flush it to disk", error_number);
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

fs::path executable() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

/// The shared library that this code is in, or the executable (then maybe not by its full path).
fs::path own_module() {
  Dl_info info{};
  return ::dladdr(reinterpret_cast<void*>(&own_module), &info) != 0 ? info.dli_fname : "";
}

bool is_resource_dir(const fs::path& path) {
  return fs::is_directory(path / "datasets" / "skeletons") && fs::is_directory(path / "configs");
}

std::optional<fs::path> find_resource_dir() {
  if (const char* home = std::getenv("KINEGRAPH_HOME")) {
    if (!is_resource_dir(home))
      throw Error(Fault{"KINEGRAPH_HOME",
                        fmt::format("'{}' lacks configs or datasets/skeletons", home),
                        "the folder of a Kinegraph checkout or of its share/kinegraph",
                        "Correct the variable or unset it."});
    return home;
  }
  for (const fs::path& file : {executable(), own_module()})
    for (fs::path dir = file.parent_path(); dir.has_relative_path(); dir = dir.parent_path()) {
      if (is_resource_dir(dir / "share" / "kinegraph")) return dir / "share" / "kinegraph";
      if (is_resource_dir(dir)) return dir;
    }
  return std::nullopt;
}

}  // namespace

PendingFile::PendingFile(fs::path path) : path_(std::move(path)), part_path_(path_) {
  part_path_ += ".part";
  std::error_code error;
  fs::create_directories(parent_of(path_), error);
  if (error) fail(parent_of(path_), "create the folder", error.value());
}

PendingFile::~PendingFile() {
  std::error_code ignored;
  if (!is_committed_) fs::remove(part_path_, ignored);
}

void PendingFile::commit() {
  sync_path(part_path_, O_RDONLY);
  std::error_code error;
  fs::rename(part_path_, path_, error);
  if (error) fail(path_, "move the finished file into place", error.value());
  is_committed_ = true;
  sync_path(parent_of(path_), O_RDONLY | O_DIRECTORY);
}

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string name = (fs::temp_directory_path(error) / "kinegraph-XXXXXX").string();
  if (!::mkdtemp(name.data())) fail(name, "create a temporary folder", errno);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, std::string_view content) {
  PendingFile file(path);
  {
    std::ofstream stream(file.part_path(), std::ios::binary);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    stream.close();
    if (!stream) fail(path, "write it", errno);
  }
  file.commit();
}

std::string read_file(const fs::path& path, size_t max_bytes) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail(path, "open it", errno);
  std::error_code error;
  auto size = fs::file_size(path, error);
  if (error) size = 0;                // a pipe, or a folder, which cannot be read
  constexpr size_t kRoomBehind = 64;  // that parsers of JSON want
  constexpr size_t kBlock = size_t{1} << 16;
  std::string content;
  content.reserve(std::min<size_t>(size, max_bytes) + kRoomBehind);
  // A byte more than the size, to see the end.
  for (size_t block = std::min<size_t>(size, max_bytes) + 1; stream; block = kBlock) {
    const size_t before = content.size();
    content.resize(before + block);
    stream.read(content.data() + before, static_cast<std::streamsize>(block));
    content.resize(before + static_cast<size_t>(stream.gcount()));
    if (content.size() > max_bytes)
      throw DataError(Fault{path.string(), fmt::format("more than {} bytes", max_bytes),
                            "a smaller file", "Is this the right file?"});
  }
  if (stream.bad()) fail(path, "read it", errno);
  return content;
}

fs::path resource_dir() {
  if (const auto dir = find_resource_dir()) return *dir;
  throw Error(Fault{executable().string(),
                    "no folder with configs/ and datasets/skeletons/ above it",
                    "the checkout or an installation", "Set KINEGRAPH_HOME to that folder."});
}

fs::path find_shipped(const fs::path& path) {
  if (fs::exists(path) || path.is_absolute()) return path;
  const auto dir = find_resource_dir();
  return dir && fs::is_regular_file(*dir / path) ? *dir / path : path;
}

}  // namespace kinegraph
