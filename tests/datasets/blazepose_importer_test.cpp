// BlazePose: CSV, both JSON forms, real recordings, and every fault.

#include <fmt/format.h>

#include "tests/datasets/importer_fixture.h"
#include "tests/support/golden.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr char kCsvExpected[] =
    "; expected 33 x (x, y, z, visibility) a row, and at most one other column: the class\n"
    "  Is this MediaPipe's pose?";

/// Columns 0, 1, ..., count - 1 and `last`.
std::string csv_header(int count, const std::string& last) {
  Strings names;
  for (int i = 0; i < count; ++i) names.push_back(std::to_string(i));
  if (!last.empty()) names.push_back(last);
  return join(names, ",") + "\n";
}

/// Values value(0), value(1), ...
std::string csv_row(int count, double step, const std::string& last) {
  Strings texts;
  for (int i = 0; i < count; ++i) texts.push_back(fmt::format("{}", i * step));
  if (!last.empty()) texts.push_back(last);
  return join(texts, ",") + "\n";
}

std::string csv_clip(const std::string& label, int frames = 2) {
  std::string text = csv_header(132, "asana");
  for (int t = 0; t < frames; ++t) text += csv_row(132, 0.001, label);
  return text;
}

std::string list_json(int count, double step) {
  Strings texts;
  for (int i = 0; i < count; ++i) texts.push_back(fmt::format("{}", i * step));
  return "[" + join(texts) + "]";
}

/// A person with `channels` values a landmark.
std::string person_json(int channels, bool has_scores = true) {
  const std::string scores = has_scores ? ", \"score\": " + list_json(33, 0.01) : "";
  return fmt::format(R"({{"pose": {}{}}})", list_json(33 * channels, 0.001), scores);
}

std::string clip_json(const Strings& frames, const std::string& more = "") {
  return fmt::format(R"({{"data": [{}]{}}})", join(frames), more);
}

std::string frame_json(int64_t index, const Strings& persons) {
  return fmt::format(R"({{"frame_index": {}, "skeleton": [{}]}})", index, join(persons));
}

/// [[0, 1, ...], ...] of 33 joints with `size` values.
std::string points_json(int size, int joints = 33) {
  Strings points;
  for (int v = 0; v < joints; ++v) points.push_back(list_json(size, 0.5));
  return "[" + join(points) + "]";
}

class BlazePoseImporter : public ImporterFixture {
 protected:
  AnnotationStore store_of(const std::string& name, const std::string& text,
                           const std::string& importer = "blazepose") const {
    folder_.write("data/" + name, text);
    return imported(importer);
  }
  std::string error_of(const std::string& name, const std::string& text) const {
    folder_.write("data/" + name, text);
    return import_error("blazepose");
  }
};

TEST_F(BlazePoseImporter, ReadsCsvWithClassesPersonsAndCameras) {
  folder_.write("data/tree/P1.csv", csv_clip("tree"));
  folder_.write("data/tree/P2 (3).csv", csv_clip("tree"));
  folder_.write("data/chair/P1.csv", csv_clip("chair", 3));
  const AnnotationStore store = imported("blazepose");
  EXPECT_EQ(ids_of(store), (Strings{"chair/P1", "tree/P1", "tree/P2 (3)"}));
  EXPECT_EQ(store.info().class_names, (Strings{"chair", "tree"}));
  EXPECT_EQ(store.info().channels, "xyz");
  EXPECT_EQ(store.info().skeleton, "blazepose33");
  EXPECT_EQ(store.clip(2).labels, Integers{1});
  EXPECT_EQ(store.clip(2).subject, 2);
  EXPECT_EQ(store.clip(2).camera, 2);
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.num_frames, 3);
  EXPECT_EQ(clip.num_persons, 1);
  EXPECT_FLOAT_EQ(clip.keypoints[5], 0.006F);  // z of landmark 1, after its x and y
  EXPECT_FLOAT_EQ(clip.scores[1], 0.007F);
}

TEST_F(BlazePoseImporter, SplitsByPerson) {
  for (const int person : {1, 2, 3, 4, 5, 6, 7, 8})
    folder_.write(fmt::format("data/tree/P{}.csv", person), csv_clip("tree", 1));
  EXPECT_EQ(ids_of(imported("blazepose"), "val"), (Strings{"tree/P7", "tree/P8"}));
  const AnnotationStore chosen = imported("{type: blazepose, val_subjects: [2]}");
  EXPECT_EQ(ids_of(chosen, "val"), Strings{"tree/P2"});
  EXPECT_EQ(chosen.split("train").size(), 7U);
}

