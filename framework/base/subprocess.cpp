#include "framework/base/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "framework/base/error.h"

namespace kinegraph {

Subprocess::Subprocess(const std::vector<std::string>& words, Stream stream,
                       const std::string& remedy)
    : name_(words.at(0)) {
  // A socket, because a write to one can be told not to raise SIGPIPE.
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw DataError(Fault{name_, fmt::format("no pipe to it: {}", std::strerror(errno)), "", ""});
  stream_ = ends[0];
  const bool is_input = stream == Stream::to_it;
  const std::string said = (folder_.path() / "stderr").string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], is_input ? STDIN_FILENO : STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, is_input ? STDOUT_FILENO : STDIN_FILENO, "/dev/null",
                                   O_RDWR, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, said.c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error == 0) return;
  pid_ = -1;
  ::close(stream_);
  stream_ = -1;
  throw DataError(Fault{name_, fmt::format("cannot run it: {}", std::strerror(error)), "", remedy});
}

Subprocess::~Subprocess() {
  if (stream_ >= 0) ::close(stream_);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void Subprocess::write(const void* data, size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = ::send(stream_, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      ::close(stream_);
      stream_ = -1;
      wait();
      fail();
    }
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
}

size_t Subprocess::read(void* data, size_t size) {
  char* bytes = static_cast<char*>(data);
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(stream_, bytes + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

void Subprocess::finish() {
  ::close(stream_);
  stream_ = -1;
  if (wait() != 0) fail();
}

int Subprocess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
  return status;
}

void Subprocess::fail() {
  constexpr size_t kMostBytes = 600;
  std::string said = read_file(folder_.path() / "stderr");
  if (said.size() > kMostBytes) said = "... " + said.substr(said.size() - kMostBytes);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  throw DataError(Fault{name_, "it failed", "", said.empty() ? "It said nothing." : said});
}

}  // namespace kinegraph
