#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/eval/scores.h"
#include "framework/io/hdf5.h"
#include "tests/framework/eval/toy_scores.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class ScoresFile : public testing::Test {
 protected:
  ~ScoresFile() override { fs::remove_all(folder_); }

  std::string read_error() const {
    return message_of<DataError>([&] { read_scores(path_); });
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) / fmt::format("kinegraph_scores_{}", ::getpid());
  const fs::path path_ = folder_ / "joint.h5";
  const Scores scores_{{"S001/a b", "ü"},
                       {2, 0},
                       {"drink", "eat, or \"dine\"", "喝水"},
                       {0.1f, -2, 3e38f, 0, 1, 2.5f},
                       ScoreKind::weighted_sum};
};

TEST_F(ScoresFile, ReadsWhatWasWritten) {
  write_scores(scores_, path_);
  const Scores copy = read_scores(path_);
  EXPECT_EQ(copy.ids, scores_.ids);
  EXPECT_EQ(copy.labels, scores_.labels);
  EXPECT_EQ(copy.class_names, scores_.class_names);
  EXPECT_EQ(copy.values, scores_.values);
  EXPECT_EQ(copy.kind, scores_.kind);
}

TEST_F(ScoresFile, HasTheDocumentedLayout) {
  write_scores(scores_, path_, {{"stream", "joint"}});
  const auto file = Hdf5File::open(path_);
  EXPECT_EQ(file.list(), (std::vector<std::string>{"class_names", "ids", "labels", "scores"}));
  EXPECT_EQ(file.inspect("/scores").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(file.inspect("/scores").type, ElementType::float32);
  EXPECT_EQ(file.inspect("/labels").type, ElementType::int64);
  EXPECT_EQ(file.read_attribute<std::string>("/", "format"), "kinegraph scores 1");
  EXPECT_EQ(file.read_attribute<std::string>("/", "stream"), "joint");
  EXPECT_EQ(file.read_attribute<std::string>("/scores", "kind"), "weighted_sum");
  EXPECT_EQ(file.read_attribute<std::string>("/scores", "sha256"), sha256_of(scores_));
}

TEST_F(ScoresFile, IsTheSameEveryTime) {
  write_scores(scores_, path_);
  const std::string first = read_file(path_);
  write_scores(scores_, path_);
  EXPECT_EQ(read_file(path_), first);
}

TEST_F(ScoresFile, RefusesAnotherFormat) {
  fs::create_directories(folder_);
  Hdf5File::create(path_).write("/scores", std::vector<float>{1});
  EXPECT_EQ(read_error(), path_.string() +
                              ": /: format 'none'; expected 'kinegraph scores 1'\n"
                              "  Is this a file of scores?");
}

TEST_F(ScoresFile, RefusesChangedScores) {
  write_scores(scores_, path_);
  const auto offset = Hdf5File::open(path_).inspect("/scores").file_offset;
  ASSERT_TRUE(offset);
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(*offset).put('!');
  EXPECT_EQ(read_error(),
            path_.string() +
                ": /scores: other values than were written; expected the values of its SHA-256\n"
                "  The file is damaged; make it again.");
}

TEST_F(ScoresFile, RefusesAShapeThatDoesNotFit) {
  fs::create_directories(folder_);
  auto file = Hdf5File::create(path_);
  file.write_attribute("/", "format", std::string("kinegraph scores 1"));
  file.write("/ids", std::vector<std::string>{"a", "b"});
  file.write("/class_names", std::vector<std::string>{"x", "y", "z"});
  file.write("/scores", Hdf5Array<float>{{3, 2}, {1, 2, 3, 4, 5, 6}});
  file.close();
  EXPECT_EQ(read_error(), path_.string() +
                              ": /scores: shape (3, 2); expected (2, 3): clips, classes\n"
                              "  The file is damaged; make it again.");
}

TEST_F(ScoresFile, NamesTheFileOfABadScore) {
  Scores broken = scores_;
  broken.values[4] = std::nanf("");
  write_scores(broken, path_);
  EXPECT_EQ(read_error(), path_.string() +
                              ": clip ü: score nan for class 1 (eat, or \"dine\"); expected finite "
                              "scores\n  Check the clip's keypoints, and whether the training "
                              "diverged.");
}

}  // namespace
}  // namespace kinegraph
