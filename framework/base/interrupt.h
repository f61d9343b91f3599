// Ctrl-C and SIGTERM as a flag that long work asks for.
#pragma once

#include <csignal>

#include "framework/base/error.h"

namespace kinegraph {

/// While it lives, the first SIGINT or SIGTERM only sets a flag; a second one ends the process.
/// Signals that the process ignores (`nohup`, `&` in scripts) stay ignored.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

/// Whether a signal has come since the guard was made; false where there is no guard.
bool is_interrupted();

/// Work that was given up because of a signal.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted; nothing was written") {}
};

}  // namespace kinegraph
