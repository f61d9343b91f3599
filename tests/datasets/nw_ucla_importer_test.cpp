// A small folder in the form of NW-UCLA, sound and with every fault.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/io/annotation_store.h"
#include "tests/datasets/run_import.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr char kJsonRemedy[] =
    "; expected {\"file_name\", \"skeletons\": [T][20][3] in metres, \"label\": 1..10}\n"
    "  Download the file again.";
constexpr char kSplitRemedy[] =
    "; expected {\"train\": [{\"file_name\"}, ...], \"val\": [...]}\n"
    "  Download the file again, or remove it: the views then decide.";

/// The text of coordinate c of joint v in frame t.
std::string coordinate(int t, int v, int c) { return fmt::format("{}.{:02}{}", t, v, c + 1); }

std::string joint_json(int t, int v) {
  return fmt::format("[{}, {}, {}]", coordinate(t, v, 0), coordinate(t, v, 1), coordinate(t, v, 2));
}

std::string frame_json(int t, int joints = 20) {
  Strings texts;
  for (int v = 0; v < joints; ++v) texts.push_back(joint_json(t, v));
  return "[" + join(texts) + "]";
}

std::string clip_json(const std::string& name, const std::string& label, const Strings& frames) {
  return fmt::format(R"({{"file_name": "{}", "skeletons": [{}], "label": {}}})", name, join(frames),
                     label);
}

class NwUclaImporter : public testing::Test {
 protected:
  /// Writes all_sqe/<name>.json.
  void add_file(const std::string& name, const std::string& text) const {
    folder_.write("data/all_sqe/" + name + ".json", text);
  }
  void add_clip(const std::string& name, int label, int frames = 2) const {
    Strings texts;
    for (int t = 0; t < frames; ++t) texts.push_back(frame_json(t));
    add_file(name, clip_json(name, std::to_string(label), texts));
  }
  void add_three_views() const {
    add_clip("a01_s01_e00_v01", 1);
    add_clip("a01_s01_e00_v02", 1, 3);
    add_clip("a02_s09_e04_v03", 2, 1);
  }

  ImportReport import(const std::string& yaml = "nw_ucla") const {
    return run_import(yaml, source_, store_);
  }
  AnnotationStore imported(const std::string& yaml = "nw_ucla") const {
    import(yaml);
    return AnnotationStore::open(store_);
  }

  /// The error of an import, with paths relative to the folder of the test. Nothing may be left.
  std::string import_error() const {
    std::string text = thrown_message<DataError>([&] { import(); });
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    if (fs::exists(folder_ / "out"))
      for (const auto& left : fs::directory_iterator(folder_ / "out"))
        ADD_FAILURE() << "left behind: " << left.path();
    return text;
  }
  /// The error of an import of one clip file with this text.
  std::string error_of_clip(const std::string& text,
                            const std::string& name = "a01_s01_e00_v01") const {
    add_file(name, text);
    return import_error();
  }
  /// The error of an import of a sound clip with this split.json.
  std::string error_of_split(const std::string& text) const {
    add_clip("a01_s01_e00_v01", 1);
    folder_.write("data/split.json", text);
    return import_error();
  }

  TempDir folder_;
  fs::path source_ = folder_ / "data", store_ = folder_ / "out/store.h5";
};

Strings ids_of(const AnnotationStore& store, const std::string& split) {
  Strings ids;
  for (const int64_t clip : store.split(split)) ids.push_back(store.id(clip));
  return ids;
}

TEST_F(NwUclaImporter, DescribesTheStore) {
  add_three_views();
  const StoreInfo info = imported().info();
  EXPECT_EQ(info.skeleton, "kinect20");
  EXPECT_EQ(info.num_joints, 20);
  EXPECT_EQ(info.channels, "xyz");
  EXPECT_EQ(info.coordinates, Coordinates::metres);
  EXPECT_EQ(info.person_layout, PersonLayout::dense);
  EXPECT_EQ(info.precision, Precision::float64);
  EXPECT_EQ(info.class_names,
            (Strings{"pick up with one hand", "pick up with two hands", "drop trash", "walk around",
                     "sit down", "stand up", "donning", "doffing", "throw", "carry"}));
}

TEST_F(NwUclaImporter, KeepsEveryCoordinateExactly) {
  add_clip("a01_s01_e00_v01", 1, 3);
  const Clip clip = imported().read(0);
  ASSERT_EQ(clip.keypoints.size(), 3U * 20 * 3);
  for (size_t i = 0; i < clip.keypoints.size(); ++i) {
    const int at = static_cast<int>(i);
    EXPECT_EQ(clip.keypoints[i], std::stod(coordinate(at / 60, at / 3 % 20, at % 3)));
  }
}

