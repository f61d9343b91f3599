#include "framework/run/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/interrupt.h"

namespace kinegraph {
namespace {

using nlohmann::json;

constexpr const char* kErrorKey = "error";
constexpr int kPollMs = 50;  // how soon a signal is noticed

void write_all(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count > 0)
      done += static_cast<size_t>(count);
    else if (errno != EINTR)
      ::_exit(1);  // nobody listens
  }
}

/// One message a line. Never returns: nothing of the parent's may be unwound or flushed twice.
[[noreturn]] void work_in_child(const std::function<void(const SendMessage&)>& work, int fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto send = [fd](const json& message) {
    write_all(fd, message.dump(-1, ' ', true, json::error_handler_t::replace) + "\n");
  };
  try {
    work(send);
  } catch (const std::exception& error) {
    send({{kErrorKey, error.what()}});
  }
  ::_exit(0);
}

/// The forked process and this end of its pipe; killed and closed at the end.
class Child {
 public:
  explicit Child(const std::function<void(const SendMessage&)>& work) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("make a pipe");
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) work_in_child(work, ends[1]);
    ::close(ends[1]);
    fd_ = ends[0];
    if (pid_ < 0) fail("start a process");
  }
  ~Child() {
    ::close(fd_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Appends what has come to `text`, waiting a little; false when no more will come.
  bool read(std::string& text) const {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, kPollMs) <= 0) return true;
    char block[4096];
    const ssize_t count = ::read(fd_, block, sizeof block);
    if (count > 0) text.append(block, static_cast<size_t>(count));
    return count > 0 || (count < 0 && errno == EINTR);
  }

  /// As waitpid gives it.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  [[noreturn]] static void fail(const char* action) {
    throw Error(fmt::format("cannot {}: {}", action, std::strerror(errno)));
  }

  pid_t pid_ = -1;
  int fd_ = -1;
};

void pass_on(const std::string& name, const json& message, const ReceiveMessage& receive) {
  const auto error = message.find(kErrorKey);
  if (error != message.end()) throw Error(name + ": " + error->get<std::string>());
  receive(message);
}

}  // namespace

void run_in_child(const std::string& name, const std::function<void(const SendMessage&)>& work,
                  const ReceiveMessage& receive) {
  Child child(work);
  std::string pending;
  for (bool is_open = true; is_open;) {
    is_open = child.read(pending);
    if (is_interrupted()) throw Interrupted();
    for (size_t end = 0; (end = pending.find('\n')) != pending.npos; pending.erase(0, end + 1))
      pass_on(name, json::parse(pending.substr(0, end)), receive);
  }
  const int status = child.wait();
  if (WIFSIGNALED(status))
    throw Error(Fault{name,
                      fmt::format("its process was ended by signal {} ({})", WTERMSIG(status),
                                  strsignal(WTERMSIG(status))),
                      "", "If the system ran out of memory, ask for less at once."});
}

}  // namespace kinegraph