TEST_F(BlazePoseImporter, TakesCamerasFromFolders) {
  EXPECT_EQ(store_of("tree/cam_3/P1.csv", csv_clip("tree")).clip(0).camera, 3);
}

TEST_F(BlazePoseImporter, LeavesOutTheDepthWhereAsked) {
  const AnnotationStore store =
      store_of("P1.csv", csv_clip("tree"), "{type: blazepose, channels: xy}");
  EXPECT_EQ(store.info().channels, "xy");
  EXPECT_FLOAT_EQ(store.read(0).keypoints[3], 0.005F);
}

TEST_F(BlazePoseImporter, ReadsNamedColumns) {
  std::string header = "class";
  for (int i = 1; i <= 33; ++i) header += fmt::format(",x{0},y{0},z{0},v{0}", i);
  const AnnotationStore store = store_of("a.csv", header + "\nsit," + csv_row(132, 0.001, ""));
  EXPECT_EQ(store.info().class_names, Strings{"sit"});
  EXPECT_FLOAT_EQ(store.read(0).scores[0], 0.003F);
}

TEST_F(BlazePoseImporter, ReadsClipsInTheFormOfKinetics) {
  const AnnotationStore store = store_of(
      "a.json", clip_json({frame_json(3, {person_json(3)}), frame_json(5, {}),
                           frame_json(6, {person_json(3)})},
                          R"(, "label": "dance", "fps": 30, "width": 640, "height": 360)"));
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.num_frames, 4);
  EXPECT_EQ(clip.fps, 30);
  EXPECT_EQ(clip.image_width, 640);
  EXPECT_FLOAT_EQ(clip.keypoints[3 * 33 * 3 + 1], 0.001F);
  EXPECT_EQ(clip.keypoints[33 * 3 + 1], 0);
  EXPECT_EQ(store.info().class_names, Strings{"dance"});
}

TEST_F(BlazePoseImporter, TakesTheSizeOfTheImageWhereAFileDoesNotSay) {
  folder_.write("data/P1.csv", csv_clip("tree"));
  folder_.write("data/P2.json",
                clip_json({frame_json(0, {person_json(3)})}, R"(, "width": 640, "height": 360)"));
  const AnnotationStore store =
      imported("{type: blazepose, image_width: 1920, image_height: 1080}");
  EXPECT_EQ(store.clip(0).image_width, 1920);
  EXPECT_EQ(store.clip(0).image_height, 1080);
  EXPECT_EQ(store.clip(1).image_width, 640);
}

TEST_F(BlazePoseImporter, DropsEmptyFramesWhereAsked) {
  const std::string text = clip_json({frame_json(0, {person_json(2)}), frame_json(1, {})});
  EXPECT_EQ(store_of("a.json", text).num_frames(0), 2);
  EXPECT_EQ(store_of("a.json", text, "{type: blazepose, empty_frames: drop}").num_frames(0), 1);
}

TEST_F(BlazePoseImporter, TakesTwoChannelsAndNoScores) {
  const AnnotationStore store =
      store_of("a.json", clip_json({frame_json(0, {person_json(2, false)})}));
  EXPECT_EQ(store.info().channels, "xy");
  EXPECT_FALSE(store.has_scores());
}

TEST_F(BlazePoseImporter, TakesTheThirdValueAsVisibilityWhereAsked) {
  const AnnotationStore store = store_of("a.json", clip_json({frame_json(0, {person_json(3)})}),
                                         "{type: blazepose, third: visibility}");
  EXPECT_EQ(store.info().channels, "xy");
  EXPECT_FLOAT_EQ(store.read(0).scores[1], 0.005F);
}

TEST_F(BlazePoseImporter, UsesLabelListsAndTheirSplits) {
  folder_.write("data/train/a.json", clip_json({frame_json(0, {person_json(2)})}));
  folder_.write("data/train/b.json", clip_json({frame_json(0, {})}));
  folder_.write("data/train_label.json",
                R"({"a": {"label": "sit", "label_index": 1, "has_skeleton": true},
                    "b": {"label": "sit", "label_index": 1, "has_skeleton": true}})");
  const ImportReport report = import("blazepose");
  const AnnotationStore store = AnnotationStore::open(store_);
  EXPECT_EQ(ids_of(store, "train"), Strings{"a"});
  EXPECT_EQ(store.clip(0).labels, Integers{1});
  EXPECT_EQ(rejected(report), Strings{"no person in any frame: 1, such as b"});
}