TEST_F(NwUclaImporter, TakesTheFieldsFromTheName) {
  add_clip("a12_s10_e03_v02", 10);
  const ClipInfo clip = imported().clip(0);
  EXPECT_EQ(clip.id, "a12_s10_e03_v02");
  EXPECT_EQ(clip.subject, 10);
  EXPECT_EQ(clip.replication, 3);
  EXPECT_EQ(clip.camera, 2);
  EXPECT_EQ(clip.num_frames, 2);
  EXPECT_EQ(clip.num_persons, 1);
}

TEST_F(NwUclaImporter, NumbersTheTenActionsWithoutGaps) {
  const Integers actions{1, 2, 3, 4, 5, 6, 8, 9, 11, 12};
  for (size_t i = 0; i < actions.size(); ++i)
    add_clip(fmt::format("a{:02}_s01_e00_v01", actions[i]), static_cast<int>(i) + 1);
  const AnnotationStore store = imported();
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(store.clip(i).labels, Integers{i});
}

TEST_F(NwUclaImporter, OrdersClipsByName) {
  add_clip("a03_s01_e00_v01", 3);
  add_clip("a01_s02_e00_v01", 1);
  add_clip("a01_s01_e00_v01", 1);
  const AnnotationStore store = imported();
  EXPECT_EQ(store.id(0), "a01_s01_e00_v01");
  EXPECT_EQ(store.id(1), "a01_s02_e00_v01");
  EXPECT_EQ(store.id(2), "a03_s01_e00_v01");
}

TEST_F(NwUclaImporter, ReportsWhatItDid) {
  add_three_views();
  Strings steps;
  const ImportReport report = run_import(
      "nw_ucla", source_, store_,
      {[&](int64_t done, int64_t all) { steps.push_back(fmt::format("{}/{}", done, all)); }});
  EXPECT_EQ(report.clips, 3);
  EXPECT_EQ(report.frames, 6);
  EXPECT_EQ(report.persons, 3);
  EXPECT_TRUE(report.rejected.empty());
  EXPECT_EQ(steps, (Strings{"1/3", "2/3", "3/3"}));
}

TEST_F(NwUclaImporter, WithoutASplitFileViewThreeIsForValidation) {
  add_three_views();
  const AnnotationStore store = imported();
  EXPECT_EQ(ids_of(store, "train"), (Strings{"a01_s01_e00_v01", "a01_s01_e00_v02"}));
  EXPECT_EQ(ids_of(store, "val"), (Strings{"a02_s09_e04_v03"}));
}

TEST_F(NwUclaImporter, ASplitFileGivesTheSplitsAndTheirOrder) {
  add_three_views();
  folder_.write("data/split.json", R"({
      "train": [{"file_name": "a02_s09_e04_v03", "length": 1, "label": 2},
                {"file_name": "a01_s01_e00_v01"}],
      "extra": [{"file_name": "a01_s01_e00_v01"}]})");
  const AnnotationStore store = imported();
  EXPECT_EQ(store.info().splits.size(), 2U);
  EXPECT_EQ(ids_of(store, "train"), (Strings{"a02_s09_e04_v03", "a01_s01_e00_v01"}));
  EXPECT_EQ(ids_of(store, "extra"), (Strings{"a01_s01_e00_v01"}));
}

TEST_F(NwUclaImporter, TakesTheFolderOfTheClipsItself) {
  add_three_views();
  source_ = folder_ / "data/all_sqe";
  EXPECT_EQ(import().clips, 3);
}

TEST_F(NwUclaImporter, PassesOverOtherFiles) {
  add_three_views();
  add_file("notes", "no clip");
  folder_.write("data/all_sqe/a.txt", "no clip");
  EXPECT_EQ(import().clips, 3);
}

TEST_F(NwUclaImporter, RoundsToTheAskedPrecision) {
  add_clip("a01_s01_e00_v01", 1);
  const AnnotationStore store = imported("{type: nw_ucla, precision: float32}");
  EXPECT_EQ(store.info().precision, Precision::float32);
  EXPECT_EQ(store.read(0).keypoints[1], static_cast<double>(0.002F));
}

TEST_F(NwUclaImporter, RefusesAnUnknownPrecision) {
  EXPECT_EQ(thrown_message<ConfigError>([&] { import("{type: nw_ucla, precision: float46}"); }),
            "c.yaml:1:38: 'precision' is 'float46'; did you mean 'float64'?\n"
            "  expected one of: float64, float32, float16");
}

