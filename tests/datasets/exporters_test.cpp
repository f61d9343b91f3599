// Stores that leave the house: they come back as they were, and Python reads them.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/data/exporter.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/skeleton/skeleton.h"
#include "tests/datasets/run_import.h"
#include "tests/support/python.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

StoreInfo coco_info(PersonLayout layout) {
  StoreInfo info;
  info.skeleton = "coco17";
  info.skeleton_layout = Skeleton::load(source_dir() / "datasets/skeletons/coco17.yaml").to_yaml();
  info.num_joints = 17;
  info.channels = "xy";
  info.coordinates = Coordinates::normalised;
  info.person_layout = layout;
  info.precision = Precision::float16;
  info.class_names = {"sit", "stand", "never"};
  return info;
}

std::vector<double> rising(size_t count, double first) {
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(first + static_cast<double>(i) / 4);
  return values;
}

Clip dense_clip(const std::string& id, int64_t persons, int64_t frames) {
  Clip clip;
  clip.id = id;
  clip.labels = {1};
  clip.num_persons = persons;
  clip.num_frames = frames;
  const auto joints = static_cast<size_t>(persons * frames * 17);
  clip.keypoints = rising(joints * 2, 1);
  clip.scores = rising(joints, 0.25);
  clip.box_scores = rising(static_cast<size_t>(persons), 0.1);
  clip.timestamps = rising(static_cast<size_t>(frames), 2);
  clip.track_ids.assign(static_cast<size_t>(persons), 7);
  return clip;
}

Clip listed_clip(const std::string& id, const Integers& frame_persons) {
  Clip clip;
  clip.id = id;
  clip.num_frames = static_cast<int64_t>(frame_persons.size());
  clip.frame_persons = frame_persons;
  size_t rows = 0;
  for (const int64_t count : frame_persons) rows += static_cast<size_t>(count);
  clip.keypoints = rising(rows * 34, 1);
  clip.scores = rising(rows * 17, 0.25);
  clip.box_scores = rising(rows, 0.5);
  return clip;
}

void expect_equal(const Clip& a, const Clip& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.num_frames, b.num_frames);
  EXPECT_EQ(a.num_persons, b.num_persons);
  EXPECT_EQ(a.keypoints, b.keypoints);
  EXPECT_EQ(a.scores, b.scores);
  EXPECT_EQ(a.frame_persons, b.frame_persons);
  EXPECT_EQ(a.box_scores, b.box_scores);
  EXPECT_EQ(a.timestamps, b.timestamps);
  EXPECT_EQ(a.track_ids, b.track_ids);
  EXPECT_EQ(a.subject, b.subject);
  EXPECT_EQ(a.camera, b.camera);
  EXPECT_EQ(a.fps, b.fps);
  EXPECT_EQ(a.image_height, b.image_height);
  EXPECT_EQ(a.image_width, b.image_width);
}

class Exporters : public testing::Test {
 protected:
  void write(const std::vector<Clip>& clips, PersonLayout layout = PersonLayout::dense) const {
    AnnotationStoreWriter writer(store_, coco_info(layout));
    for (const auto& clip : clips) writer.add(clip);
    writer.set_split("train", {0});
    writer.set_split("val", clips.size() > 1 ? Integers{1} : Integers{});
    writer.set_extra_field("valid_0.5", Integers(clips.size(), 2));
    writer.set_extra_field("note", Strings(clips.size(), "good"));
    writer.finish();
  }
  void write_two() const {
    Clip first = dense_clip("one", 1, 3), second = dense_clip("two", 2, 2);
    first.subject = 4;
    first.fps = 29.97;
    second.image_height = 480;
    second.image_width = 640;
    second.camera = 0;
    write({first, second});
  }
  void export_to(const fs::path& target, const std::string& yaml) const {
    Diagnostics diagnostics;
    Component<Exporter> exporter;
    exporter.read(parse_yaml("exporter: " + yaml, "c.yaml", diagnostics).entries.at(0).value,
                  diagnostics);
    diagnostics.throw_if_any();
    exporter.build({})->write(AnnotationStore::open(store_), target);
  }
  void expect_same_again(const AnnotationStore& back) const {
    const auto store = AnnotationStore::open(store_);
    EXPECT_EQ(back.info().class_names, store.info().class_names);
    EXPECT_EQ(back.info().skeleton, store.info().skeleton);
    EXPECT_EQ(back.info().coordinates, store.info().coordinates);
    EXPECT_EQ(back.info().precision, store.info().precision);
    EXPECT_EQ(back.info().splits, store.info().splits);
    EXPECT_EQ(back.extra_fields(), store.extra_fields());
    ASSERT_EQ(back.num_clips(), store.num_clips());
    for (int64_t clip = 0; clip < store.num_clips(); ++clip)
      expect_equal(back.read(clip), store.read(clip));
  }

  TempDir folder_;
  fs::path store_ = folder_ / "store.h5";
};

TEST_F(Exporters, AnAnnotationPickleBringsTheStoreBack) {
  write_two();
  export_to(folder_ / "a.pkl", "pyskl");
  run_import("pyskl", folder_ / "a.pkl", folder_ / "back.h5");
  expect_same_again(AnnotationStore::open(folder_ / "back.h5"));
}

