// Kinetics-skeleton: against the published preparation, genuine files, and every fault.

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <functional>

#include "framework/io/hdf5.h"
#include "tests/datasets/importer_fixture.h"
#include "tests/support/golden.h"
#include "tests/support/parity_log.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Doubles = std::vector<double>;
using Strings = std::vector<std::string>;

constexpr char kExpected[] =
    "; expected {\"data\": [{\"frame_index\", \"skeleton\": [{\"pose\": [36], \"score\": "
    "[18]}]}]}\n"
    "  Download or extract the file again.";

std::string numbers_json(size_t count, const std::function<double(size_t)>& value) {
  Strings texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(fmt::format("{}", value(i)));
  return "[" + join(texts) + "]";
}

/// Joint v at (0.01 v, 0.5 + 0.01 v), all with the score `score`.
std::string person_json(double score, size_t joints = 18) {
  const auto coordinate = [](size_t i) {
    const auto joint = static_cast<double>(i / 2);
    return (i % 2 == 0 ? 0.0 : 0.5) + 0.01 * joint;
  };
  return fmt::format(R"({{"pose": {}, "score": {}}})", numbers_json(joints * 2, coordinate),
                     numbers_json(joints, [&](size_t) { return score; }));
}

std::string frame_json(int64_t index, const Strings& persons) {
  return fmt::format(R"({{"frame_index": {}, "skeleton": [{}]}})", index, join(persons));
}

std::string clip_json(int64_t label, const Strings& frames) {
  return fmt::format(R"({{"data": [{}], "label": "class {}", "label_index": {}}})", join(frames),
                     label, label);
}

std::string entry_json(const std::string& id, int64_t label, bool has_skeleton = true) {
  return fmt::format(R"("{}": {{"has_skeleton": {}, "label": "class {}", "label_index": {}}})", id,
                     has_skeleton, label, label);
}

class KineticsSkeletonImporter : public ImporterFixture {
 protected:
  void add_clip(const std::string& path, int64_t label,
                const Strings& frames = {frame_json(0, {person_json(1)})}) const {
    folder_.write("data/" + path, clip_json(label, frames));
  }
  void add_list(const std::string& name, const Strings& entries) const {
    folder_.write("data/" + name, "{" + join(entries) + "}");
  }
  void add_two_splits() const {
    add_clip("kinetics_train/b.json", 2);
    add_clip("kinetics_train/a.json", 0);
    add_list("kinetics_train_label.json", {entry_json("b", 2), entry_json("a", 0)});
    add_clip("kinetics_val/c.json", 2);
    add_list("kinetics_val_label.json", {entry_json("c", 2)});
  }
  /// The one clip of a source with these frames.
  Clip clip_of(const Strings& frames, const std::string& options = "kinetics_skeleton") const {
    add_clip("clip.json", 0, frames);
    return imported(options).read(0);
  }
  std::string error_of_clip(const std::string& text) const {
    folder_.write("data/clip.json", text);
    return import_error("kinetics_skeleton");
  }
};

TEST_F(KineticsSkeletonImporter, TakesSplitsFromPairsOfFolderAndList) {
  add_two_splits();
  const AnnotationStore store = imported("kinetics_skeleton");
  EXPECT_EQ(ids_of(store), (Strings{"a", "b", "c"}));
  EXPECT_EQ(ids_of(store, "train"), (Strings{"a", "b"}));
  EXPECT_EQ(ids_of(store, "val"), (Strings{"c"}));
  EXPECT_EQ(store.info().class_names, (Strings{"class 0", "class 1", "class 2"}));
  EXPECT_EQ(store.clip(1).labels, Integers{2});
  EXPECT_EQ(store.info().skeleton, "openpose18");
  EXPECT_EQ(store.info().coordinates, Coordinates::normalised);
}

