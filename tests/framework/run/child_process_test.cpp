#include "framework/run/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/base/error.h"
#include "framework/base/interrupt.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

using nlohmann::json;

const auto kIgnore = [](const json&) {};

/// Under a guard, as callers are.
class ChildProcess : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGINT, SIG_DFL);  // background jobs of scripts start with it ignored
    interrupts_.emplace();
  }

 private:
  std::optional<InterruptGuard> interrupts_;
};

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

TEST_F(ChildProcess, SendsItsMessagesInOrder) {
  std::vector<json> messages;
  run_in_child(
      "row",
      [](const SendMessage& send) {
        for (int i = 0; i < 5000; ++i) send({{"i", i}, {"text", "two\nlines"}});
      },
      [&](const json& message) { messages.push_back(message); });
  ASSERT_EQ(messages.size(), 5000u);
  for (int i = 0; i < 5000; ++i)
    EXPECT_EQ(messages[static_cast<size_t>(i)], json({{"i", i}, {"text", "two\nlines"}}));
}

TEST_F(ChildProcess, IsAProcessOfItsOwn) {
  int changed = 0;
  pid_t pid = 0;
  run_in_child(
      "row",
      [&](const SendMessage& send) {
        changed = 1;
        send(::getpid());
      },
      [&](const json& message) { pid = message; });
  EXPECT_EQ(changed, 0);
  EXPECT_NE(pid, ::getpid());
  EXPECT_FALSE(has_children());
}

TEST_F(ChildProcess, PassesOnWhatIsThrown) {
  EXPECT_EQ(thrown_message<Error>([] {
              run_in_child(
                  "row 3", [](const SendMessage&) { throw std::runtime_error("no luck"); },
                  kIgnore);
            }),
            "row 3: no luck");
}

TEST_F(ChildProcess, SaysWhatKilledIt) {
  EXPECT_EQ(thrown_message<Error>([] {
              run_in_child(
                  "row 3", [](const SendMessage&) { ::kill(::getpid(), SIGKILL); }, kIgnore);
            }),
            "row 3: its process was ended by signal 9 (Killed)\n"
            "  If the system ran out of memory, ask for less at once.");
}

TEST_F(ChildProcess, EndsWithASignal) {
  const auto begin_and_stay = [](const SendMessage& send) {
    send("begun");
    for (;;) ::pause();
  };
  EXPECT_EQ(thrown_message<Interrupted>([&] {
              run_in_child("row", begin_and_stay, [](const json&) { std::raise(SIGINT); });
            }),
            "interrupted; nothing was written");
  EXPECT_FALSE(has_children());
}

TEST_F(ChildProcess, EndsWhenItsMessagesAreRefused) {
  const auto refuse = [](const json&) { throw std::runtime_error("refused"); };
  const auto send_and_stay = [](const SendMessage& send) {
    send(1);
    for (;;) ::pause();
  };
  EXPECT_EQ(thrown_message<std::runtime_error>([&] { run_in_child("row", send_and_stay, refuse); }),
            "refused");
  EXPECT_FALSE(has_children());
}

}  // namespace
}  // namespace kinegraph
