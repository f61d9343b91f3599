#include "framework/base/console.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace kinegraph {
namespace {

TEST(Wrap, BreaksAtSpacesBeforeTheWidth) {
  EXPECT_EQ(wrap("one two three four", 0, 2, 9), "one two\n  three\n  four");
}

TEST(Wrap, CountsWhereTheFirstLineStarts) {
  EXPECT_EQ(wrap("one two three", 6, 0, 10), "one\ntwo three");
}

TEST(Wrap, FillsALineExactly) { EXPECT_EQ(wrap("one two", 3, 0, 10), "one two"); }

TEST(Wrap, LeavesLongWordsWhole) {
  EXPECT_EQ(wrap("a incomprehensible b", 0, 0, 5), "a\nincomprehensible\nb");
}

TEST(Wrap, OfNothingIsNothing) { EXPECT_EQ(wrap("", 4, 4), ""); }

class OwnCommand : public testing::Test {
 protected:
  OwnCommand() : before_(program_invocation_name) {}
  ~OwnCommand() override { program_invocation_name = before_; }

  char* before_;
};

TEST_F(OwnCommand, IsAsTheProgramWasCalled) {
  char name[] = "./build/kinegraph";
  program_invocation_name = name;
  EXPECT_EQ(own_command({"train", "--resume", "runs/a-1_b"}),
            "./build/kinegraph train --resume runs/a-1_b");
}

TEST_F(OwnCommand, QuotesWhatAShellWouldTakeApart) {
  char name[] = "my programs/kinegraph";
  program_invocation_name = name;
  EXPECT_EQ(own_command({"it's", "", "a*"}), R"('my programs/kinegraph' 'it'\''s' '' 'a*')");
}

TEST(ProgressBar, ShowsTheShareDone) {
  EXPECT_EQ(progress_bar(0, 4), "[----]");
  EXPECT_EQ(progress_bar(0.5, 4), "[##--]");
  EXPECT_EQ(progress_bar(1, 4), "[####]");
}

TEST(ProgressBar, StaysWithinItsWidth) {
  EXPECT_EQ(progress_bar(7, 4), "[####]");
  EXPECT_EQ(progress_bar(-1, 4), "[----]");
}

TEST(FormatDuration, ShowsHoursOnlyWhereThereAreAny) {
  EXPECT_EQ(format_duration(0.4), "00:00");
  EXPECT_EQ(format_duration(59.6), "01:00");
  EXPECT_EQ(format_duration(3600 + 2 * 60 + 3), "1:02:03");
}

TEST(ProgressLine, IsSilentBetweenItsPlainLines) {
  testing::internal::CaptureStderr();
  {
    ProgressLine line(3600);
    line.show("one");
    line.show("two");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ProgressLine, IsPlainTextWhereThereIsNoTerminal) {
  testing::internal::CaptureStderr();
  {
    ProgressLine line(0);
    line.show("one");
    log_warning("careful");
    line.show("two");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "one\nwarning: careful\ntwo\n");
}

}  // namespace
}  // namespace kinegraph