TEST_F(KineticsSkeletonImporter, TakesOneFolderWithItsListBesideIt) {
  add_two_splits();
  source_ = folder_ / "data/kinetics_val/";
  EXPECT_EQ(ids_of(imported("kinetics_skeleton"), "val"), (Strings{"c"}));
}

TEST_F(KineticsSkeletonImporter, TakesClipsWithoutAList) {
  add_clip("y.json", 1);
  add_clip("x.json", 3);
  const AnnotationStore store = imported("kinetics_skeleton");
  EXPECT_EQ(ids_of(store, "all"), (Strings{"x", "y"}));
  EXPECT_EQ(store.info().class_names, (Strings{"class 0", "class 1", "class 2", "class 3"}));
  EXPECT_EQ(store.clip(0).labels, Integers{3});
}

TEST_F(KineticsSkeletonImporter, TakesASingleFile) {
  add_clip("x.json", 1);
  source_ = folder_ / "data/x.json";
  EXPECT_EQ(ids_of(imported("kinetics_skeleton"), "all"), (Strings{"x"}));
}

TEST_F(KineticsSkeletonImporter, TakesAClipWithoutLabel) {
  folder_.write("data/clip.json",
                R"({"data": [)" + frame_json(0, {person_json(1)}) + R"(], "label": null})");
  EXPECT_EQ(imported("kinetics_skeleton").clip(0).labels, Integers{});
}

TEST_F(KineticsSkeletonImporter, CentresAndTurnsUpTheYAxis) {
  const Clip clip = clip_of({frame_json(0, {person_json(0.5)})});
  ASSERT_EQ(clip.keypoints.size(), 2U * 18 * 3);
  EXPECT_FLOAT_EQ(clip.keypoints[3], 0.01F - 0.5F);
  EXPECT_FLOAT_EQ(clip.keypoints[4], -0.01F);
  EXPECT_EQ(clip.keypoints[5], 0.5);
}

TEST_F(KineticsSkeletonImporter, LeavesTheYAxisAsStGcnDoes) {
  const Clip clip =
      clip_of({frame_json(0, {person_json(0.5)})}, "{type: kinetics_skeleton, y_axis: down}");
  EXPECT_FLOAT_EQ(clip.keypoints[4], 0.01F);
}

TEST_F(KineticsSkeletonImporter, LeavesThePlaceInTheImageWhereAsked) {
  const Clip clip = clip_of({frame_json(0, {person_json(0.5)})},
                            "{type: kinetics_skeleton, center: false, y_axis: down}");
  EXPECT_FLOAT_EQ(clip.keypoints[3], 0.01F);
  EXPECT_FLOAT_EQ(clip.keypoints[4], 0.51F);
}

TEST_F(KineticsSkeletonImporter, ZeroesJointsWithoutScore) {
  EXPECT_EQ(clip_of({frame_json(0, {person_json(0)})}).keypoints, Doubles(2 * 18 * 3, 0.0));
}

TEST_F(KineticsSkeletonImporter, LeavesMissingJointsAtTheOrigin) {
  const std::string person = fmt::format(R"({{"pose": {}, "score": {}}})",
                                         numbers_json(36, [](size_t i) { return i < 2 ? 0 : 0.6; }),
                                         numbers_json(18, [](size_t) { return 0; }));
  const Clip clip =
      clip_of({frame_json(0, {person})}, "{type: kinetics_skeleton, zero_unscored: false}");
  EXPECT_EQ(clip.keypoints[0], 0);
  EXPECT_EQ(clip.keypoints[1], 0);
  EXPECT_FLOAT_EQ(clip.keypoints[3], 0.1F);
}

TEST_F(KineticsSkeletonImporter, SaysThatScoresOfZeroLeaveNoJoint) {
  add_clip("a.json", 0);
  add_clip("b.json", 0, {frame_json(0, {person_json(0)})});
  EXPECT_EQ(import("kinetics_skeleton").notes,
            Strings{"all scores are 0 in 1 clip (such as b), so their joints became zero; "
                    "zero_unscored=false leaves them where they are"});
  EXPECT_EQ(import("{type: kinetics_skeleton, zero_unscored: false}").notes, Strings{});
}