TEST_F(NwUclaImporter, TakesASingleClip) {
  add_clip("a02_s09_e04_v03", 2, 1);
  run_import("nw_ucla", source_ / "all_sqe/a02_s09_e04_v03.json", store_);
  const auto store = AnnotationStore::open(store_);
  ASSERT_EQ(store.num_clips(), 1);
  EXPECT_EQ(store.id(0), "a02_s09_e04_v03");
}

TEST_F(NwUclaImporter, RefusesAMissingFolder) {
  EXPECT_EQ(import_error(),
            "data: no such folder; expected the folder of NW-UCLA, with all_sqe/ in it\n"
            "  Check the path.");
}

TEST_F(NwUclaImporter, RefusesAFolderWithoutClips) {
  folder_.write("data/all_sqe/readme.txt", "nothing here");
  EXPECT_EQ(import_error(),
            "data: no clip files (aAA_sSS_eEE_vVV.json); expected the folder of NW-UCLA, with "
            "all_sqe/ in it\n  Check the path.");
}

TEST_F(NwUclaImporter, RefusesBrokenJsonAndSaysWhatIsWrong) {
  EXPECT_EQ(error_of_clip(R"({"label": 1, "skeletons": [[[1.0.0]]]})"),
            fmt::format("data/all_sqe/a01_s01_e00_v01.json, byte 32: not valid JSON ({}){}",
                        simdjson::error_message(simdjson::NUMBER_ERROR), kJsonRemedy));
}

TEST_F(NwUclaImporter, LeavesOutADamagedFile) {
  add_three_views();
  add_file("a01_s01_e00_v02", "{");
  const ImportReport report = import();
  EXPECT_EQ(report.clips, 2);
  const auto& [count, example] = report.rejected.at("a faulty file");
  EXPECT_EQ(count, 1);
  EXPECT_NE(example.find("data/all_sqe/a01_s01_e00_v02.json, byte 1: not valid JSON"),
            std::string::npos)
      << example;
  EXPECT_EQ(ids_of(AnnotationStore::open(store_), "train"), Strings{"a01_s01_e00_v01"});
}

TEST_F(NwUclaImporter, WhenStrictRefusesADamagedFile) {
  add_three_views();
  add_file("a01_s01_e00_v02", "{");
  Importer::Context context;
  context.is_strict = true;
  const std::string error =
      thrown_message<DataError>([&] { run_import("nw_ucla", source_, store_, context); });
  EXPECT_NE(error.find("data/all_sqe/a01_s01_e00_v02.json, byte 1: not valid JSON"),
            std::string::npos)
      << error;
}

TEST_F(NwUclaImporter, RefusesAFileThatEndsEarly) {
  const std::string whole = clip_json("a01_s01_e00_v01", "1", {frame_json(0)});
  const std::string error = error_of_clip(whole.substr(0, whole.size() / 2));
  EXPECT_EQ(error.find(fmt::format("data/all_sqe/a01_s01_e00_v01.json, byte {}: not valid JSON (",
                                   whole.size() / 2)),
            0U)
      << error;
}

TEST_F(NwUclaImporter, RefusesAnEmptyFile) {
  EXPECT_EQ(error_of_clip(""),
            fmt::format("data/all_sqe/a01_s01_e00_v01.json: not valid JSON ({}){}",
                        simdjson::error_message(simdjson::EMPTY), kJsonRemedy));
}

TEST_F(NwUclaImporter, RefusesAWrongNumberOfJoints) {
  EXPECT_EQ(error_of_clip(clip_json("", "1", {frame_json(0), frame_json(1, 19)})),
            std::string("data/all_sqe/a01_s01_e00_v01.json, frame 1: no list of 20 joints") +
                kJsonRemedy);
}

TEST_F(NwUclaImporter, RefusesAJointThatIsNoPoint) {
  std::string frame = frame_json(0);
  frame.replace(frame.find(joint_json(0, 4)), joint_json(0, 4).size(), "[1, 2]");
  EXPECT_EQ(error_of_clip(clip_json("", "1", {frame})),
            std::string("data/all_sqe/a01_s01_e00_v01.json, frame 0: a joint that is not "
                        "[x, y, z]") +
                kJsonRemedy);
}

TEST_F(NwUclaImporter, RefusesACoordinateThatIsNoNumber) {
  std::string frame = frame_json(0);
  frame.replace(frame.find(joint_json(0, 19)), joint_json(0, 19).size(), "[1, null, 2]");
  EXPECT_EQ(error_of_clip(clip_json("", "1", {frame})),
            std::string("data/all_sqe/a01_s01_e00_v01.json, frame 0: a coordinate that is no "
                        "number") +
                kJsonRemedy);
}

