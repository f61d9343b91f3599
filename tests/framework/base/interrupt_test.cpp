#include "framework/base/interrupt.h"

#include <gtest/gtest.h>

namespace kinegraph {
namespace {

int signals_seen = 0;

/// Counts SIGINT and SIGTERM outside of the guard.
class InterruptGuardTest : public testing::Test {
 protected:
  InterruptGuardTest() {
    signals_seen = 0;
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { ++signals_seen; });
  }
  ~InterruptGuardTest() override {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  }
};

TEST_F(InterruptGuardTest, TurnsASignalIntoAFlag) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;
    EXPECT_FALSE(is_interrupted());
    std::raise(signal);
    EXPECT_TRUE(is_interrupted());
  }
  EXPECT_EQ(signals_seen, 0);
}

TEST_F(InterruptGuardTest, ForgetsASignalAtItsEnd) {
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
  }
  EXPECT_FALSE(is_interrupted());
}

TEST_F(InterruptGuardTest, PutsBackTheHandlersThatWereThere) {
  { const InterruptGuard guard; }
  std::raise(SIGINT);
  std::raise(SIGTERM);
  EXPECT_EQ(signals_seen, 2);
}

TEST_F(InterruptGuardTest, LeavesIgnoredSignalsIgnored) {
  std::signal(SIGINT, SIG_IGN);
  const InterruptGuard guard;
  std::raise(SIGINT);
  EXPECT_FALSE(is_interrupted());
}

TEST_F(InterruptGuardTest, EndsTheProcessAtTheSecondSignal) {
  const auto interrupt_twice = [] {
    const InterruptGuard guard;
    std::raise(SIGINT);
    std::raise(SIGINT);
  };
  EXPECT_EXIT(interrupt_twice(), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace kinegraph