TEST_F(KineticsSkeletonImporter, KeepsTheImageSizeOnlyOfPlacesInTheImage) {
  folder_.write("data/clip.json", R"({"data": [)" + frame_json(0, {person_json(1)}) +
                                      R"(], "width": 340, "height": 256})");
  EXPECT_EQ(imported("kinetics_skeleton").clip(0).image_width, std::nullopt);
  EXPECT_EQ(imported("{type: kinetics_skeleton, center: false, y_axis: down}").clip(0).image_width,
            340);
}

TEST_F(KineticsSkeletonImporter, KeepsJointsWithoutScoreWhereAsked) {
  const Clip clip =
      clip_of({frame_json(0, {person_json(0)})}, "{type: kinetics_skeleton, zero_unscored: false}");
  EXPECT_FLOAT_EQ(clip.keypoints[3], 0.01F - 0.5F);
}

TEST_F(KineticsSkeletonImporter, KeepsScoresApartWhereAsked) {
  const Clip clip =
      clip_of({frame_json(0, {person_json(0.25)})}, "{type: kinetics_skeleton, channels: xy}");
  EXPECT_EQ(clip.keypoints.size(), 2U * 18 * 2);
  EXPECT_EQ(clip.scores[17], 0.25);
  EXPECT_EQ(clip.scores[18], 0);
}

TEST_F(KineticsSkeletonImporter, RanksThePersonsOfEachFrameByScore) {
  const Clip clip = clip_of({frame_json(0, {person_json(0.25), person_json(0.5), person_json(1)}),
                             frame_json(1, {person_json(0.75), person_json(0.25)})});
  const auto score = [&](size_t person, size_t frame) {
    return clip.keypoints[(person * 2 + frame) * 18 * 3 + 2];
  };
  EXPECT_EQ(score(0, 0), 1);
  EXPECT_EQ(score(1, 0), 0.5);
  EXPECT_EQ(score(0, 1), 0.75);
  EXPECT_EQ(score(1, 1), 0.25);
}

TEST_F(KineticsSkeletonImporter, ConsidersOnlyTheFirstPersonsOfAFrame) {
  const Clip clip = clip_of({frame_json(0, {person_json(0.25), person_json(0.5), person_json(1)})},
                            "{type: kinetics_skeleton, num_person_in: 2, num_person_out: 1}");
  EXPECT_EQ(clip.num_persons, 1);
  EXPECT_EQ(clip.keypoints[2], 0.5);
}

TEST_F(KineticsSkeletonImporter, PlacesFramesByTheirIndex) {
  const Clip clip = clip_of({frame_json(2, {person_json(1)}), frame_json(4, {})});
  ASSERT_EQ(clip.num_frames, 5);
  EXPECT_EQ(clip.keypoints[1 * 18 * 3 + 2], 0);
  EXPECT_EQ(clip.keypoints[2 * 18 * 3 + 2], 1);
}

TEST_F(KineticsSkeletonImporter, LeavesOutLaterFrames) {
  const Strings frames{frame_json(0, {person_json(1)}), frame_json(1, {person_json(1)}),
                       frame_json(2, {person_json(1)})};
  EXPECT_EQ(clip_of(frames, "{type: kinetics_skeleton, max_frames: 2}").num_frames, 2);
}

TEST_F(KineticsSkeletonImporter, ReportsClipsThatCannotBeUsed) {
  add_two_splits();
  add_clip("kinetics_val/unlisted.json", 2);
  add_clip("kinetics_val/none.json", 1, {});
  add_list("kinetics_val_label.json",
           {entry_json("c", 2), entry_json("gone", 2), entry_json("away", 1), entry_json("none", 1),
            entry_json("nobody", 1, false)});
  EXPECT_EQ(rejected(import("kinetics_skeleton")),
            (Strings{"has_skeleton is false in the label list: 1, such as nobody",
                     "no file: 2, such as away", "no frames: 1, such as none",
                     "not in the label list: 1, such as unlisted"}));
  EXPECT_EQ(ids_of(AnnotationStore::open(store_), "val"), (Strings{"c"}));
}