TEST_F(BlazePoseImporter, ReadsOneListAFrame) {
  const AnnotationStore store =
      store_of("jump_12.json", fmt::format(R"({{"frame_0": {}, "frame_1": [], "frame_2": {}}})",
                                           points_json(2), points_json(2)));
  EXPECT_EQ(store.read(0).num_frames, 3);
  EXPECT_EQ(store.info().channels, "xy");
  EXPECT_EQ(store.read(0).keypoints[1], 0.5);
  EXPECT_EQ(store.read(0).keypoints[33 * 2 + 1], 0);
  EXPECT_EQ(store.info().class_names, Strings{"jump"});
}

TEST_F(BlazePoseImporter, TakesTheFourthValueAsVisibility) {
  const AnnotationStore store =
      store_of("a.json", fmt::format(R"({{"frame_0": {}}})", points_json(4)));
  EXPECT_EQ(store.info().channels, "xyz");
  EXPECT_EQ(store.read(0).scores[32], 1.5);
}

TEST_F(BlazePoseImporter, LeavesOutClipsWithoutZ) {
  folder_.write("data/a.json", clip_json({frame_json(0, {person_json(3)})}));
  folder_.write("data/b.json", clip_json({frame_json(0, {person_json(2)})}));
  EXPECT_EQ(rejected(import("blazepose")), Strings{"landmarks without z: 1, such as b"});
}

TEST_F(BlazePoseImporter, LeavesOutADamagedFileEvenTheFirst) {
  folder_.write("data/jump_1.json", "{");
  folder_.write("data/run_1.csv", csv_header(130, "") + csv_row(130, 1, ""));
  folder_.write("data/walk_1.json", clip_json({frame_json(0, {person_json(3)})}));
  const ImportReport report = import("blazepose");
  const auto& [count, example] = report.rejected.at("a faulty file");
  EXPECT_EQ(count, 2);
  EXPECT_EQ(relative(example).find("data/jump_1.json, byte 1: not valid JSON"), 0U) << example;
  const AnnotationStore store = AnnotationStore::open(store_);
  EXPECT_EQ(ids_of(store, "all"), Strings{"walk_1"});
  EXPECT_EQ(store.info().channels, "xyz");
  EXPECT_EQ(store.info().class_names, Strings{"walk"});
}

TEST_F(BlazePoseImporter, StrictlyADamagedFileIsAnError) {
  folder_.write("data/a.json", clip_json({frame_json(0, {person_json(3)})}));
  folder_.write("data/b.csv", csv_header(130, "") + csv_row(130, 1, ""));
  EXPECT_EQ(import_error("blazepose", strict()),
            std::string("data/b.csv, line 1: 130 columns of landmarks") + kCsvExpected);
}

TEST_F(BlazePoseImporter, OfFilesThatAreAllDamagedTheFirstIsReported) {
  for (const std::string name : {"a", "b"})
    folder_.write("data/" + name + ".csv", csv_header(130, "") + csv_row(130, 1, ""));
  for (const std::string importer : {"blazepose", "{type: blazepose, channels: xy}"})
    EXPECT_EQ(import_error(importer),
              std::string("data/a.csv, line 1: 130 columns of landmarks") + kCsvExpected);
}

TEST_F(BlazePoseImporter, RefusesAnotherNumberOfLandmarks) {
  EXPECT_EQ(error_of("a.csv", csv_header(130, "") + csv_row(130, 1, "")),
            std::string("data/a.csv, line 1: 130 columns of landmarks") + kCsvExpected);
}

TEST_F(BlazePoseImporter, RefusesTwoOtherColumns) {
  EXPECT_EQ(error_of("a.csv", csv_header(132, "asana,person")),
            std::string("data/a.csv, line 1: the columns 'asana' and 'person'") + kCsvExpected);
}

TEST_F(BlazePoseImporter, RefusesNamedColumnsInAnotherOrder) {
  std::string header = "y1,x1";
  for (int i = 2; i <= 33; ++i) header += fmt::format(",x{0},y{0}", i);
  EXPECT_EQ(error_of("a.csv", header + "\n"),
            std::string("data/a.csv, line 1: column 'y1' in the place of a x") + kCsvExpected);
}

