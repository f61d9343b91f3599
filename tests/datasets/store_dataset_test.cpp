#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "framework/base/error.h"
#include "framework/data/dataset.h"
#include "framework/io/annotation_store_writer.h"
#include "tests/support/config_text.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

StoreInfo leg_info(PersonLayout layout = PersonLayout::dense) {
  StoreInfo info;
  info.skeleton = "leg";
  info.skeleton_layout = leg_skeleton().to_yaml();
  info.num_joints = 3;
  info.channels = "xy";
  info.coordinates = Coordinates::pixels;
  info.person_layout = layout;
  info.precision = Precision::float64;
  info.class_names = {"walk", "run"};
  return info;
}

/// A clip whose coordinates are `first`, `first` + 1, ...
Clip leg_clip(const std::string& id, int64_t persons, int64_t frames, double first) {
  Clip clip;
  clip.id = id;
  clip.labels = {0};
  clip.num_persons = persons;
  clip.num_frames = frames;
  for (int64_t i = 0; i < persons * frames * 6; ++i)
    clip.keypoints.push_back(first + static_cast<double>(i));
  return clip;
}

/// The same with persons listed frame by frame, each of box score 1.
Clip leg_clip_of_frames(const std::string& id, const Integers& counts) {
  int64_t person_frames = 0;
  for (const int64_t count : counts) person_frames += count;
  Clip clip = leg_clip(id, person_frames, 1, 0);
  clip.num_persons = 0;
  clip.num_frames = static_cast<int64_t>(counts.size());
  clip.frame_persons = counts;
  clip.box_scores = Doubles(static_cast<size_t>(person_frames), 1);
  return clip;
}

class StoreDataset : public testing::Test {
 protected:
  void write(const std::vector<Clip>& clips, StoreInfo info = leg_info()) const {
    AnnotationStoreWriter writer(path_, std::move(info));
    for (const auto& clip : clips) writer.add(clip);
    writer.set_split("train", {0});
    writer.set_split("val", clips.size() > 1 ? Integers{1} : Integers{});
    writer.finish();
  }
  /// The first clip has one person, the second has two.
  void write_two() const { write({leg_clip("one", 1, 2, 0), leg_clip("two", 2, 1, 100)}); }

  std::shared_ptr<Dataset> open(const std::string& options) const {
    Diagnostics diagnostics;
    Component<Dataset> dataset;
    const std::string text =
        fmt::format("dataset: {{type: store, path: {}, {}}}", path_.string(), options);
    dataset.read(*parse_yaml(text, "c.yaml", diagnostics).find("dataset"), diagnostics);
    diagnostics.throw_if_any();
    return dataset.build({});
  }
  Sample read(const std::string& options, int64_t index = 0) const {
    Sample sample;
    open(options)->read(index, sample);
    return sample;
  }
  /// The error of `action`, with the store named by its file name alone.
  template <class Action>
  std::string error_of(Action&& action) const {
    std::string text = thrown_message<Error>(action);
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }

  TempDir folder_;
  fs::path path_ = folder_ / "store.h5";
};

TEST_F(StoreDataset, GivesEveryClipWhereTheSplitIsNull) {
  write_two();
  const auto dataset = open("split: null");
  ASSERT_EQ(dataset->size(), 2);
  Sample sample;
  dataset->read(1, sample);
  EXPECT_EQ(sample.id, "two");
}

TEST_F(StoreDataset, LeavesAbsentPersonsOutOnRequest) {
  write_two();
  EXPECT_EQ(read("split: train").keypoints.shape_text(), "2x2x3x2 (M,T,V,C)");
  EXPECT_EQ(read("split: train, pad_persons: false").keypoints.shape_text(), "1x2x3x2 (M,T,V,C)");
  EXPECT_EQ(read("split: train, pad_persons: false, max_persons: 5").keypoints.values,
            read("split: train, max_persons: 1").keypoints.values);
  EXPECT_EQ(read("split: val, pad_persons: false, max_persons: 1").keypoints.shape_text(),
            "1x1x3x2 (M,T,V,C)");
}

