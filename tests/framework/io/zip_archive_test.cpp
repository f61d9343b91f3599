#include "framework/io/zip_archive.h"

#include <gtest/gtest.h>

#include <thread>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"
#include "tests/support/write_zip.h"

namespace kinegraph {
namespace {

constexpr char kRemedy[] =
    "; expected a whole zip archive that is not encrypted\n  Download it again.";

class ZipArchiveFile : public testing::Test {
 protected:
  /// An entry of 200,000 bytes that packs well.
  static std::string long_text() { return std::string(200'000, 'x') + "end"; }

  void write() const { write_zip(path_, {{"a.txt", "alpha"}, {"folder/b.txt", long_text()}}); }
  static std::string read(const ZipArchive& archive, size_t index, size_t most = 1 << 20) {
    return archive.read(archive.entries().at(index), most);
  }

  TempDir folder_;
  std::filesystem::path path_ = folder_ / "some.zip";
};

TEST_F(ZipArchiveFile, ListsItsEntries) {
  write();
  const auto entries = ZipArchive(path_).entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "a.txt");
  EXPECT_EQ(entries[1].name, "folder/b.txt");
}

TEST_F(ZipArchiveFile, UnpacksEntries) {
  write();
  const ZipArchive archive(path_);
  EXPECT_EQ(read(archive, 0), "alpha");
  EXPECT_EQ(read(archive, 1), long_text());
}

TEST_F(ZipArchiveFile, ServesManyThreads) {
  write();
  const ZipArchive archive(path_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat) EXPECT_EQ(read(archive, 1), long_text());
    });
  for (auto& thread : threads) thread.join();
}

TEST_F(ZipArchiveFile, BoundsWhatAnEntryMayUnpackTo) {
  write();
  EXPECT_EQ(read(ZipArchive(path_), 0, 5), "alpha");
  EXPECT_EQ(thrown_message<DataError>([&] { read(ZipArchive(path_), 0, 4); }),
            path_.string() +
                ": a.txt: more than 4 bytes; expected a smaller file\n"
                "  Is this the right archive?");
}

TEST_F(ZipArchiveFile, RefusesWhatIsNoArchive) {
  write_file(path_, "text");
  EXPECT_EQ(thrown_message<DataError>([&] { ZipArchive{path_}; }),
            path_.string() + ": cannot open it as a zip archive (Not a zip archive)" + kRemedy);
}

TEST_F(ZipArchiveFile, RefusesAMissingFile) {
  EXPECT_EQ(thrown_message<DataError>([&] { ZipArchive{path_}; }),
            path_.string() + ": cannot open it as a zip archive (No such file)" + kRemedy);
}

TEST_F(ZipArchiveFile, RefusesATruncatedArchive) {
  write();
  const std::string whole = read_file(path_);
  write_file(path_, whole.substr(0, whole.size() / 2));
  const std::string error = thrown_message<DataError>([&] { ZipArchive{path_}; });
  EXPECT_EQ(error.find(path_.string() + ": cannot open it as a zip archive ("), 0U) << error;
  EXPECT_NE(error.find(std::string(")") + kRemedy), std::string::npos) << error;
}

TEST_F(ZipArchiveFile, RefusesAnEntryWhoseChecksumIsWrong) {
  write_zip(path_, {{"a.txt", "alpha"}});
  std::string bytes = read_file(path_);
  bytes[bytes.find("alpha")] = 'A';  // so short a text is stored as it is
  write_file(path_, bytes);
  EXPECT_EQ(thrown_message<DataError>([&] { read(ZipArchive(path_), 0); }),
            path_.string() + ": a.txt: cannot unpack it (CRC error)" + kRemedy);
}

}  // namespace
}  // namespace kinegraph
