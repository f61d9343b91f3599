#include "framework/io/annotation_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "framework/base/error.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/io/hdf5.h"
#include "tests/support/temp_dir.h"

#ifdef __SANITIZE_ADDRESS__
// HDF5 1.10 forgets an object header whose checksum is wrong; the tests of damaged files meet many.
extern "C" __attribute__((weak)) const char* __lsan_default_suppressions() {
  return "leak:libhdf5\n";
}
#endif

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Strings = std::vector<std::string>;
using Integers = std::vector<int64_t>;
using Doubles = std::vector<double>;

constexpr int64_t kJoints = 3;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

StoreInfo small_info(PersonLayout layout = PersonLayout::dense,
                     Precision precision = Precision::float32) {
  StoreInfo info;
  info.skeleton = "stick";
  info.skeleton_layout = "joints: [a, b, c]\n";
  info.num_joints = kJoints;
  info.channels = "xy";
  info.coordinates = Coordinates::pixels;
  info.person_layout = layout;
  info.precision = precision;
  info.class_names = {"walk", "run"};
  info.provenance = R"({"importer": "test"})";
  return info;
}

/// Multiples of 1/4 below 512: exact in every precision.
Doubles ramp(int64_t count, double start) {
  Doubles values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = start + 0.25 * static_cast<double>(i % 1000);
  return values;
}

Clip dense_clip(const std::string& id, int64_t frames, int64_t persons, double start = 0) {
  Clip clip;
  clip.id = id;
  clip.labels = {1};
  clip.num_frames = frames;
  clip.num_persons = persons;
  clip.keypoints = ramp(persons * frames * kJoints * 2, start);
  return clip;
}

Clip frame_clip(const std::string& id, const Integers& counts, double start = 1) {
  Clip clip;
  clip.id = id;
  clip.labels = {0};
  clip.num_frames = static_cast<int64_t>(counts.size());
  clip.frame_persons = counts;
  int64_t rows = 0;
  for (const int64_t count : counts) rows += count;
  clip.keypoints = ramp(rows * kJoints * 2, start);
  clip.scores = ramp(rows * kJoints, start);
  return clip;
}

void flip_byte(const fs::path& path, int64_t offset, char mask = 1) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const char byte = static_cast<char>(file.get() ^ mask);
  file.seekp(offset);
  file.put(byte);
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class AnnotationStoreTest : public testing::Test {
 protected:
  AnnotationStore write(const StoreInfo& info, const std::vector<Clip>& clips) const {
    AnnotationStoreWriter writer(path_, info);
    for (const auto& clip : clips) writer.add(clip);
    writer.finish();
    return AnnotationStore::open(path_);
  }

  template <class Function>
  std::string error_of(Function function) const {
    try {
      function();
    } catch (const DataError& error) {
      std::string text = error.what();
      for (size_t at; (at = text.find(folder_.string() + "/")) != std::string::npos;)
        text.erase(at, folder_.string().size() + 1);
      return text;
    }
    return "no error";
  }

  std::string error_of_add(const Clip& clip, const StoreInfo& info = small_info()) const {
    return error_of([&] { AnnotationStoreWriter(path_, info).add(clip); });
  }

  /// A small store with every kind of content, to be damaged.
  void write_victim() const {
    StoreInfo info = small_info(PersonLayout::frame_persons, Precision::float16);
    info.splits = {{"train", {0}}, {"val", {1}}};
    Clip first = frame_clip("first", {2, 0, 1}), second = frame_clip("second", {1});
    first.subject = 3;
    first.timestamps = {0, 1, 2};
    second.timestamps = {0};
    write(info, {first, second});
  }

  /// Opens and reads all; only a DataError may come out of it.
  static void read_all(const fs::path& path) {
    try {
      const auto store = AnnotationStore::open(path);
      for (int64_t i = 0; i < store.num_clips(); ++i) store.read(i);
      store.verify();
      describe(store);
    } catch (const DataError&) {
    }
  }

  const TempDir temp_;
  const fs::path folder_ = temp_.path(), path_ = folder_ / "store.h5";
};

