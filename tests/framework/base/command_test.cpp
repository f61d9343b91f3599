#include "framework/base/command.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

constexpr double kLimitS = 20;

TEST(RunCommand, GivesTheExitCodeAndTheErrors) {
  const auto result = run_command({"sh", "-c", "cat >&2; exit 3"}, ".", "some\ninput", kLimitS);
  EXPECT_TRUE(result.was_found);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.errors, "some\ninput");
}

TEST(RunCommand, TakesMoreThanAPipeHolds) {
  const std::string input(3'000'000, 'x');
  EXPECT_EQ(run_command({"sh", "-c", "cat >&2"}, ".", input, kLimitS).errors, input);
}

TEST(RunCommand, UsesNoShell) {
  const std::string word = "`id` $HOME 'a' \"b\" ; exit 1";
  const auto result =
      run_command({"sh", "-c", "printf %s \"$1\" >&2", "sh", word}, ".", "", kLimitS);
  EXPECT_EQ(result.errors, word);
}

TEST(RunCommand, StartsInTheFolder) {
  const TempDir folder;
  EXPECT_EQ(run_command({"sh", "-c", "pwd -P >&2"}, folder.path(), "", kLimitS).errors,
            std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST(RunCommand, SaysThatThereIsNoSuchProgram) {
  EXPECT_FALSE(run_command({"no-such-program-of-ours"}, ".", "", kLimitS).was_found);
}

TEST(RunCommand, KillsWhatTakesTooLong) {
  EXPECT_EQ(run_command({"sleep", "60"}, ".", "", 0.05).exit_code, 137);
}

TEST(RunCommand, RefusesAFolderThatIsNotThere) {
  EXPECT_EQ(thrown_message<DataError>([] { run_command({"true"}, "no/folder", "", kLimitS); }),
            "no/folder: no such folder; expected a folder to start a program in");
}

}  // namespace
}  // namespace kinegraph
