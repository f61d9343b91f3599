// Another program with a pipe to or from it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/base/file.h"

namespace kinegraph {

/// Runs a program found on PATH, without a shell, and streams to its standard input or from its
/// standard output. The other one is /dev/null; what it says on standard error goes into messages.
class Subprocess {
 public:
  enum class Stream { to_it, from_it };

  /// `words` are the program and its arguments. Throws DataError, with `remedy`, when it cannot be
  /// started.
  Subprocess(const std::vector<std::string>& words, Stream stream, const std::string& remedy);
  /// Ends the program if it still runs.
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  /// Throws DataError, with what the program said, when it has ended.
  void write(const void* data, size_t size);

  /// Up to `size` bytes; 0 at the end.
  size_t read(void* data, size_t size);

  /// Closes the stream and waits. Throws DataError, with what the program said, unless it succeeds.
  void finish();

 private:
  [[noreturn]] void fail();
  int wait();

  TemporaryFolder folder_;
  std::string name_;
  int stream_ = -1;
  pid_t pid_ = -1;
};

}  // namespace kinegraph