TEST_F(StoreDataset, NeedsASplitOrNull) {
  write_two();
  EXPECT_NE(error_of([&] { open("repeat: 1"); }).find("'split'"), std::string::npos);
}

TEST_F(StoreDataset, TellsWhatTheDataAre) {
  write_two();
  const DataInfo info = open("split: train")->info();
  EXPECT_EQ(info.source, path_.string());
  EXPECT_EQ(info.skeleton, leg_skeleton());
  EXPECT_EQ(info.class_names, (std::vector<std::string>{"walk", "run"}));
  EXPECT_EQ(info.content_hash.size(), 64U);
}

TEST_F(StoreDataset, ReadsTheClipsOfItsSplitOnly) {
  write_two();
  EXPECT_EQ(open("split: train")->size(), 1);
  EXPECT_EQ(read("split: train").id, "one");
  EXPECT_EQ(read("split: val").id, "two");
}

TEST_F(StoreDataset, FillsTheWholeSample) {
  Clip clip = leg_clip("both", 2, 2, 1);
  clip.labels = {1, 0};
  clip.scores = {.1, .2, .3, .4, .5, .6, .7, .8, .9, 0, 1, .5};
  clip.image_width = 640;
  clip.image_height = 480;
  write({clip});
  const Sample sample = read("split: train");
  EXPECT_EQ(sample.keypoints.shape_text(), "2x2x3x2 (M,T,V,C)");
  EXPECT_EQ(sample.keypoints.values, clip.keypoints);
  EXPECT_EQ(sample.scores, clip.scores);
  EXPECT_EQ(sample.labels, (Integers{1, 0}));
  EXPECT_EQ(sample.image_width, 640);
  EXPECT_EQ(sample.image_height, 480);
}

TEST_F(StoreDataset, WhatTheStoreLacksIsEmpty) {
  Clip clip = leg_clip("bare", 1, 1, 1);
  clip.labels.clear();
  write({clip});
  const Sample sample = read("split: train");
  EXPECT_TRUE(sample.labels.empty());
  EXPECT_TRUE(sample.scores.empty());
  EXPECT_EQ(sample.image_width, 0);
}

TEST_F(StoreDataset, RepeatVisitsEveryClipThatOften) {
  AnnotationStoreWriter writer(path_, leg_info());
  for (const auto& id : {"a", "b"}) writer.add(leg_clip(id, 1, 1, 0));
  writer.set_split("all", {1, 0});
  writer.finish();
  const auto dataset = open("split: all, repeat: 3");
  ASSERT_EQ(dataset->size(), 6);
  std::string order;
  for (int64_t index = 0; index < 6; ++index) {
    Sample sample;
    dataset->read(index, sample);
    order += sample.id;
  }
  EXPECT_EQ(order, "bababa");
}

TEST_F(StoreDataset, GivesEveryClipThePersonsOfTheLargestInTheStore) {
  write_two();
  const Sample sample = read("split: train");
  EXPECT_EQ(sample.keypoints.shape_text(), "2x2x3x2 (M,T,V,C)");
  const auto& values = sample.keypoints.values;
  EXPECT_EQ(Doubles(values.begin(), values.begin() + 12), leg_clip("", 1, 2, 0).keypoints);
  EXPECT_EQ(Doubles(values.begin() + 12, values.end()), Doubles(12, 0));
}

TEST_F(StoreDataset, MaxPersonsKeepsTheFirstPersons) {
  write_two();
  const Sample sample = read("split: val, max_persons: 1");
  EXPECT_EQ(sample.keypoints.shape_text(), "1x1x3x2 (M,T,V,C)");
  EXPECT_EQ(sample.keypoints.values, (Doubles{100, 101, 102, 103, 104, 105}));
}

