// Annotation pickles named in a config, and persons listed by frame.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "datasets/formats/frame_persons.h"
#include "datasets/formats/store_cache.h"
#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/data/dataset.h"
#include "framework/registry/registry.h"
#include "tests/datasets/pyskl_pickles.h"
#include "tests/support/config_text.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;

class StoreCache : public testing::Test {
 protected:
  StoreCache() {
    setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    folder_.write("data/a.pkl", "first");
  }
  ~StoreCache() override { unsetenv("XDG_CACHE_HOME"); }

  fs::path cached(const std::string& options = "") const {
    return cached_store(source_, options, [&](const fs::path& store) {
      ++*made_;
      write_file(store, "made of " + read_file(source_));
    });
  }

  TempDir folder_;
  fs::path source_ = folder_ / "data/a.pkl";
  std::shared_ptr<int> made_ = std::make_shared<int>(0);
};

TEST_F(StoreCache, MakesAStoreOnceBesideTheSource) {
  const fs::path store = cached();
  EXPECT_EQ(store.parent_path(), folder_ / "data");
  EXPECT_EQ(read_file(store), "made of first");
  EXPECT_EQ(cached(), store);
  EXPECT_EQ(*made_, 1);
}

TEST_F(StoreCache, OtherOptionsAreAnotherStore) {
  EXPECT_NE(cached("skeleton: a"), cached("skeleton: b"));
  EXPECT_EQ(*made_, 2);
}

TEST_F(StoreCache, AChangedSourceIsConvertedAgain) {
  const fs::path store = cached();
  folder_.write("data/a.pkl", "other");
  fs::last_write_time(source_, fs::file_time_type::clock::now() + std::chrono::seconds(9));
  EXPECT_EQ(read_file(cached()), "made of other");
  EXPECT_EQ(*made_, 2);
}

TEST_F(StoreCache, ASourceThatIsOnlyNewerIsNot) {
  cached();
  fs::last_write_time(source_, fs::file_time_type::clock::now() + std::chrono::seconds(9));
  cached();
  EXPECT_EQ(*made_, 1);
}

TEST_F(StoreCache, AFailureLeavesNothingAndIsTriedAgain) {
  EXPECT_EQ(thrown_message<DataError>(
                [&] { cached_store(source_, "", [](const fs::path&) { throw DataError("no"); }); }),
            "no");
  EXPECT_EQ(read_file(cached()), "made of first");
}