TEST_F(NwUclaImporter, TakesWholeNumbersAsCoordinates) {
  std::string frame = frame_json(0);
  frame.replace(frame.find(joint_json(0, 0)), joint_json(0, 0).size(), "[1, -2, 3]");
  add_file("a01_s01_e00_v01", clip_json("", "1", {frame}));
  EXPECT_EQ(imported().read(0).keypoints[1], -2);
}

TEST_F(NwUclaImporter, RefusesALabelThatContradictsTheName) {
  EXPECT_EQ(error_of_clip(clip_json("", "8", {frame_json(0)}), "a08_s01_e00_v01"),
            std::string("data/all_sqe/a08_s01_e00_v01.json: the label 8 where the name says 7") +
                kJsonRemedy);
}

TEST_F(NwUclaImporter, RefusesAFileWithoutLabel) {
  EXPECT_EQ(error_of_clip("{}"),
            std::string("data/all_sqe/a01_s01_e00_v01.json: no integer 'label'") + kJsonRemedy);
  EXPECT_EQ(error_of_clip("[1]"),
            std::string("data/all_sqe/a01_s01_e00_v01.json: no integer 'label'") + kJsonRemedy);
}

TEST_F(NwUclaImporter, RefusesAnUnknownAction) {
  EXPECT_EQ(error_of_clip(clip_json("", "7", {frame_json(0)}), "a07_s01_e00_v01"),
            "data/all_sqe/a07_s01_e00_v01.json: action 7; expected one of 1-6, 8, 9, 11, 12\n"
            "  Is this the NW-UCLA data?");
}

TEST_F(NwUclaImporter, RefusesANameOfAnotherForm) {
  EXPECT_EQ(
      error_of_clip(clip_json("", "1", {frame_json(0)}), "a01_s01_e00_v01_copy"),
      "data/all_sqe/a01_s01_e00_v01_copy.json: the clip name 'a01_s01_e00_v01_copy'; expected "
      "a name such as a01_s02_e03_v01\n  Is this the NW-UCLA data?");
}

TEST_F(NwUclaImporter, RefusesAClipWithoutFrames) {
  EXPECT_EQ(error_of_clip(clip_json("", "1", {})),
            std::string("data/all_sqe/a01_s01_e00_v01.json: no frames") + kJsonRemedy);
}

TEST_F(NwUclaImporter, RefusesAFileWithoutSkeletons) {
  EXPECT_EQ(error_of_clip(R"({"label": 1})"),
            std::string("data/all_sqe/a01_s01_e00_v01.json: no list 'skeletons'") + kJsonRemedy);
}

TEST_F(NwUclaImporter, RefusesASplitThatNamesAnAbsentClip) {
  EXPECT_EQ(error_of_split(R"({"val": [{"file_name": "a01_s01_e00_v03"}]})"),
            "data/split.json: clip 'a01_s01_e00_v03' has no file; expected a file of that name in "
            "all_sqe/\n  Download the data again.");
}

TEST_F(NwUclaImporter, RefusesASplitFileOfAnotherForm) {
  EXPECT_EQ(error_of_split("[]"), std::string("data/split.json: not a JSON object") + kSplitRemedy);
  EXPECT_EQ(error_of_split("{\"val\": "),
            std::string("data/split.json, byte 8: not a JSON object") + kSplitRemedy);
  EXPECT_EQ(error_of_split(R"({"val": 3})"),
            std::string("data/split.json: split 'val' is not a list") + kSplitRemedy);
  EXPECT_EQ(
      error_of_split(R"({"val": ["a01_s01_e00_v01"]})"),
      std::string("data/split.json: a clip without 'file_name' in split 'val'") + kSplitRemedy);
}

TEST_F(NwUclaImporter, AFailureInTheLastClipLeavesAnOlderStoreAsItWas) {
  add_three_views();
  import();
  const std::string before = AnnotationStore::open(store_).content_sha256();
  add_file("a12_s01_e00_v01", "{}");
  Importer::Context context;
  context.is_strict = true;
  EXPECT_NE(thrown_message<DataError>([&] { run_import("nw_ucla", source_, store_, context); }),
            "nothing thrown");
  EXPECT_EQ(AnnotationStore::open(store_).content_sha256(), before);
  EXPECT_FALSE(fs::exists(store_.string() + ".part"));
}

}  // namespace
}  // namespace kinegraph