TEST_F(StoreDataset, MaxPersonsAboveThoseOfAClipAddsAbsentOnes) {
  write_two();
  const Sample sample = read("split: val, max_persons: 3");
  EXPECT_EQ(sample.keypoints.shape_text(), "3x1x3x2 (M,T,V,C)");
  const auto& values = sample.keypoints.values;
  EXPECT_EQ(Doubles(values.begin() + 12, values.end()), Doubles(6, 0));
}

TEST_F(StoreDataset, PersonsThatAFrameLacksAreZero) {
  Clip clip = leg_clip("crowd", 1, 3, 1);  // three person-frames: two in frame 0, one in frame 2
  clip.num_persons = 0;
  clip.frame_persons = {2, 0, 1};
  write({clip}, leg_info(PersonLayout::frame_persons));
  const Sample sample = read("split: train");
  EXPECT_EQ(sample.keypoints.shape_text(), "2x3x3x2 (M,T,V,C)");
  EXPECT_EQ(sample.keypoints.values,
            (Doubles{1, 2, 3, 4,  5,  6,  0, 0, 0, 0, 0, 0, 13, 14, 15, 16, 17, 18,
                     7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0}));
}

TEST_F(StoreDataset, PersonsListedByFrameKeepTheirCountsAndBoxScores) {
  Clip clip = leg_clip("crowd", 1, 3, 1);
  clip.num_persons = 0;
  clip.frame_persons = {2, 0, 1};
  clip.box_scores = {0.5, 0.25, 1};
  write({clip, leg_clip_of_frames("larger", {4})}, leg_info(PersonLayout::frame_persons));
  const Sample all = read("split: train, list_persons: true");
  EXPECT_EQ(all.keypoints.persons, 2);
  EXPECT_EQ(all.frame_persons, (Integers{2, 0, 1}));
  EXPECT_EQ(all.box_scores, (Doubles{0.5, 0, 1, 0.25, 0, 0}));
  const Sample first = read("split: train, list_persons: true, max_persons: 1");
  EXPECT_EQ(first.frame_persons, (Integers{1, 0, 1}));
  EXPECT_EQ(first.box_scores, (Doubles{0.5, 0, 1}));
}

TEST_F(StoreDataset, ThePrecisionIsThatOfTheStore) {
  StoreInfo info = leg_info();
  info.precision = Precision::float16;
  write({leg_clip("one", 1, 2, 0)}, info);
  EXPECT_EQ(read("split: train").precision, Precision::float16);
}

TEST_F(StoreDataset, ReadAgainIntoAUsedSampleGivesTheSame) {
  write_two();
  const auto dataset = open("split: val");
  Sample sample = toy_clip(1, 1, 1, 1, {7});
  dataset->read(0, sample);
  EXPECT_EQ(sample.keypoints.values, read("split: val").keypoints.values);
}

TEST_F(StoreDataset, RefusesAMissingJointAndSaysWhere) {
  Clip clip = leg_clip("torn", 2, 2, 0);
  clip.keypoints[(3 * 3 + 1) * 2 + 1] = kNaN;
  write({clip});
  EXPECT_EQ(error_of([&] { read("split: train"); }),
            "store.h5: clip torn, person 1, frame 1, joint 1 (knee): the coordinate is nan; "
            "expected a finite number\n"
            "  Mend the source and import again, or set the data set's 'missing: zero'.");
  clip.keypoints[2] = -std::numeric_limits<double>::infinity();
  write({clip});
  EXPECT_EQ(error_of([&] { read("split: train, missing: error"); }),
            "store.h5: clip torn, person 0, frame 0, joint 1 (knee): the coordinate is -inf; "
            "expected a finite number\n"
            "  Mend the source and import again, or set the data set's 'missing: zero'.");
}

