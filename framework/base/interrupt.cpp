#include "framework/base/interrupt.h"

#include <atomic>

namespace kinegraph {
namespace {

std::atomic<bool> has_signal{false};

void on_signal(int signal) {
  if (has_signal.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

void watch(int signal, struct sigaction& old) {
  sigaction(signal, nullptr, &old);
  if (old.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  has_signal = false;
  watch(SIGINT, old_int_);
  watch(SIGTERM, old_term_);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  has_signal = false;
}

bool is_interrupted() { return has_signal; }

}  // namespace kinegraph