TEST_F(Exporters, PersonsListedByFrameComeBackToo) {
  write({listed_clip("one", {2, 0, 1}), listed_clip("two", {0, 1})}, PersonLayout::frame_persons);
  export_to(folder_ / "a.pkl", "pyskl");
  run_import("pyskl", folder_ / "a.pkl", folder_ / "back.h5");
  expect_same_again(AnnotationStore::open(folder_ / "back.h5"));
}

TEST_F(Exporters, AScoreChannelBecomesTheScoresOfTheAnnotations) {
  StoreInfo info = coco_info(PersonLayout::dense);
  info.channels = "xys";
  Clip clip = dense_clip("one", 1, 1);
  clip.keypoints = rising(51, 1);
  clip.scores.clear();
  AnnotationStoreWriter writer(store_, info);
  writer.add(clip);
  writer.finish();
  export_to(folder_ / "a.pkl", "pyskl");
  run_import("pyskl", folder_ / "a.pkl", folder_ / "back.h5");
  const auto back = AnnotationStore::open(folder_ / "back.h5");
  EXPECT_EQ(back.info().channels, "xy");
  const Clip same = back.read(0);
  for (size_t joint = 0; joint < 17; ++joint) {
    EXPECT_EQ(same.keypoints[joint * 2], clip.keypoints[joint * 3]);
    EXPECT_EQ(same.keypoints[joint * 2 + 1], clip.keypoints[joint * 3 + 1]);
    EXPECT_EQ(same.scores[joint], clip.keypoints[joint * 3 + 2]);
  }
}

TEST_F(Exporters, PythonReadsTheAnnotationPickle) {
  const Python python;
  if (!python.has_numpy()) GTEST_SKIP() << python.name() << " has no numpy";
  write_two();
  export_to(folder_ / "a.pkl", "pyskl");
  EXPECT_EQ(python.run("import pickle, numpy as np\ndata = pickle.load(open('" +
                       (folder_ / "a.pkl").string() + R"(', 'rb'))
assert data['split'] == {'train': ['one'], 'val': ['two']}
a, b = data['annotations']
assert (a['frame_dir'], a['label'], a['total_frames']) == ('one', 1, 3)
assert b['img_shape'] == (480, 640) and 'img_shape' not in a
x = a['keypoint']
assert x.dtype == np.float16 and x.shape == (1, 3, 17, 2) and x.flags.writeable is not None
assert (x.ravel() == 1 + np.arange(102) / 4).all()
assert a['keypoint_score'].shape == (1, 3, 17) and a['valid'] == {0.5: 2}
)"),
            0)
      << python.output();
}

TEST_F(Exporters, PreparedArraysHoldTheClipsPaddedWithZeros) {
  write_two();
  export_to(folder_ / "npy", "npy");
  run_import("{type: numpy, trim: true, coordinates: normalised}", folder_ / "npy",
             folder_ / "back.h5");
  const auto back = AnnotationStore::open(folder_ / "back.h5");
  const auto store = AnnotationStore::open(store_);
  EXPECT_EQ(back.id(1), "two");
  EXPECT_EQ(back.num_frames(0), 3);
  EXPECT_EQ(back.num_persons(0), 2);
  EXPECT_EQ(back.read(1).keypoints, store.read(1).keypoints);
  EXPECT_EQ(back.read(1).scores, store.read(1).scores);
  std::vector<double> one(102);
  back.read_keypoints(0, one.data(), 1);
  EXPECT_EQ(one, store.read(0).keypoints);
}

TEST_F(Exporters, PythonReadsThePreparedArrays) {
  const Python python;
  if (!python.has_numpy()) GTEST_SKIP() << python.name() << " has no numpy";
  write_two();
  export_to(folder_ / "npy", "{type: npy, frames: 5}");
  EXPECT_EQ(
      python.run("import os, pickle, numpy as np; os.chdir('" + (folder_ / "npy").string() + R"(')
x = np.load('val_data_joint.npy', mmap_mode='r')
assert x.shape == (1, 3, 5, 17, 2) and x.dtype == np.float32
assert x[0, 0, 1, 2, 1] == 1 + (((1 * 2 + 1) * 17 + 2) * 2) / 4 and not x[0, :, 2:].any()
assert pickle.load(open('val_label.pkl', 'rb')) == (['two'], [1])
)"),
      0)
      << python.output();
}

TEST_F(Exporters, RefusesAClipLongerThanTheFrames) {
  write_two();
  EXPECT_EQ(thrown_message<DataError>([&] { export_to(folder_ / "n", "{type: npy, frames: 2}"); }),
            "clip one: 3 frames; expected at most 2\n  Raise the option 'frames', or set it to 0.");
}

TEST_F(Exporters, RefusesAClipWithoutALabelInPreparedArraysAndLeavesNothing) {
  Clip clip = dense_clip("one", 1, 1);
  clip.labels.clear();
  write({clip});
  EXPECT_EQ(thrown_message<DataError>([&] { export_to(folder_ / "n", "npy"); }),
            "clip one: 0 labels; expected one\n"
            "  Only the pyskl form holds clips with none or several.");
  EXPECT_TRUE(fs::is_empty(folder_ / "n"));
}

}  // namespace
}  // namespace kinegraph
