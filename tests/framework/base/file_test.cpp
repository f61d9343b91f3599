#include "framework/base/file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "framework/base/error.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr const char* kRemedy = "\n  Check the path, the permissions and the free space.";

void write_part(const PendingFile& file, const std::string& content) {
  std::ofstream(file.part_path(), std::ios::binary) << content;
}

TEST(Fault, JoinsItsMembers) {
  EXPECT_STREQ(Error(Fault{"a.h5", "label 12", "a label in 0..9", "Import again."}).what(),
               "a.h5: label 12; expected a label in 0..9\n  Import again.");
}

TEST(Fault, LeavesOutEmptyMembers) { EXPECT_EQ(describe(Fault{"", "found", "", ""}), "found"); }

TEST(TemporaryFolder, IsGoneWithItsContentAtTheEnd) {
  fs::path path;
  {
    const TemporaryFolder folder, other;
    path = folder.path();
    EXPECT_NE(path, other.path());
    EXPECT_TRUE(fs::is_empty(path));
    write_file(path / "deep/file", "x");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(PendingFile, AppearsOnCommit) {
  const TempDir dir;
  PendingFile file(dir / "store.h5");
  write_part(file, "new");
  EXPECT_FALSE(fs::exists(dir / "store.h5"));
  file.commit();
  EXPECT_EQ(read_file(dir / "store.h5"), "new");
}

TEST(PendingFile, IsWrittenBesideItsTarget) {
  const TempDir dir;
  EXPECT_EQ(PendingFile(dir / "store.h5").part_path(), dir / "store.h5.part");
}

TEST(PendingFile, HasNoPartAfterCommit) {
  const TempDir dir;
  PendingFile file(dir / "store.h5");
  write_part(file, "new");
  file.commit();
  EXPECT_FALSE(fs::exists(file.part_path()));
}

TEST(PendingFile, ReplacesTheOldFileOnCommit) {
  const TempDir dir;
  const fs::path path = dir.write("store.h5", "old and longer");
  PendingFile file(path);
  write_part(file, "new");
  file.commit();
  EXPECT_EQ(read_file(path), "new");
}

TEST(PendingFile, LeavesTheOldFileWithoutCommit) {
  const TempDir dir;
  const fs::path path = dir.write("store.h5", "old");
  { write_part(PendingFile(path), "new"); }
  EXPECT_EQ(read_file(path), "old");
}

TEST(PendingFile, RemovesThePartWithoutCommit) {
  const TempDir dir;
  {
    const PendingFile file(dir / "store.h5");
    write_part(file, "new");
    ASSERT_TRUE(fs::exists(file.part_path()));
  }
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(PendingFile, CreatesTheFoldersAbove) {
  const TempDir dir;
  const PendingFile file(dir / "runs/a/b.txt");
  EXPECT_TRUE(fs::is_directory(dir / "runs/a"));
}

TEST(PendingFile, ReportsAFileInTheWayOfAFolder) {
  const TempDir dir;
  dir.write("runs", "a file");
  EXPECT_EQ(thrown_message<DataError>([&] { PendingFile(dir / "runs/a.txt"); }),
            (dir / "runs").string() + ": cannot create the folder: Not a directory" + kRemedy);
}

TEST(PendingFile, KeepsTheOldFileWhenNothingWasWritten) {
  const TempDir dir;
  const fs::path path = dir.write("store.h5", "old");
  PendingFile file(path);
  EXPECT_EQ(thrown_message<DataError>([&] { file.commit(); }),
            path.string() + ".part: cannot open it to flush it to disk: No such file or directory" +
                kRemedy);
  EXPECT_EQ(read_file(path), "old");
}

TEST(PendingFile, ReportsAFailingRename) {
  const TempDir dir;
  dir.write("store.h5/inside", "a folder in the way");
  PendingFile file(dir / "store.h5");
  write_part(file, "new");
  EXPECT_EQ(thrown_message<DataError>([&] { file.commit(); }),
            (dir / "store.h5").string() +
                ": cannot move the finished file into place: Is a directory" + kRemedy);
}

TEST(PendingFile, RemovesThePartAfterAFailingRename) {
  const TempDir dir;
  dir.write("store.h5/inside", "a folder in the way");
  {
    PendingFile file(dir / "store.h5");
    write_part(file, "new");
    EXPECT_THROW(file.commit(), DataError);
  }
  EXPECT_FALSE(fs::exists(dir / "store.h5.part"));
}

TEST(WriteFile, WritesEveryByte) {
  const TempDir dir;
  const std::string content("\0\r\n\xff", 4);
  write_file(dir / "a.bin", content);
  EXPECT_EQ(read_file(dir / "a.bin"), content);
}

class FullDisk : public testing::Test {
 protected:
  FullDisk() {
    if (!fs::exists("/dev/full")) return;
    fs::create_symlink("/dev/full", dir_ / "a.txt.part");
    is_set_up_ = true;
  }
  void SetUp() override {
    if (!is_set_up_) GTEST_SKIP() << "needs /dev/full";
  }

  TempDir dir_;
  fs::path path_ = dir_.write("a.txt", "old");
  bool is_set_up_ = false;
};

TEST_F(FullDisk, IsReported) {
  EXPECT_EQ(thrown_message<DataError>([&] { write_file(path_, "new"); }),
            path_.string() + ": cannot write it: No space left on device" + kRemedy);
}

TEST_F(FullDisk, IsReportedForContentAboveTheBuffer) {
  EXPECT_EQ(thrown_message<DataError>([&] { write_file(path_, std::string(1 << 20, 'x')); }),
            path_.string() + ": cannot write it: No space left on device" + kRemedy);
}

TEST_F(FullDisk, LeavesTheOldFile) {
  EXPECT_THROW(write_file(path_, "new"), DataError);
  EXPECT_EQ(read_file(path_), "old");
}

TEST_F(FullDisk, LeavesNoPart) {
  EXPECT_THROW(write_file(path_, "new"), DataError);
  EXPECT_FALSE(fs::is_symlink(dir_ / "a.txt.part"));
}

TEST(ReadFile, ReadsAFileLargerThanItsBlock) {
  const TempDir dir;
  std::string content(200'000, 'a');
  content.back() = 'z';
  EXPECT_EQ(read_file(dir.write("a", content)), content);
}

TEST(ReadFile, ReadsAnEmptyFile) {
  const TempDir dir;
  EXPECT_EQ(read_file(dir.write("a", "")), "");
}

TEST(ReadFile, ReportsAMissingFile) {
  const TempDir dir;
  EXPECT_EQ(thrown_message<DataError>([&] { read_file(dir / "a"); }),
            (dir / "a").string() + ": cannot open it: No such file or directory" + kRemedy);
}

TEST(ReadFile, ReportsAFolder) {
  const TempDir dir;
  EXPECT_EQ(thrown_message<DataError>([&] { read_file(dir.path()); }),
            dir.path().string() + ": cannot read it: Is a directory" + kRemedy);
}

TEST(ReadFile, RefusesMoreThanMaxBytes) {
  const TempDir dir;
  const fs::path path = dir.write("a", "12345");
  EXPECT_EQ(
      thrown_message<DataError>([&] { read_file(path, 4); }),
      path.string() + ": more than 4 bytes; expected a smaller file\n  Is this the right file?");
}

TEST(ReadFile, AcceptsExactlyMaxBytes) {
  const TempDir dir;
  EXPECT_EQ(read_file(dir.write("a", "1234"), 4), "1234");
}

/// KINEGRAPH_HOME for one test.
class ResourceDir : public testing::Test {
 protected:
  ResourceDir() {
    if (const char* home = getenv("KINEGRAPH_HOME")) old_home_ = home;
    setenv("KINEGRAPH_HOME", dir_.path().c_str(), 1);
  }
  ~ResourceDir() override {
    if (old_home_.empty())
      unsetenv("KINEGRAPH_HOME");
    else
      setenv("KINEGRAPH_HOME", old_home_.c_str(), 1);
  }

  TempDir dir_;
  std::string old_home_;
};

TEST_F(ResourceDir, IsKinegraphHome) {
  fs::create_directories(dir_ / "configs");
  fs::create_directories(dir_ / "datasets/skeletons");
  EXPECT_EQ(resource_dir(), dir_.path());
}

TEST_F(ResourceDir, ReportsAWrongKinegraphHome) {
  fs::create_directories(dir_ / "configs");
  EXPECT_EQ(thrown_message<Error>([] { resource_dir(); }),
            "KINEGRAPH_HOME: '" + dir_.path().string() +
                "' lacks configs or datasets/skeletons; expected the folder of a Kinegraph "
                "checkout or of its share/kinegraph\n  Correct the variable or unset it.");
}

TEST_F(ResourceDir, HoldsShippedFiles) {
  fs::create_directories(dir_ / "datasets/skeletons");
  const fs::path shipped = dir_.write("configs/toy/only_here.yaml", "");
  EXPECT_EQ(find_shipped("configs/toy/only_here.yaml"), shipped);
}

TEST_F(ResourceDir, IsNotAskedForAFileThatIsThere) {
  fs::create_directories(dir_ / "datasets/skeletons");
  const fs::path mine = dir_.write("configs/toy/mine.yaml", "");
  const fs::path old = fs::current_path();
  const TempDir here;
  here.write("configs/toy/mine.yaml", "");
  fs::current_path(here.path());
  EXPECT_EQ(find_shipped("configs/toy/mine.yaml"), "configs/toy/mine.yaml");
  fs::current_path(old);
  EXPECT_EQ(find_shipped(mine), mine);
}

TEST_F(ResourceDir, LeavesAPathThatIsNowhere) {
  fs::create_directories(dir_ / "configs");
  fs::create_directories(dir_ / "datasets/skeletons");
  EXPECT_EQ(find_shipped("nowhere.yaml"), "nowhere.yaml");
  EXPECT_EQ(find_shipped(dir_ / "nowhere.yaml"), dir_ / "nowhere.yaml");
}

}  // namespace
}  // namespace kinegraph