TEST_F(StoreDataset, MissingZeroSetsTheCoordinateToZero) {
  Clip clip = leg_clip("torn", 1, 1, 1);
  clip.keypoints[3] = kNaN;
  clip.keypoints[4] = std::numeric_limits<double>::infinity();
  write({clip});
  EXPECT_EQ(read("split: train, missing: zero").keypoints.values, (Doubles{1, 2, 3, 0, 0, 6}));
}

TEST_F(StoreDataset, MissingJointsOfPersonsThatAreLeftOutDoNotMatter) {
  Clip clip = leg_clip("torn", 2, 1, 1);
  clip.keypoints.back() = kNaN;
  write({clip});
  EXPECT_EQ(read("split: train, max_persons: 1").keypoints.values, (Doubles{1, 2, 3, 4, 5, 6}));
}

TEST_F(StoreDataset, RefusesAnUnknownSplitAndListsThoseThereAre) {
  write_two();
  EXPECT_EQ(error_of([&] { open("split: vals"); }),
            "store.h5: no split 'vals'; did you mean 'val'?; expected one of train, val\n"
            "  Choose a split that the store has.");
}

TEST_F(StoreDataset, AnEmptySplitHasSizeZero) {
  write({leg_clip("only", 1, 1, 0)});
  EXPECT_EQ(open("split: val, repeat: 5")->size(), 0);
}

TEST_F(StoreDataset, RefusesAnAbsentFile) {
  EXPECT_EQ(error_of([&] { open("split: train"); }),
            "store.h5: no such file\n"
            "  Check the path, or make the store with `kinegraph import`.");
}

TEST_F(StoreDataset, RefusesATruncatedFile) {
  write_two();
  fs::resize_file(path_, fs::file_size(path_) - 1);
  const std::string error = error_of([&] { open("split: train"); });
  EXPECT_EQ(error.find("store.h5: cannot open it as an HDF5 file (HDF5: truncated file: "), 0U)
      << error;
}

TEST_F(StoreDataset, RefusesAFileThatWasTruncatedSinceItWasOpened) {
  write_two();
  const auto dataset = open("split: train");
  fs::resize_file(path_, 100);
  Sample sample;
  EXPECT_EQ(error_of([&] { dataset->read(0, sample); }),
            "store.h5: the file ends early\n"
            "  The file is damaged or was changed; import the data again.");
}

TEST_F(StoreDataset, RefusesASkeletonWithAnotherNumberOfJoints) {
  StoreInfo info = leg_info();
  info.num_joints = 2;
  Clip clip = leg_clip("short", 1, 1, 0);
  clip.keypoints.resize(4);
  write({clip}, info);
  EXPECT_EQ(error_of([&] { open("split: train"); }),
            "store.h5: 2 joints, but its skeleton 'leg' has 3; expected the same number\n"
            "  Import the data again with the right skeleton.");
}

TEST_F(StoreDataset, ReportsFaultyOptionsInFull) {
  Diagnostics diagnostics;
  Component<Dataset> dataset;
  dataset.read(tree_of("{type: store, repeat: 0, max_persons: 0, missing: zeros, splt: a}"),
               diagnostics);
  EXPECT_EQ(messages_of(diagnostics),
            "c.yaml:1:1: missing key 'path' in dataset 'store'\n"
            "c.yaml:1:1: missing key 'split' in dataset 'store'\n"
            "c.yaml:1:23: 'repeat' is 0; expected 1..1000\n"
            "c.yaml:1:39: 'max_persons' is 0; expected 1..100\n"
            "c.yaml:1:51: 'missing' is 'zeros'; did you mean 'zero'?\n"
            "  expected one of: error, zero\n"
            "c.yaml:1:58: unknown key 'splt' in dataset 'store'; did you mean 'split'?\n"
            "  known keys: path, split, repeat, max_persons, pad_persons, missing, valid_ratio, "
            "box_thr, squeeze, list_persons");
}

}  // namespace
}  // namespace kinegraph
