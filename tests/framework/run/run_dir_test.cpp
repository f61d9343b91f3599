#include "framework/run/run_dir.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "framework/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// Another current folder for as long as it lives.
class WorkingFolder {
 public:
  explicit WorkingFolder(const fs::path& path) : before_(fs::current_path()) {
    fs::current_path(path);
  }
  ~WorkingFolder() { fs::current_path(before_); }

 private:
  fs::path before_;
};

TEST(RunDir, IsNamedAfterTheConfigAndTheTime) {
  const TempDir folder;
  const WorkingFolder working(folder.path());
  const fs::path dir = make_run_dir("", "stgcn_toy");
  EXPECT_TRUE(std::regex_match(dir.string(), std::regex(R"(runs/stgcn_toy/\d{8}-\d{6})"))) << dir;
  EXPECT_TRUE(fs::is_directory(dir));
}

TEST(RunDirLock, IsHeldByOneAtATime) {
  const TempDir folder;
  const fs::path dir = folder / "run";
  fs::create_directory(dir);
  {
    const RunDirLock lock(dir);
    EXPECT_EQ(thrown_message<DataError>([&] { RunDirLock second(dir); }),
              dir.string() +
                  ": another process trains in this folder\n"
                  "  Wait until it has ended, or stop it.");
  }
  const RunDirLock later(dir);
  EXPECT_TRUE(fs::is_empty(dir));
}

TEST(RunDir, IsUniqueWithinASecond) {
  const TempDir folder;
  const WorkingFolder working(folder.path());
  std::set<fs::path> dirs;
  for (int i = 0; i < 20; ++i) dirs.insert(make_run_dir("", "toy"));
  EXPECT_EQ(dirs.size(), 20u);
}

TEST(RunDir, MayBeNewOrEmptyWhenRequested) {
  const TempDir folder;
  const std::string dir = (folder / "a/b").string();
  EXPECT_EQ(make_run_dir(dir, "toy"), dir);
  EXPECT_EQ(make_run_dir(dir, "toy"), dir);
}

TEST(RunDir, IsNeverOneThatHoldsAnything) {
  const TempDir folder;
  folder.write("run/precious.txt", "");
  const std::string dir = (folder / "run").string();
  EXPECT_EQ(thrown_message<DataError>([&] { make_run_dir(dir, "toy"); }),
            dir +
                ": the folder is not empty; expected a new or empty work folder\n"
                "  Choose another --work-dir. `kinegraph train --resume` goes on with a run.");
}

TEST(RunDir, RefusesAFileInTheWay) {
  const TempDir folder;
  const std::string dir = folder.write("run", "").string();
  EXPECT_EQ(thrown_message<DataError>([&] { make_run_dir(dir, "toy"); }),
            dir +
                ": cannot create the folder: a file of that name is there\n"
                "  Check the path and the permissions, or choose another --work-dir.");
}

TEST(RunDir, RefusesAFileAboveIt) {
  const TempDir folder;
  const std::string dir = (folder.write("file", "") / "run").string();
  EXPECT_EQ(thrown_message<DataError>([&] { make_run_dir(dir, "toy"); }),
            dir +
                ": cannot create the folder: Not a directory\n"
                "  Check the path and the permissions, or choose another --work-dir.");
}

TEST(RunDir, CheckBeforehandMakesNothing) {
  const TempDir folder;
  require_free_run_dir((folder / "new").string());
  EXPECT_FALSE(fs::exists(folder / "new"));
}

TEST(RunName, IsFolderAndFileOfTheConfig) {
  EXPECT_EQ(run_name("configs/stgcn/nw_ucla.yaml", ""), "stgcn_nw_ucla");
  EXPECT_EQ(run_name("configs/stgcn/nw_ucla.yaml", "bone"), "stgcn_nw_ucla-bone");
  EXPECT_EQ(run_name("configs/mine.yaml", ""), "mine");
  EXPECT_EQ(run_name("/mine.yaml", ""), "mine");
}

TEST(RunName, OfACheckpointIsThatOfItsRun) {
  EXPECT_EQ(run_name_of_checkpoint("runs/stgcn_toy/20240131-235959/best.pth"), "stgcn_toy");
  EXPECT_EQ(run_name_of_checkpoint("runs/stgcn_toy/20240131-235959-2/best.pth"), "stgcn_toy");
  EXPECT_EQ(run_name_of_checkpoint("mine/best.pth"), "mine");
}

}  // namespace
}  // namespace kinegraph
