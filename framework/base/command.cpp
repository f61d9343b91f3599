#include "framework/base/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>

#include "framework/base/error.h"

namespace kinegraph {
namespace {

void require(bool is_good, const char* action) {
  if (!is_good) throw std::system_error(errno, std::generic_category(), action);
}

/// A file without a name, in memory. Unlike a pipe it never blocks, whoever reads or writes first.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("kinegraph", MFD_CLOEXEC)) {
    require(fd_ >= 0, "memfd_create");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }

  void fill(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      require(written > 0, "write");
      text.remove_prefix(static_cast<size_t>(written));
    }
    require(::lseek(fd_, 0, SEEK_SET) == 0, "lseek");
  }

  std::string content() const {
    std::string text;
    char block[1 << 12];
    for (ssize_t count; (count = ::pread(fd_, block, sizeof block, text.size())) > 0;)
      text.append(block, static_cast<size_t>(count));
    return text;
  }

 private:
  int fd_;
};

class FileActions {
 public:
  FileActions(int input, int errors, const std::filesystem::path& folder) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

int wait_for(pid_t pid, double limit_s) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit_s);
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& words,
                          const std::filesystem::path& folder, std::string_view input,
                          double limit_s) {
  if (!std::filesystem::is_directory(folder))
    throw DataError(Fault{folder.string(), "no such folder", "a folder to start a program in", ""});
  const MemoryFile in, err;
  in.fill(input);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const FileActions actions(in.fd(), err.fd(), folder);
  CommandResult result;
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], actions.get(), nullptr, arguments.data(), environ);
  if (error == ENOENT || error == EACCES || error == ENOTDIR) return result;
  errno = error;
  require(error == 0, "posix_spawnp");
  result.was_found = true;
  result.exit_code = wait_for(pid, limit_s);
  result.errors = err.content();
  return result;
}

}  // namespace kinegraph