TEST_F(KineticsSkeletonImporter, StrictlyAMissingFileIsAnError) {
  add_two_splits();
  add_list("kinetics_val_label.json", {entry_json("c", 2), entry_json("gone", 2)});
  Importer::Context strict;
  strict.is_strict = true;
  EXPECT_EQ(import_error("kinetics_skeleton", strict),
            "data/kinetics_val/gone.json: no such file; expected a file for each clip of the list\n"
            "  Download the data again, or import without --strict.");
}

TEST_F(KineticsSkeletonImporter, StrictlyAClipWithoutSkeletonIsNoError) {
  add_two_splits();
  add_list("kinetics_val_label.json", {entry_json("c", 2), entry_json("nobody", 1, false)});
  Importer::Context strict;
  strict.is_strict = true;
  EXPECT_EQ(import("kinetics_skeleton", strict).clips, 3);
}

TEST_F(KineticsSkeletonImporter, GivesTheSameStoreForAnyNumberOfThreads) {
  for (int i = 0; i < 40; ++i) add_clip(fmt::format("clip{:02}.json", i), i % 3);
  const std::string one = imported("{type: kinetics_skeleton, threads: 1}").content_sha256();
  EXPECT_EQ(imported("{type: kinetics_skeleton, threads: 5}").content_sha256(), one);
}

TEST_F(KineticsSkeletonImporter, ALimitHidesFaultsBehindIt) {
  for (int i = 0; i < 40; ++i) add_clip(fmt::format("train/clip{:02}.json", i), 0);
  Strings entries;
  for (int i = 0; i < 40; ++i) entries.push_back(entry_json(fmt::format("clip{:02}", i), 0));
  add_list("train_label.json", entries);
  folder_.write("data/train/clip03.json", "broken");
  Importer::Context context;
  context.limit = 3;
  EXPECT_EQ(import("{type: kinetics_skeleton, threads: 4}", context).clips, 3);
}

TEST_F(KineticsSkeletonImporter, RefusesASourceWithoutClips) {
  folder_.write("data/readme.txt", "nothing here");
  EXPECT_EQ(import_error("kinetics_skeleton"),
            "data: no clip files; expected kinetics_train/ and kinetics_train_label.json (and the "
            "same for val), a folder of clip files, or one of them\n  Check the path.");
}

TEST_F(KineticsSkeletonImporter, LeavesOutADamagedFile) {
  add_two_splits();
  folder_.write("data/kinetics_train/b.json", "{");
  const ImportReport report = import("kinetics_skeleton");
  ASSERT_EQ(report.rejected.count("a faulty file"), 1U);
  const auto& [count, example] = report.rejected.at("a faulty file");
  EXPECT_EQ(count, 1);
  EXPECT_EQ(relative(example).find("data/kinetics_train/b.json, byte 1: not valid JSON"), 0U)
      << example;
  const AnnotationStore store = AnnotationStore::open(store_);
  EXPECT_EQ(ids_of(store, "train"), Strings{"a"});
  EXPECT_EQ(ids_of(store, "val"), Strings{"c"});
}

TEST_F(KineticsSkeletonImporter, StrictlyADamagedFileIsAnError) {
  add_two_splits();
  folder_.write("data/kinetics_val/c.json", "{");
  const std::string error = import_error("kinetics_skeleton", strict());
  EXPECT_EQ(error.find("data/kinetics_val/c.json, byte 1: not valid JSON"), 0U) << error;
}

