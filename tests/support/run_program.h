// Runs the real program and catches what it says.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "framework/base/file.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {

struct Outcome {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out, err;
};

/// `kinegraph ARGUMENTS...`, started in `folder`.
class Program {
 public:
  Program(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ == 0) execute(arguments, folder);
  }
  ~Program() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const { ::kill(pid_, signal); }

  /// Waits until `is_done()`; false when that takes more than 20 s.
  template <class Condition>
  bool wait_until(const Condition& is_done) const {
    for (int tenth_ms = 0; tenth_ms < 200'000; tenth_ms += 50) {
      if (is_done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  /// What it has said on standard error; it still runs.
  std::string err_so_far() const {
    return std::filesystem::exists(streams_ / "err") ? read_file(streams_ / "err") : "";
  }

  /// Waits for the end.
  Outcome finish() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, read_file(streams_ / "out"), read_file(streams_ / "err")};
  }

 private:
  [[noreturn]] void execute(const std::vector<std::string>& arguments,
                            const std::filesystem::path& folder) const {
    std::vector<char*> words{const_cast<char*>("kinegraph")};
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    std::signal(SIGINT, SIG_DFL);  // background jobs of scripts start with it ignored
    ::setenv("KINEGRAPH_HOME", source_dir().c_str(), 1);
    const int flags = O_WRONLY | O_CREAT;
    const int out = ::open((streams_ / "out").c_str(), flags, 0600);
    const int err = ::open((streams_ / "err").c_str(), flags, 0600);
    if (::dup2(out, STDOUT_FILENO) < 0 || ::dup2(err, STDERR_FILENO) < 0 ||
        ::chdir(folder.c_str()) != 0)
      ::_exit(99);
    ::execv(program_path().c_str(), words.data());
    ::_exit(98);
  }

  TempDir streams_;
  pid_t pid_ = -1;
};

inline Outcome run_program(const std::vector<std::string>& arguments,
                           const std::filesystem::path& folder = source_dir()) {
  return Program(arguments, folder).finish();
}

/// Exit code 2, nothing on standard output, and exactly this after "error: ".
inline void expect_error(const Outcome& outcome, const std::string& message) {
  EXPECT_EQ(outcome.err, "error: " + message + "\n");
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.exit_code, 2);
}

}  // namespace kinegraph