TEST_F(StoreCache, AReadOnlyFolderIsServedFromTheUsersCache) {
  fs::create_directories(folder_ / "cache");
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(folder_ / "cache", fs::perms(0777));
  fs::permissions(folder_ / "data", fs::perms(0555));
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(2);
    ::_exit(cached().parent_path() == folder_ / "cache/kinegraph" && *made_ == 1 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  fs::permissions(folder_ / "data", fs::perms(0755));
}

TEST_F(StoreCache, ProcessesWaitForTheOneThatMakesTheStore) {
  constexpr int kProcesses = 4;
  const fs::path log = folder_ / "log";
  for (int i = 0; i < kProcesses; ++i) {
    if (::fork() != 0) continue;
    cached_store(source_, "", [&](const fs::path& store) {
      ::usleep(100'000);
      std::ofstream(log, std::ios::app) << "made\n";
      write_file(store, "made");
    });
    ::_exit(0);
  }
  for (int i = 0; i < kProcesses; ++i) {
    int status = -1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_file(log), "made\n");
}

TEST_F(StoreCache, RefusesAMissingSource) {
  fs::remove(source_);
  EXPECT_EQ(thrown_message<DataError>([&] { cached(); }),
            source_.string() +
                ": cannot read it: No such file or directory\n"
                "  Check the path and the permissions.");
}

class PysklDataset : public testing::Test {
 protected:
  PysklDataset() { setenv("KINEGRAPH_HOME", source_dir().c_str(), 1); }

  /// Three frames: persons with box scores 0.9 and 0.6, none, one of 0.3.
  static TestAnnotation listed(const std::string& id, int64_t valid) {
    TestAnnotation clip;
    clip.id = id;
    clip.shape = {3, 17, 3};
    clip.total_frames = 3;
    clip.values.assign(153, 0);
    for (size_t row = 0; row < 3; ++row)
      for (size_t joint = 0; joint < 17; ++joint) {
        clip.values[(row * 17 + joint) * 3] = static_cast<double>(row + 1);
        clip.values[(row * 17 + joint) * 3 + 2] = row == 1 ? 1 : 0.5;
      }
    clip.more = [valid](pickle::Writer& w) {
      w.text("frame_inds");
      const int16_t frames[] = {0, 0, 2};
      pickle::write_array(w, {'i', 2, false}, {3}, {reinterpret_cast<const char*>(frames), 6});
      write_field(w, "box_score", {'f', 8, false}, {3}, {0.9, 0.6, 0.3});
      w.text("valid");
      w.begin_dict();
      w.real(0.5);
      w.integer(valid);
      w.end_dict();
    };
    return clip;
  }
  std::shared_ptr<Dataset> open(const std::string& options) const {
    Diagnostics diagnostics;
    Component<Dataset> dataset;
    const std::string text = fmt::format("dataset: {{type: pyskl, ann_file: {}, split: train{}}}",
                                         (folder_ / "a.pkl").string(), options);
    dataset.read(*parse_yaml(text, "c.yaml", diagnostics).find("dataset"), diagnostics);
    diagnostics.throw_if_any();
    return dataset.build({});
  }
  Sample read(const std::string& options) const {
    Sample sample;
    open(options)->read(0, sample);
    return sample;
  }
  void write_listed() const {
    folder_.write("a.pkl", pyskl_pickle({listed("poor", 1), listed("rich", 3)},
                                        {{"train", {"poor", "rich"}}}));
  }
  /// x of joint 0: one row a person, one value a frame.
  static std::vector<std::vector<double>> first_joints(const Sample& sample) {
    std::vector<std::vector<double>> rows;
    for (int64_t m = 0; m < sample.keypoints.persons; ++m) {
      rows.emplace_back();
      for (int64_t t = 0; t < sample.keypoints.frames; ++t)
        rows.back().push_back(sample.keypoints.joint(m, t, 0)[0]);
    }
    return rows;
  }

  TempDir folder_;
};

using Rows = std::vector<std::vector<double>>;

TEST_F(PysklDataset, OpensAnAnnotationFileDirectly) {
  folder_.write("a.pkl", pyskl_pickle({TestAnnotation{}}, {{"train", {"one"}}}));
  const auto dataset = open("");
  EXPECT_EQ(dataset->size(), 1);
  EXPECT_EQ(dataset->info().skeleton.name, "ntu25");
  EXPECT_EQ(read("").keypoints.values, TestAnnotation{}.content());
}

TEST_F(PysklDataset, ReadsAStoreInThePlaceOfThePickle) {
  folder_.write("a.pkl", pyskl_pickle({TestAnnotation{}}, {{"train", {"one"}}}));
  const fs::path made = open("")->info().source;
  fs::rename(made, folder_ / "other.h5");
  fs::remove(folder_ / "a.pkl");
  const fs::path store = folder_ / "other.h5";
  EXPECT_EQ(open(", path: " + store.string())->info().source, store);
}

TEST_F(PysklDataset, HandsItsOptionsToTheImport) {
  TestAnnotation clip;
  clip.label = 1;
  folder_.write("a.pkl", pyskl_pickle({clip}, {{"train", {"one"}}}));
  EXPECT_EQ(open(", import: {class_names: [a, b]}")->info().class_names[1], "b");
}

TEST_F(PysklDataset, WithoutAValidRatioAllPersonsAndClipsStay) {
  write_listed();
  EXPECT_EQ(open("")->size(), 2);
  EXPECT_EQ(first_joints(read("")), (Rows{{1, 0, 3}, {2, 0, 0}}));
}

TEST_F(PysklDataset, AValidRatioKeepsClipsAndPersonsAboveTheThreshold) {
  write_listed();
  EXPECT_EQ(open(", valid_ratio: 0.5")->size(), 1);
  EXPECT_EQ(read(", valid_ratio: 0.5").id, "rich");
  EXPECT_EQ(first_joints(read(", valid_ratio: 0.5")), (Rows{{1, 0, 0}, {2, 0, 0}}));
}

TEST_F(PysklDataset, SqueezeLeavesOutFramesWithoutPersons) {
  write_listed();
  EXPECT_EQ(first_joints(read(", squeeze: true")), (Rows{{1, 3}, {2, 0}}));
}

TEST_F(PysklDataset, FewerPersonsAreThoseWithTheHighestScores) {
  write_listed();
  const Sample sample = read(", max_persons: 1");
  EXPECT_EQ(first_joints(sample), (Rows{{2, 0, 3}}));
  EXPECT_EQ(sample.scores[0], 1);
  EXPECT_EQ(sample.scores[2 * 17], 0.5);
}

TEST_F(PysklDataset, AValidRatioNeedsCountsAndBoxScores) {
  folder_.write("a.pkl", pyskl_pickle({TestAnnotation{}}, {{"train", {"one"}}}));
  const std::string error = thrown_message<DataError>([&] { open(", valid_ratio: 0.5"); });
  EXPECT_NE(error.find("valid_0.5"), std::string::npos) << error;
}

TEST(FramePersons, SumsScoresAsNumpySumsHalves) {
  // 17 scores whose float32 sums differ by less than a half can show: equal, so the first stays.
  StoreInfo info;
  info.num_joints = 17;
  info.channels = "xy";
  info.precision = Precision::float16;
  Clip clip;
  clip.num_frames = 1;
  clip.frame_persons = {2};
  clip.keypoints.assign(68, 1);
  std::fill(clip.keypoints.begin() + 34, clip.keypoints.end(), 2);
  clip.scores.assign(34, 0.5);
  clip.scores[17] = 0.5009765625;
  FramePersons persons(clip, info);
  persons.keep_highest(1);
  Sample sample;
  persons.fill(1, sample);
  EXPECT_EQ(sample.keypoints.values[0], 1);
}

}  // namespace
}  // namespace kinegraph