class EveryPrecision : public AnnotationStoreTest, public testing::WithParamInterface<Precision> {};
INSTANTIATE_TEST_SUITE_P(, EveryPrecision,
                         testing::Values(Precision::float16, Precision::float32,
                                         Precision::float64),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(EveryPrecision, KeepsDenseClips) {
  const auto info = small_info(PersonLayout::dense, GetParam());
  const Clip a = dense_clip("a", 4, 2), b = dense_clip("b", 3, 1, 100);
  const auto store = write(info, {a, b});
  Doubles out(a.keypoints.size());
  store.read_keypoints(0, out.data());
  EXPECT_EQ(out, a.keypoints);
  EXPECT_EQ(store.read(1).keypoints, b.keypoints);
  EXPECT_EQ(store.info().precision, GetParam());
  store.verify();
}

TEST_P(EveryPrecision, KeepsClipsByFrame) {
  const auto info = small_info(PersonLayout::frame_persons, GetParam());
  const Clip a = frame_clip("a", {2, 0, 1}), b = frame_clip("b", {1, 3}, 50);
  const auto store = write(info, {a, b});
  for (const Clip& clip : {a, b}) {
    const Clip read = store.read(*store.find(clip.id));
    EXPECT_EQ(read.keypoints, clip.keypoints);
    EXPECT_EQ(read.scores, clip.scores);
    EXPECT_EQ(read.frame_persons, clip.frame_persons);
  }
  EXPECT_EQ(store.num_persons(1), 3);
  store.verify();
}

TEST_P(EveryPrecision, KeepsNaNAndInfinity) {
  Clip clip = dense_clip("a", 1, 1);
  clip.keypoints = {kNaN, INFINITY, -INFINITY, -0.0, 0, 1};
  const auto read = write(small_info(PersonLayout::dense, GetParam()), {clip}).read(0).keypoints;
  EXPECT_TRUE(std::isnan(read[0]));
  EXPECT_EQ(Doubles(read.begin() + 1, read.end()),
            Doubles(clip.keypoints.begin() + 1, clip.keypoints.end()));
  EXPECT_TRUE(std::signbit(read[3]));
}

TEST_F(AnnotationStoreTest, RoundsToTheNearestHalf) {
  Clip clip = dense_clip("a", 1, 1);
  // A tie to even, just above that tie, the largest half, a subnormal tie, and underflow.
  clip.keypoints = {2049, std::nextafter(2049.0, 3000), 65519.99, 1.5 * 0x1p-24, 0x1p-26, 1e-300};
  const auto store = write(small_info(PersonLayout::dense, Precision::float16), {clip});
  EXPECT_EQ(store.read(0).keypoints, (Doubles{2048, 2050, 65504, 2 * 0x1p-24, 0, 0}));
}

TEST_F(AnnotationStoreTest, KeepsTheDescription) {
  StoreInfo info = small_info();
  info.splits = {{"train", {1, 0}}, {"empty", {}}};
  const auto read = write(info, {dense_clip("a", 1, 1), dense_clip("b", 1, 1)}).info();
  EXPECT_EQ(read.skeleton, info.skeleton);
  EXPECT_EQ(read.skeleton_layout, info.skeleton_layout);
  EXPECT_EQ(read.num_joints, info.num_joints);
  EXPECT_EQ(read.channels, info.channels);
  EXPECT_EQ(read.coordinates, info.coordinates);
  EXPECT_EQ(read.class_names, info.class_names);
  EXPECT_EQ(read.provenance, info.provenance);
  EXPECT_EQ(read.splits, info.splits);
}

TEST_F(AnnotationStoreTest, KeepsALongSkeletonLayout) {
  StoreInfo info = small_info();
  info.skeleton_layout.assign(200000, 'x');
  EXPECT_EQ(write(info, {dense_clip("a", 1, 1)}).info().skeleton_layout, info.skeleton_layout);
}

TEST_F(AnnotationStoreTest, KeepsOptionalFieldsAndTheirAbsence) {
  Clip full = dense_clip("a", 2, 1), bare = dense_clip("b", 2, 1);
  full.subject = 1, full.camera = 2, full.setup = 3, full.replication = 0;
  full.image_width = 1920, full.image_height = 1080;
  full.fps = 29.97;
  const auto store = write(small_info(), {full, bare});
  const ClipInfo a = store.clip(0), b = store.clip(1);
  EXPECT_EQ(a.subject, 1);
  EXPECT_EQ(a.camera, 2);
  EXPECT_EQ(a.setup, 3);
  EXPECT_EQ(a.replication, 0);
  EXPECT_EQ(a.image_width, 1920);
  EXPECT_EQ(a.image_height, 1080);
  EXPECT_EQ(a.fps, 29.97);
  EXPECT_FALSE(b.subject || b.camera || b.setup || b.replication || b.image_width || b.fps);
}

TEST_F(AnnotationStoreTest, KeepsArraysOfDensePersons) {
  Clip clip = dense_clip("a", 3, 2);
  clip.scores = ramp(3 * 2 * kJoints, 0.5);
  clip.timestamps = {0, 0.1, 0.2};
  clip.track_ids = {72057594037927936 + 1, 8};
  clip.box_scores = {0.9, 0.1};
  const auto store = write(small_info(), {clip});
  const Clip read = store.read(0);
  EXPECT_EQ(read.scores, clip.scores);
  EXPECT_EQ(read.timestamps, clip.timestamps);
  EXPECT_EQ(read.track_ids, clip.track_ids);
  EXPECT_EQ(read.box_scores, clip.box_scores);
  EXPECT_TRUE(store.has_scores() && store.has_timestamps());
  EXPECT_TRUE(store.has_track_ids() && store.has_box_scores());
}

TEST_F(AnnotationStoreTest, KeepsArraysOfPersonFrames) {
  Clip clip = frame_clip("a", {2, 0, 1});
  clip.track_ids = {5, 6, 5};
  clip.box_scores = {0.5, 0.25, 1};
  const Clip read = write(small_info(PersonLayout::frame_persons), {clip}).read(0);
  EXPECT_EQ(read.track_ids, clip.track_ids);
  EXPECT_EQ(read.box_scores, clip.box_scores);
}

TEST_F(AnnotationStoreTest, KeepsSeveralLabelsAndNone) {
  Clip two = dense_clip("a", 1, 1), none = dense_clip("b", 1, 1), one = dense_clip("c", 1, 1);
  two.labels = {1, 0};
  none.labels = {};
  const auto store = write(small_info(), {two, none, one});
  EXPECT_EQ(store.clip(0).labels, (Integers{1, 0}));
  EXPECT_EQ(store.clip(1).labels, Integers{});
  EXPECT_EQ(store.clip(2).labels, Integers{1});
}

TEST_F(AnnotationStoreTest, KeepsExtraFields) {
  AnnotationStoreWriter writer(path_, small_info());
  writer.add(dense_clip("a", 1, 1));
  writer.add(dense_clip("b", 1, 1));
  writer.set_extra_field("age", Integers{30, 31});
  writer.set_extra_field("height", Doubles{1.7, kNaN});
  writer.set_extra_field("scene", Strings{"kitchen", ""});
  writer.finish();
  const auto store = AnnotationStore::open(path_);
  EXPECT_EQ(store.extra_fields(), (Strings{"age", "height", "scene"}));
  EXPECT_EQ(std::get<Integers>(store.extra_field("age")), (Integers{30, 31}));
  EXPECT_EQ(std::get<Doubles>(store.extra_field("height"))[0], 1.7);
  EXPECT_EQ(std::get<Strings>(store.extra_field("scene")), (Strings{"kitchen", ""}));
  store.verify();
}

TEST_F(AnnotationStoreTest, FillsAbsentPersonsWithZero) {
  const Clip clip = dense_clip("a", 2, 1, 1);
  Doubles out(2 * clip.keypoints.size(), kNaN);
  write(small_info(), {clip}).read_keypoints(0, out.data(), 2);
  Doubles expected = clip.keypoints;
  expected.resize(out.size(), 0.0);
  EXPECT_EQ(out, expected);
}

TEST_F(AnnotationStoreTest, LeavesOutPersonsBeyondTheBound) {
  const Clip clip = dense_clip("a", 2, 3);
  const size_t one = clip.keypoints.size() / 3;
  Doubles out(one + 1, kNaN);
  write(small_info(), {clip}).read_keypoints(0, out.data(), 1);
  EXPECT_EQ(Doubles(out.begin(), out.end() - 1),
            Doubles(clip.keypoints.begin(), clip.keypoints.begin() + static_cast<long>(one)));
  EXPECT_TRUE(std::isnan(out[one]));
}

TEST_F(AnnotationStoreTest, SpreadsFramePersonsOverADenseArray) {
  Clip clip = frame_clip("a", {2, 0, 1});
  clip.scores = {1, 1, 1, 2, 2, 2, 3, 3, 3};
  Doubles out(2 * 3 * kJoints, kNaN);
  const auto store = write(small_info(PersonLayout::frame_persons), {clip});
  store.read_scores(0, out.data());
  EXPECT_EQ(out, (Doubles{1, 1, 1, 0, 0, 0, 3, 3, 3, 2, 2, 2, 0, 0, 0, 0, 0, 0}));
  out.assign(3 * kJoints, kNaN);
  store.read_scores(0, out.data(), 1);
  EXPECT_EQ(out, (Doubles{1, 1, 1, 0, 0, 0, 3, 3, 3}));
}

TEST_F(AnnotationStoreTest, HoldsClipsWithoutPersons) {
  const Clip somebody = frame_clip("b", {1});
  const auto store = write(small_info(PersonLayout::frame_persons),
                           {frame_clip("a", {0, 0}), somebody, frame_clip("c", {0, 0})});
  EXPECT_EQ(store.num_persons(0), 0);
  EXPECT_EQ(store.read(2).keypoints, Doubles{});
  EXPECT_EQ(store.read(1).scores, somebody.scores);
  Doubles out(2 * kJoints * 2, kNaN);
  store.read_keypoints(0, out.data(), 1);
  EXPECT_EQ(out, Doubles(out.size(), 0.0));
}

TEST_F(AnnotationStoreTest, HoldsNothingButClipsWithoutPersons) {
  const auto store = write(small_info(PersonLayout::frame_persons), {frame_clip("a", {0})});
  EXPECT_EQ(store.read(0).frame_persons, Integers{0});
  store.verify();
}

TEST_F(AnnotationStoreTest, FindsClipsById) {
  const auto store = write(small_info(), {dense_clip("b", 1, 1), dense_clip("a", 1, 1)});
  EXPECT_EQ(store.find("a"), 1);
  EXPECT_EQ(store.find("b"), 0);
  EXPECT_EQ(store.find("c"), std::nullopt);
}

TEST_F(AnnotationStoreTest, CopiesToAnEqualFile) {
  write_victim();
  const auto store = AnnotationStore::open(path_);
  AnnotationStoreWriter writer(folder_ / "copy.h5", store.info());
  for (int64_t i = 0; i < store.num_clips(); ++i) writer.add(store.read(i));
  writer.finish();
  EXPECT_EQ(content_of(folder_ / "copy.h5"), content_of(path_));
}

TEST_F(AnnotationStoreTest, ServesFourThreadsAtOnce) {
  std::vector<Clip> clips;
  for (int i = 0; i < 64; ++i)
    clips.push_back(dense_clip("clip" + std::to_string(i), 20 + i, 2, 0.25 * i));
  const auto store = write(small_info(PersonLayout::dense, Precision::float16), clips);
  std::atomic<int> mismatches{0};
  const auto work = [&](size_t step) {
    for (size_t k = 0; k < 500; ++k) {
      const size_t i = k * step % clips.size();
      Doubles out(clips[i].keypoints.size());
      store.read_keypoints(static_cast<int64_t>(i), out.data());
      if (out != clips[i].keypoints) ++mismatches;
    }
  };
  std::vector<std::thread> threads;
  for (const size_t step : {7, 11, 13, 17}) threads.emplace_back(work, step);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(mismatches, 0);
}

TEST_F(AnnotationStoreTest, EveryTruncationIsADataError) {
  write_victim();
  const std::string content = content_of(path_);
  const fs::path cut = folder_ / "cut.h5";
  for (size_t size = 0; size < content.size(); size += size < 600 ? 1 : 37) {
    std::ofstream(cut, std::ios::binary).write(content.data(), static_cast<long>(size));
    EXPECT_THROW(AnnotationStore::open(cut), DataError) << size << " of " << content.size();
  }
  EXPECT_EQ(error_of([&] {
              fs::copy_file(path_, cut, fs::copy_options::overwrite_existing);
              fs::resize_file(cut, content.size() - 1);
              AnnotationStore::open(cut);
            }).substr(0, 62),
            "cut.h5: cannot open it as an HDF5 file (HDF5: truncated file: ");
}

TEST_F(AnnotationStoreTest, NoFlippedByteCrashes) {
  write_victim();
  const std::string content = content_of(path_);
  const fs::path damaged = folder_ / "damaged.h5";
  for (size_t i = 0; i < content.size(); i += 7) {
    std::string bytes = content;
    bytes[i] = static_cast<char>(~bytes[i]);
    std::ofstream(damaged, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
    read_all(damaged);
  }
}

TEST_F(AnnotationStoreTest, TruncationAfterOpenIsADataError) {
  const auto store = write(small_info(), {dense_clip("a", 500, 2)});
  fs::resize_file(path_, 100);
  EXPECT_EQ(error_of([&] { store.read(0); }),
            "store.h5: the file ends early\n"
            "  The file is damaged or was changed; import the data again.");
}

TEST_F(AnnotationStoreTest, HashFindsOneFlippedBitOfKeypoints) {
  write(small_info(), {dense_clip("a", 5, 2)}).verify();
  flip_byte(path_, *Hdf5File::open(path_).inspect("keypoints").file_offset + 17);
  const auto store = AnnotationStore::open(path_);
  const std::string error = error_of([&] { store.verify(); });
  EXPECT_EQ(error.substr(0, 31), "store.h5: content with SHA-256 ");
  EXPECT_NE(error.find("; expected " + store.content_sha256()), std::string::npos);
  EXPECT_NE(error.find("\n  The file was damaged or edited; import the data again."),
            std::string::npos);
}

// The expected value comes from Python's hashlib and struct, by the rule in annotation_store.md.
TEST_F(AnnotationStoreTest, HashFollowsTheDocumentedRule) {
  StoreInfo info = small_info(PersonLayout::dense, Precision::float16);
  info.splits = {{"val", {0}}};
  Clip clip = dense_clip("a", 1, 1);
  clip.fps = 25;
  EXPECT_EQ(write(info, {clip}).content_sha256(),
            "e0b2e8e16d45ab3d2ffdda136d92a26782e9800c9c980722e89169335221cdff");
}

TEST_F(AnnotationStoreTest, HashFindsAChangedLabel) {
  write(small_info(), {dense_clip("a", 5, 2)});
  flip_byte(path_, *Hdf5File::open(path_).inspect("labels").file_offset);
  EXPECT_THROW(AnnotationStore::open(path_).verify(), DataError);
}

TEST_F(AnnotationStoreTest, RefusesLabelBeyondTheClassesOnOpen) {
  write(small_info(), {dense_clip("a", 5, 2)});
  flip_byte(path_, *Hdf5File::open(path_).inspect("labels").file_offset, 8);
  EXPECT_EQ(error_of([&] { AnnotationStore::open(path_); }),
            "store.h5: clip 'a': label 9; expected a label below the number of classes, 2\n"
            "  The file is damaged or was not made by Kinegraph; import the data again.");
}

TEST_F(AnnotationStoreTest, RefusesOffsetsThatDisagreeWithSizes) {
  write(small_info(), {dense_clip("a", 5, 2)});
  flip_byte(path_, *Hdf5File::open(path_).inspect("person_frame_offsets").file_offset + 8);
  EXPECT_EQ(error_of([&] { AnnotationStore::open(path_); }),
            "store.h5: clip 'a': 11 person-frames; expected 2 persons x 5 frames\n"
            "  The file is damaged or was not made by Kinegraph; import the data again.");
}

TEST_F(AnnotationStoreTest, RefusesSizesThatOverflow) {
  write(small_info(), {dense_clip("a", 5, 2)});
  flip_byte(path_, *Hdf5File::open(path_).inspect("clips/num_frames").file_offset + 6, 0x40);
  EXPECT_EQ(error_of([&] { AnnotationStore::open(path_); }),
            "store.h5: clip 'a': 18014398509481989 frames; expected 1..16777216\n"
            "  Cut the clip, or leave it out.");
}

TEST_F(AnnotationStoreTest, RefusesAnotherHdf5File) {
  Hdf5File::create(path_).write("keypoints", Doubles{1});
  EXPECT_EQ(error_of([&] { AnnotationStore::open(path_); }),
            "store.h5: an HDF5 file of another kind; expected an annotation store\n"
            "  Make one from your data with 'kinegraph import'.");
}

TEST_F(AnnotationStoreTest, RefusesANewerVersion) {
  auto file = Hdf5File::create(path_);
  file.write_attribute("/", "format", std::string("kinegraph-annotation-store"));
  file.write_attribute("/", "version", int64_t{2});
  file.close();
  EXPECT_EQ(error_of([&] { AnnotationStore::open(path_); }),
            "store.h5: an annotation store of version 2; expected version 1\n"
            "  Update Kinegraph, or import the data again with this one.");
}

TEST_F(AnnotationStoreTest, RefusesUnknownSplitWithTheNamesThereAre) {
  StoreInfo info = small_info();
  info.splits = {{"xsub_train", {0}}, {"xsub_val", {}}};
  const auto store = write(info, {dense_clip("a", 1, 1)});
  EXPECT_EQ(error_of([&] { store.split("xsub_tran"); }),
            "store.h5: no split 'xsub_tran'; did you mean 'xsub_train'?; expected one of "
            "xsub_train, xsub_val\n  Choose a split that the store has.");
}

TEST_F(AnnotationStoreTest, WriterRefusesLabelBeyondTheClasses) {
  Clip clip = dense_clip("a", 1, 1);
  clip.labels = {2};
  EXPECT_EQ(error_of_add(clip),
            "store.h5: clip 'a': label 2; expected a label below the number of classes, 2\n"
            "  Labels count from 0; correct the label or the class names.");
}

TEST_F(AnnotationStoreTest, WriterRefusesSizesThatDisagree) {
  Clip clip = dense_clip("a", 2, 1);
  clip.keypoints.pop_back();
  EXPECT_EQ(error_of_add(clip),
            "store.h5: clip 'a': 11 values in keypoints; expected 12\n"
            "  Sizes must agree: 1 persons, 2 frames, 3 joints, 2 channels.");
}

TEST_F(AnnotationStoreTest, WriterRefusesValueTooLargeForHalf) {
  Clip clip = dense_clip("a", 4, 2);
  clip.keypoints[((1 * 4 + 3) * kJoints + 2) * 2 + 1] = -70000;
  EXPECT_EQ(error_of_add(clip, small_info(PersonLayout::dense, Precision::float16)),
            "store.h5: clip 'a', frame 3, person 1, joint 2: -70000; expected a magnitude below "
            "65520 for float16\n  Make the store with a wider precision.");
}

TEST_F(AnnotationStoreTest, WriterNamesThePersonOfAFrameList) {
  Clip clip = frame_clip("a", {1, 0, 2});
  clip.scores[2 * kJoints + 1] = 1e9;
  EXPECT_EQ(error_of_add(clip, small_info(PersonLayout::frame_persons, Precision::float16)),
            "store.h5: clip 'a', frame 2, person 1, joint 1: 1000000000; expected a magnitude "
            "below 65520 for float16\n  Make the store with a wider precision.");
}

TEST_F(AnnotationStoreTest, WriterRefusesDuplicateIdAndGoesOn) {
  AnnotationStoreWriter writer(path_, small_info());
  writer.add(dense_clip("a", 1, 1));
  EXPECT_EQ(error_of([&] { writer.add(dense_clip("a", 2, 1)); }),
            "store.h5: clip 'a': an id that an earlier clip has; expected ids that differ\n"
            "  Is a clip listed twice?");
  writer.add(dense_clip("b", 1, 1, 9));
  writer.finish();
  const auto store = AnnotationStore::open(path_);
  EXPECT_EQ(store.num_clips(), 2);
  EXPECT_EQ(store.read(1).keypoints[0], 9);
}

TEST_F(AnnotationStoreTest, WriterRefusesScoresOfSomeClipsOnly) {
  AnnotationStoreWriter writer(path_, small_info());
  Clip clip = dense_clip("a", 1, 1);
  clip.scores = {1, 1, 1};
  writer.add(clip);
  EXPECT_EQ(error_of([&] { writer.add(dense_clip("b", 1, 1)); }),
            "store.h5: clip 'b': no scores; expected them, as in earlier clips\n"
            "  Give scores with every clip, or with none.");
}

TEST_F(AnnotationStoreTest, WriterRefusesSplitIndexOutOfRange) {
  AnnotationStoreWriter writer(path_, small_info());
  writer.add(dense_clip("a", 1, 1));
  writer.set_split("train", {0, 1});
  EXPECT_EQ(error_of([&] { writer.finish(); }),
            "store.h5: clip index 1 in split 'train'; expected an index in 0..0\n"
            "  Make the split from the same clips as the store.");
}

TEST_F(AnnotationStoreTest, WriterRefusesExtraFieldOfAnotherLength) {
  AnnotationStoreWriter writer(path_, small_info());
  writer.add(dense_clip("a", 1, 1));
  writer.set_extra_field("age", Integers{1, 2});
  EXPECT_EQ(error_of([&] { writer.finish(); }),
            "store.h5: 2 values in field 'age'; expected 1, one for each clip\n"
            "  Give the field a value for every clip.");
}

TEST_F(AnnotationStoreTest, WriterRefusesSplitNameWithASlash) {
  AnnotationStoreWriter writer(path_, small_info());
  EXPECT_EQ(error_of([&] { writer.set_split("a/b", {}); }),
            "store.h5: split name 'a/b'; expected 1..255 bytes without '/' and control "
            "characters\n  Rename the split.");
}

TEST_F(AnnotationStoreTest, WriterLeavesNothingInAFolderItCannotWriteTo) {
  fs::create_directory(folder_ / "store.h5.part");
  EXPECT_EQ(error_of([&] { write(small_info(), {dense_clip("a", 1, 1)}); }).substr(0, 60),
            "store.h5.part: cannot create it (HDF5: unable to open file: ");
}

TEST_F(AnnotationStoreTest, NothingIsLeftWithoutFinish) {
  {
    AnnotationStoreWriter writer(path_, small_info());
    writer.add(dense_clip("a", 100, 2));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(AnnotationStoreTest, AFailedFinishKeepsTheOlderFile) {
  write(small_info(), {dense_clip("old", 1, 1)});
  {
    AnnotationStoreWriter writer(path_, small_info());
    EXPECT_THROW(writer.finish(), DataError);
  }
  EXPECT_EQ(AnnotationStore::open(path_).id(0), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(AnnotationStoreTest, WriterNeedsLittleMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps freed memory";
#endif
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
  const auto peak_kib = [] {
    std::ifstream status("/proc/self/status");
    std::string word;
    long kib = 0;
    while (status >> word)
      if (word == "VmHWM:") status >> kib;
    return kib;
  };
  AnnotationStoreWriter writer(path_, small_info(PersonLayout::dense, Precision::float64));
  Clip clip = dense_clip("", 1000, 2);
  const auto before = peak_kib();
  for (int i = 0; i < 2000; ++i) {
    clip.id = std::to_string(i);
    writer.add(clip);
  }
  writer.finish();
  EXPECT_GT(fs::file_size(path_), 190e6);
  EXPECT_LT(peak_kib() - before, 30 * 1024);
}

TEST_F(AnnotationStoreTest, DescribesSharesOfTheImage) {
  StoreInfo info = small_info();
  info.coordinates = Coordinates::normalised;
  const std::string text = describe(write(info, {dense_clip("a", 2, 1)}));
  EXPECT_NE(text.find("skeleton   stick, 3 joints, xy normalised\n"), text.npos) << text;
}

TEST_F(AnnotationStoreTest, DescribesItself) {
  StoreInfo info = small_info();
  info.splits = {{"train", {0, 1}}, {"val", {}}};
  Clip first = dense_clip("a", 2, 1);
  first.subject = 1;
  const auto store = write(info, {first, dense_clip("b", 5, 2)});
  EXPECT_EQ(describe(store), "store      " + path_.string() +
                                 "\n"
                                 "skeleton   stick, 3 joints, xy in pixels\n"
                                 "clips      2\n"
                                 "frames     7, 2..5 a clip\n"
                                 "persons    1..2 a clip, layout dense\n"
                                 "classes    2\n"
                                 "splits     train 2, val 0\n"
                                 "precision  float32\n"
                                 "fields     subject\n"
                                 "sha256     " +
                                 store.content_sha256() + "\n");
}

}  // namespace
}  // namespace kinegraph