TEST_F(BlazePoseImporter, RefusesTwoClassesInOneClip) {
  EXPECT_EQ(error_of("a.csv", csv_clip("tree") + csv_row(132, 1, "chair")),
            std::string("data/a.csv, line 4: class 'chair' after 'tree'") + kCsvExpected);
}

TEST_F(BlazePoseImporter, RefusesJointsOfDifferentSize) {
  const std::string text = error_of("a.json", R"({"frame_0": [[1, 2], [1, 2, 3]]})");
  EXPECT_EQ(text.substr(0, text.find(';')),
            "data/a.json, byte 30: a joint before here has 3 values, an earlier one 2");
}

TEST_F(BlazePoseImporter, RefusesTooFewJointsInAFrame) {
  const std::string text = error_of("a.json", R"({"frame_0": )" + points_json(2, 32) + "}");
  EXPECT_EQ(text.substr(text.find(": a") + 2, text.find(';') - text.find(": a") - 2),
            "a frame before here has 32 joints");
}

TEST_F(BlazePoseImporter, RefusesScoresOfSomePersonsAlone) {
  for (const bool is_first_scored : {false, true}) {
    const std::string text = error_of(
        "a.json", clip_json({frame_json(
                      1, {person_json(2, is_first_scored), person_json(2, !is_first_scored)})}));
    EXPECT_EQ(text.substr(text.find(": s") + 2, text.find(';') - text.find(": s") - 2),
              "scores of some persons before here and none of others");
  }
}

TEST_F(BlazePoseImporter, TakesRowsWithoutValuesAsEmptyFrames) {
  const std::string blank = std::string(131, ',') + ",tree\n";
  EXPECT_EQ(store_of("a.csv", csv_clip("tree") + blank).read(0).keypoints[2 * 99 + 1], 0);
  folder_.write("data/b.csv", csv_header(132, "asana") + blank);
  Importer::Context strict;
  strict.is_strict = true;
  fs::remove(store_);
  EXPECT_EQ(import_error("blazepose", strict),
            "data/b.csv: no person in any frame; expected at least one\n"
            "  Remove the file, or import without --strict.");
}

TEST_F(BlazePoseImporter, RefusesASourceWhereNobodyIs) {
  EXPECT_EQ(error_of("a.json", clip_json({frame_json(0, {})})),
            "data: nobody in any frame of any clip; expected clips as .json or .csv, or folders of "
            "them (unpack archives first)\n  Is the source the right one?");
}

TEST_F(BlazePoseImporter, RefusesAMissingSource) {
  EXPECT_EQ(import_error("blazepose"),
            "data: No such file or directory; expected clips as .json or .csv, or folders of them "
            "(unpack archives first)\n  Check the path.");
}

TEST_F(BlazePoseImporter, ReadsRealRecordings) {
  source_ = shared_dir() / "data/video/mediapipe_reference";
  if (!fs::exists(source_)) GTEST_SKIP() << "no " << source_;
  const AnnotationStore store = imported("{type: blazepose, labels: none}");
  ASSERT_EQ(ids_of(store), (Strings{"S001C001P001R001A001_rgb_full", "ntu_sample_full"}));
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.num_frames, 103);
  EXPECT_FLOAT_EQ(clip.keypoints[2], -0.11833F);
  EXPECT_TRUE(store.has_scores());
}

TEST_F(BlazePoseImporter, ReadsTheWholeYogaData) {
  const fs::path archive = shared_dir() / "data/yoga_blazepose/yoga_blazepose.tar.gz";
  if (!fs::exists(archive)) GTEST_SKIP() << "no " << archive;
  fs::create_directories(source_);
  const std::string command =
      fmt::format("tar xzf '{}' -C '{}'", archive.string(), source_.string());
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "tar cannot unpack " << archive;
  const ImportReport report = import("blazepose");
  const AnnotationStore store = AnnotationStore::open(store_);
  EXPECT_EQ(report.clips, 188);
  EXPECT_EQ(report.frames, 20'400);
  EXPECT_TRUE(report.rejected.empty());
  EXPECT_EQ(store.info().class_names,
            (Strings{"chair", "cobra", "downdog", "goddess", "tree", "warrior"}));
  EXPECT_EQ(store.split("train").size() + store.split("val").size(), 188U);
  for (const int64_t clip : store.split("val")) EXPECT_GE(*store.clip(clip).subject, 7);
}

}  // namespace
}  // namespace kinegraph
