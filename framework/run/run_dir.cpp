#include "framework/run/run_dir.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>

#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

[[noreturn]] void fail(const fs::path& dir, const std::string& reason) {
  throw DataError(Fault{dir.string(), "cannot create the folder: " + reason, "",
                        "Check the path and the permissions, or choose another --work-dir."});
}

/// False when the folder was there before.
bool create(const fs::path& dir) {
  std::error_code error;
  const bool is_new = fs::create_directories(dir, error);
  if (error) fail(dir, error.message());
  return is_new;
}

std::string name_of_now() {
  return fmt::format("{:%Y%m%d-%H%M%S}", fmt::localtime(std::time(nullptr)));
}

/// Whether name_of_now() or make_run_dir() has made this name.
bool is_time(const std::string& name) {
  constexpr std::string_view kShape = "00000000-000000";
  if (name.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == '-' ? name[i] != '-' : std::isdigit(static_cast<unsigned char>(name[i])) == 0)
      return false;
  return true;
}

}  // namespace

void require_free_run_dir(const std::string& requested) {
  std::error_code error;
  if (requested.empty() || !fs::exists(requested, error)) return;
  if (!fs::is_directory(requested, error)) fail(requested, "a file of that name is there");
  if (!fs::is_empty(requested))
    throw DataError(
        Fault{requested, "the folder is not empty", "a new or empty work folder",
              "Choose another --work-dir. `kinegraph train --resume` goes on with a run."});
}

fs::path make_run_dir(const std::string& requested, const std::string& config_name) {
  require_free_run_dir(requested);
  if (!requested.empty()) {
    create(requested);
    return requested;
  }
  const std::string time = name_of_now();
  fs::path dir = fs::path("runs") / config_name / time;
  for (int number = 2; !create(dir); ++number)
    dir = fs::path("runs") / config_name / fmt::format("{}-{}", time, number);
  return dir;
}

RunDirLock::RunDirLock(const fs::path& dir)
    : descriptor_(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return;
  ::close(descriptor_);
  throw DataError(Fault{dir.string(), "another process trains in this folder", "",
                        "Wait until it has ended, or stop it."});
}

RunDirLock::~RunDirLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string run_name(const fs::path& config, const std::string& stream) {
  std::string name = config.stem().string();
  const std::string folder = fs::absolute(config).parent_path().filename().string();
  if (!folder.empty() && folder != "configs" && folder != "/") name = folder + "_" + name;
  return stream.empty() ? name : name + "-" + stream;
}

std::string run_name_of_checkpoint(const fs::path& checkpoint) {
  const fs::path folder = fs::absolute(checkpoint).lexically_normal().parent_path();
  const std::string name = folder.filename().string();
  return is_time(name) ? folder.parent_path().filename().string() : name;
}

}  // namespace kinegraph