TEST_F(KineticsSkeletonImporter, LeavesOutADamagedFileWithoutAList) {
  add_clip("a.json", 1);
  folder_.write("data/b.json", R"({"data": [], "label": "class 4", "label_index": "x"})");
  add_clip("c.json", 0);
  EXPECT_EQ(import("kinetics_skeleton").rejected.at("a faulty file").first, 1);
  const AnnotationStore store = AnnotationStore::open(store_);
  EXPECT_EQ(ids_of(store, "all"), (Strings{"a", "c"}));
  EXPECT_EQ(store.info().class_names, (Strings{"class 0", "class 1"}));
}

TEST_F(KineticsSkeletonImporter, LeavesOutAFileWithAnAbsurdLabel) {
  add_clip("a.json", 1);
  add_clip("b.json", 100'000);
  EXPECT_EQ(import("kinetics_skeleton").rejected.at("a faulty file").first, 1);
  EXPECT_EQ(ids_of(AnnotationStore::open(store_), "all"), Strings{"a"});
}

TEST_F(KineticsSkeletonImporter, StrictlyADamagedFileWithoutAListIsAnError) {
  add_clip("a.json", 1);
  folder_.write("data/b.json", "{");
  const std::string error = import_error("kinetics_skeleton", strict());
  EXPECT_EQ(error.find("data/b.json, byte 1: not valid JSON"), 0U) << error;
}

TEST_F(KineticsSkeletonImporter, OfFilesThatAreAllDamagedTheFirstIsReported) {
  for (const std::string name : {"a", "b", "c"}) folder_.write("data/" + name + ".json", "{");
  const std::string error = import_error("kinetics_skeleton");
  EXPECT_EQ(error.find("data/a.json, byte 1: not valid JSON"), 0U) << error;
}

TEST_F(KineticsSkeletonImporter, StrictlyALabelThatContradictsTheListIsAnError) {
  add_two_splits();
  add_clip("kinetics_val/c.json", 1);
  EXPECT_EQ(import("kinetics_skeleton").rejected.at("a faulty file").first, 1);
  fs::remove(store_);
  EXPECT_EQ(import_error("kinetics_skeleton", strict()),
            "data/kinetics_val/c.json: label_index 1; expected 2, as in the label list\n"
            "  Take clips and list of the same edition.");
}

TEST_F(KineticsSkeletonImporter, RefusesAClassWithTwoNames) {
  add_two_splits();
  add_list("kinetics_val_label.json", {R"("c": {"label": "run", "label_index": 2})"});
  EXPECT_EQ(import_error("kinetics_skeleton"),
            "data/kinetics_val_label.json: class 2 is 'class 2' and 'run'; expected one name for "
            "each label_index\n  Mend the label list.");
}

TEST_F(KineticsSkeletonImporter, RefusesAnAbsurdLabel) {
  add_two_splits();
  add_list("kinetics_val_label.json", {entry_json("c", 1'000'000'000)});
  EXPECT_EQ(import_error("kinetics_skeleton"),
            "data/kinetics_val_label.json: label_index 1000000000; expected 0..99999\n"
            "  Mend the label list.");
}

TEST_F(KineticsSkeletonImporter, RefusesAListWithoutLabels) {
  add_two_splits();
  folder_.write("data/kinetics_val_label.json", R"({"c": {"label": "run"}})");
  EXPECT_EQ(import_error("kinetics_skeleton"),
            "data/kinetics_val_label.json, byte 22: no 'label_index' of clip 'c'; expected "
            "{\"<clip>\": {\"label\", \"label_index\", \"has_skeleton\"}, ...}\n"
            "  Download the file again.");
}

TEST_F(KineticsSkeletonImporter, SaysAtWhichByteAFileEndsEarly) {
  const std::string whole = clip_json(0, {frame_json(0, {person_json(1)})});
  EXPECT_EQ(error_of_clip(whole.substr(0, 200)),
            fmt::format("data/clip.json, byte 200: not valid JSON ({}){}",
                        simdjson::error_message(simdjson::INCOMPLETE_ARRAY_OR_OBJECT), kExpected));
}

TEST_F(KineticsSkeletonImporter, SaysAtWhichByteAValueIsNoNumber) {
  EXPECT_EQ(error_of_clip(R"({"data": [{"skeleton": [{"pose": [0.1, "x"]}]}]})"),
            std::string("data/clip.json, byte 39: a value of another type") + kExpected);
}

TEST_F(KineticsSkeletonImporter, RefusesATextAfterTheClip) {
  EXPECT_EQ(
      error_of_clip(R"({"data": []} {"data": []})"),
      std::string("data/clip.json, byte 13: more text after the end of the value") + kExpected);
}

TEST_F(KineticsSkeletonImporter, RefusesAListInPlaceOfAClip) {
  EXPECT_EQ(error_of_clip(R"([{"joints": []}])"),
            std::string("data/clip.json, byte 0: a value of another type") + kExpected);
}

TEST_F(KineticsSkeletonImporter, RefusesAnEmptyFile) {
  EXPECT_EQ(error_of_clip(""), fmt::format("data/clip.json: not valid JSON ({}){}",
                                           simdjson::error_message(simdjson::EMPTY), kExpected));
}

TEST_F(KineticsSkeletonImporter, RefusesAnObjectWithoutData) {
  EXPECT_EQ(error_of_clip(R"({"label_index": 3})"),
            std::string("data/clip.json, byte 18: no list 'data'") + kExpected);
}

TEST_F(KineticsSkeletonImporter, RefusesAnotherNumberOfJoints) {
  const std::string clip = clip_json(0, {frame_json(0, {person_json(1, 17)})});
  EXPECT_EQ(error_of_clip(clip),
            fmt::format("data/clip.json, byte {}: a person before here has 34 values in 'pose'{}",
                        clip.find("]}]}") + 2, kExpected));
}

TEST_F(KineticsSkeletonImporter, RefusesAPersonWithoutScores) {
  EXPECT_EQ(error_of_clip(clip_json(
                0, {frame_json(0, {fmt::format("{{\"pose\": {}}}",
                                               numbers_json(36, [](size_t) { return 0.0; }))})})),
            std::string("data/clip.json, byte 160: a person before here has 0 values in 'score'") +
                kExpected);
}

TEST_F(KineticsSkeletonImporter, RefusesAFrameIndexThatFallsOrIsAbsurd) {
  const auto error_of = [&](const Strings& frames) { return error_of_clip(clip_json(0, frames)); };
  EXPECT_EQ(error_of({frame_json(5, {}), frame_json(5, {})}),
            std::string("data/clip.json, byte 80: a frame before here has the frame_index 5 after "
                        "5") +
                kExpected);
  EXPECT_EQ(error_of({frame_json(2'000'000'000, {})}),
            std::string("data/clip.json, byte 53: a frame before here has the frame_index "
                        "2000000000, above 250000") +
                kExpected);
}

/// Joint arrays (N, 3, T, 18, 2) of one split of one repository.
struct KineticsGolden {
  std::string repo, split;
  Hdf5Array<double> data;
  Strings names;
  Integers labels;
};

std::vector<KineticsGolden> kinetics_goldens(const Hdf5File& file) {
  std::vector<KineticsGolden> goldens;
  for (const auto& path : datasets_below(file)) {
    const auto words = split(path.substr(1), '/');
    if (words.size() != 3 || words[1].rfind("kinetics_", 0) != 0 || words[2].rfind("data", 0) != 0)
      continue;
    const std::string group = "/" + words[0] + "/" + words[1];
    goldens.push_back({words[0], words[1].substr(9), file.read<double>(path),
                       file.read_vector<std::string>(group + "/sample_name"),
                       file.read_vector<int64_t>(group + "/label")});
  }
  return goldens;
}

/// The greatest difference between a clip of the store and its published array, which has zeros
/// where the clip has ended.
double difference(const Clip& clip, const KineticsGolden& golden, size_t sample) {
  const auto& shape = golden.data.shape;
  double worst = 0;
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t t = 0; t < shape[2]; ++t)
      for (int64_t v = 0; v < 18; ++v)
        for (int64_t m = 0; m < 2; ++m) {
          const int64_t at =
              (((static_cast<int64_t>(sample) * 3 + c) * shape[2] + t) * 18 + v) * 2 + m;
          const int64_t own = ((m * clip.num_frames + t) * 18 + v) * 3 + c;
          const double found = t < clip.num_frames ? clip.keypoints[static_cast<size_t>(own)] : 0.0;
          worst = std::max(worst, std::abs(found - golden.data.values[static_cast<size_t>(at)]));
        }
  return worst;
}

TEST_F(KineticsSkeletonImporter, EqualsThePublishedArraysExactly) {
  const fs::path goldens = shared_dir() / "golden/rawdata.h5";
  if (!fs::exists(goldens)) GTEST_SKIP() << "no " << goldens;
  source_ = shared_dir() / "golden/raw/kinetics";
  int ran = 0;
  for (const auto& golden : kinetics_goldens(Hdf5File::open(goldens))) {
    const std::string y_axis = golden.repo == "st-gcn" ? "down" : "up";
    const AnnotationStore store = imported("{type: kinetics_skeleton, y_axis: " + y_axis + "}");
    ASSERT_EQ(golden.names.size(), store.split(golden.split).size());
    for (size_t i = 0; i < golden.names.size(); ++i) {
      const auto found = store.find(fs::path(golden.names[i]).stem().string());
      ASSERT_TRUE(found) << golden.names[i];
      EXPECT_EQ(store.clip(*found).labels, Integers{golden.labels[i]});
      EXPECT_EQ(difference(store.read(*found), golden, i), 0) << golden.repo << golden.names[i];
    }
    ++ran;
  }
  EXPECT_GE(ran, 8);
  log_parity("kinetics_skeleton", ran, 0, 0);
}

class GenuineKineticsSkeleton : public ImporterFixture {
 protected:
  void SetUp() override {
    source_ = shared_dir() / "data/kinetics_json";
    if (!fs::exists(source_)) GTEST_SKIP() << "no " << source_;
  }
  std::string error_of(const std::string& file) {
    source_ /= file;
    const std::string text = import_error("kinetics_skeleton");
    return text.substr(0, text.find(';')).substr(source_.parent_path().string().size() + 1);
  }
};

TEST_F(GenuineKineticsSkeleton, OpensAGenuineClip) {
  source_ /= "test_format/--33Lscn6sk.json";
  const AnnotationStore store = imported("kinetics_skeleton");
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.num_frames, 190);
  EXPECT_EQ(clip.labels, Integers{129});
  EXPECT_EQ(store.info().class_names.at(129), "flipping pancake");
  EXPECT_FLOAT_EQ(clip.keypoints[18 * 3], 0.491F - 0.5F);
  EXPECT_FLOAT_EQ(clip.keypoints[18 * 3 + 1], 0.5F - 0.220F);
}

TEST_F(GenuineKineticsSkeleton, ReportsTheAbsentClips) {
  source_ /= "ntu_into_kinetics";
  const ImportReport report = import("kinetics_skeleton");
  EXPECT_EQ(report.clips, 2);
  EXPECT_EQ(report.rejected.at("no file").first, 960 + 480 - 2);
}

TEST_F(GenuineKineticsSkeleton, RefusesFragmentsWithTheByte) {
  EXPECT_EQ(error_of("test_format/S004C003P003R001A007_rgb_28.json"),
            "S004C003P003R001A007_rgb_28.json, byte 0: a value of another type");
}

TEST_F(GenuineKineticsSkeleton, RefusesALabelListAsAClip) {
  EXPECT_EQ(error_of("test_format/target.json"), "target.json, byte 97: no list 'data'");
}

}  // namespace
}  // namespace kinegraph
