// A small NTU RGB+D in files of our own, sound and with every fault.

#include <gtest/gtest.h>

#include <set>

#include "datasets/ntu/benchmark.h"
#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/interrupt.h"
#include "framework/io/annotation_store.h"
#include "tests/datasets/ntu_text.h"
#include "tests/datasets/run_import.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"
#include "tests/support/write_zip.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

class NtuRawImporter : public testing::Test {
 protected:
  /// A sound recording of `frames` frames, under data/nturgb+d_skeletons/.
  void add(const std::string& name, int frames = 2, double x = 0.5) const {
    add_text(name, recording_text(frames_of(frames, {{1, x}})));
  }
  void add_text(const std::string& name, const std::string& text) const {
    folder_.write("data/nturgb+d_skeletons/" + name + ".skeleton", text);
  }
  void add_list(const std::string& text) const { folder_.write("missing.txt", text); }
  std::string with_list() const {
    return "{type: ntu_raw, missing: [" + (folder_ / "missing.txt").string() + "]}";
  }

  ImportReport import(const std::string& yaml = "ntu_raw",
                      const Importer::Context& context = {}) const {
    return run_import(yaml, source_, store_, context);
  }
  AnnotationStore imported(const std::string& yaml = "ntu_raw",
                           const Importer::Context& context = {}) const {
    import(yaml, context);
    return AnnotationStore::open(store_);
  }

  /// The error of an import, with paths relative to the folder of the test. Nothing may be left.
  std::string import_error(const std::string& yaml = "ntu_raw",
                           const Importer::Context& context = {}) const {
    std::string text = thrown_message<DataError>([&] { import(yaml, context); });
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    if (fs::exists(folder_ / "out"))
      for (const auto& left : fs::directory_iterator(folder_ / "out"))
        ADD_FAILURE() << "left behind: " << left.path();
    return text;
  }

  TempDir folder_;
  fs::path source_ = folder_ / "data", store_ = folder_ / "out/store.h5";
};

Strings ids_of(const AnnotationStore& store) {
  Strings ids;
  for (int64_t i = 0; i < store.num_clips(); ++i) ids.push_back(store.id(i));
  return ids;
}

Strings ids_of(const AnnotationStore& store, const std::string& split) {
  Strings ids;
  for (const int64_t clip : store.split(split)) ids.push_back(store.id(clip));
  return ids;
}

TEST_F(NtuRawImporter, DescribesTheStore) {
  add("S001C001P001R001A001");
  const StoreInfo info = imported("{type: ntu_raw, rule: pyskl}").info();
  EXPECT_EQ(info.skeleton, "ntu25");
  EXPECT_EQ(info.num_joints, 25);
  EXPECT_EQ(info.channels, "xyz");
  EXPECT_EQ(info.coordinates, Coordinates::metres);
  EXPECT_EQ(info.person_layout, PersonLayout::dense);
  EXPECT_EQ(info.provenance, R"({"benchmark":"ntu60","importer":"ntu_raw","rule":"pyskl"})");
}

TEST_F(NtuRawImporter, TakesTheFieldsFromTheName) {
  add("S017C003P040R002A060", 3);
  const ClipInfo clip = imported().clip(0);
  EXPECT_EQ(clip.id, "S017C003P040R002A060");
  EXPECT_EQ(clip.setup, 17);
  EXPECT_EQ(clip.camera, 3);
  EXPECT_EQ(clip.subject, 40);
  EXPECT_EQ(clip.replication, 2);
  EXPECT_EQ(clip.labels, Integers{59});
  EXPECT_EQ(clip.num_frames, 3);
}

TEST_F(NtuRawImporter, OrdersClipsByName) {
  add("S002C001P001R001A001");
  add("S001C002P001R001A001");
  folder_.write("data/more/S001C001P001R001A050.skeleton", recording_text({{{1}}}));
  EXPECT_EQ(ids_of(imported()),
            (Strings{"S001C001P001R001A050", "S001C002P001R001A001", "S002C001P001R001A001"}));
}

TEST_F(NtuRawImporter, AnActionAbove60MakesItNtu120) {
  add("S001C001P001R001A060");
  EXPECT_EQ(imported().info().class_names.size(), 60U);
  add("S018C001P050R001A061");
  const StoreInfo info = imported().info();
  EXPECT_EQ(info.class_names.size(), 120U);
  EXPECT_EQ(info.class_names[60], "put on headphone");
  EXPECT_EQ(imported("{type: ntu_raw, benchmark: ntu60}").num_clips(), 1);
}

TEST_F(NtuRawImporter, SplitsNtu60BySubjectAndByCamera) {
  add("S001C001P001R001A001");
  add("S001C002P003R001A001");
  add("S001C003P038R001A001");
  const AnnotationStore store = imported();
  EXPECT_EQ(store.info().splits.size(), 4U);
  EXPECT_EQ(ids_of(store, "xsub_train"), (Strings{"S001C001P001R001A001", "S001C003P038R001A001"}));
  EXPECT_EQ(ids_of(store, "xsub_val"), (Strings{"S001C002P003R001A001"}));
  EXPECT_EQ(ids_of(store, "xview_train"),
            (Strings{"S001C002P003R001A001", "S001C003P038R001A001"}));
  EXPECT_EQ(ids_of(store, "xview_val"), (Strings{"S001C001P001R001A001"}));
}

TEST_F(NtuRawImporter, SplitsNtu120BySubjectAndBySetup) {
  add("S001C001P103R001A001");
  add("S032C002P106R001A120");
  const AnnotationStore store = imported();
  EXPECT_EQ(store.info().splits.size(), 4U);
  EXPECT_EQ(ids_of(store, "xsub_train"), (Strings{"S001C001P103R001A001"}));
  EXPECT_EQ(ids_of(store, "xsub_val"), (Strings{"S032C002P106R001A120"}));
  EXPECT_EQ(ids_of(store, "xset_train"), (Strings{"S032C002P106R001A120"}));
  EXPECT_EQ(ids_of(store, "xset_val"), (Strings{"S001C001P103R001A001"}));
}

TEST_F(NtuRawImporter, StoresThePublishedPrecisionOfTheRuleUnlessAskedOtherwise) {
  add("S001C001P001R001A001");
  const auto precision = [&](const std::string& options) {
    return imported("{type: ntu_raw, " + options + "}").info().precision;
  };
  EXPECT_EQ(precision("rule: st_gcn"), Precision::float32);
  EXPECT_EQ(precision("rule: ms_g3d"), Precision::float32);
  EXPECT_EQ(precision("rule: ctr_gcn"), Precision::float32);
  EXPECT_EQ(precision("rule: pyskl"), Precision::float16);
  EXPECT_EQ(precision("rule: mmaction2"), Precision::float16);
  EXPECT_EQ(precision("rule: mmaction2, precision: float64"), Precision::float64);
}

TEST_F(NtuRawImporter, ReportsWhatItDid) {
  add("S001C001P001R001A001", 2);
  add("S001C001P001R001A002", 3);
  Strings steps;
  Importer::Context context;
  context.progress = [&](int64_t done, int64_t all) {
    steps.push_back(fmt::format("{}/{}", done, all));
  };
  const ImportReport report = import("{type: ntu_raw, rule: pyskl}", context);
  EXPECT_EQ(report.clips, 2);
  EXPECT_EQ(report.frames, 5);
  EXPECT_EQ(report.persons, 2);
  EXPECT_TRUE(report.rejected.empty());
  EXPECT_EQ(steps, (Strings{"1/2", "2/2"}));
}

TEST_F(NtuRawImporter, AnInterruptLeavesNothing) {
  add("S001C001P001R001A001");
  Importer::Context context;
  context.progress = [](int64_t, int64_t) { throw Interrupted(); };
  EXPECT_THROW(import("ntu_raw", context), Interrupted);
  EXPECT_TRUE(fs::is_empty(folder_ / "out"));
}

TEST_F(NtuRawImporter, LeavesOutRecordingsWithoutABody) {
  add("S001C001P001R001A001");
  add_text("S001C001P001R001A002", "2\n0\n0\n");
  add_text("S001C001P001R001A003", "0\n");
  const ImportReport report = import();
  EXPECT_EQ(report.clips, 1);
  const auto& [count, example] = report.rejected.at("no body in any frame");
  EXPECT_EQ(count, 2);
  EXPECT_EQ(example, "S001C001P001R001A002");
}

TEST_F(NtuRawImporter, WhenStrictRefusesARecordingWithoutABody) {
  add_text("S001C001P001R001A002", "2\n0\n0\n");
  Importer::Context context;
  context.is_strict = true;
  EXPECT_EQ(import_error("ntu_raw", context),
            "data/nturgb+d_skeletons/S001C001P001R001A002.skeleton: no body in any frame; expected "
            "a recording of at least one person\n"
            "  Name the data set's lists of missing skeletons in 'missing'.");
}

TEST_F(NtuRawImporter, LeavesOutDamagedRecordings) {
  add("S001C001P001R001A001");
  add_text("S001C001P001R001A002", "1\n2\nx");
  add("S001C001P001R001A003");
  add_text("S001C001P001R001A004", "x");
  for (const std::string threads : {"1", "4"}) {
    const ImportReport report = import("{type: ntu_raw, threads: " + threads + "}");
    const auto& [count, example] = report.rejected.at("a faulty file");
    EXPECT_EQ(count, 2);
    EXPECT_EQ(example, (source_ / "nturgb+d_skeletons/S001C001P001R001A002.skeleton").string() +
                           ":3: 'x'; expected a body: its id, which no other body of the frame "
                           "has, and 9 numbers");
    const AnnotationStore store = AnnotationStore::open(store_);
    EXPECT_EQ(ids_of(store), (Strings{"S001C001P001R001A001", "S001C001P001R001A003"}));
    EXPECT_EQ(store.split("xsub_train"), (Integers{0, 1}));
  }
}

TEST_F(NtuRawImporter, WhenStrictRefusesADamagedRecording) {
  add("S001C001P001R001A001");
  add_text("S001C001P001R001A002", "x");
  Importer::Context context;
  context.is_strict = true;
  EXPECT_EQ(import_error("ntu_raw", context),
            "data/nturgb+d_skeletons/S001C001P001R001A002.skeleton:1: 'x'; expected the number of "
            "frames, 0..10000\n  Take this file from the data set again.");
}

TEST_F(NtuRawImporter, LeavesOutRecordingsInWhichTheRuleFindsNobody) {
  add("S001C001P001R001A001");
  add_text("S001C001P001R001A002", recording_text({{{1}}, {{2}}}));
  const ImportReport report = import("{type: ntu_raw, rule: pyskl}");
  EXPECT_EQ(report.rejected.at("no body that rule pyskl takes for a person").first, 1);
}

TEST_F(NtuRawImporter, StopsAtTheLimit) {
  for (int i = 1; i <= 5; ++i) add(fmt::format("S001C001P001R001A00{}", i));
  add_text("S001C001P001R001A001", "0\n");
  Importer::Context context;
  context.limit = 2;
  EXPECT_EQ(ids_of(imported("ntu_raw", context)),
            (Strings{"S001C001P001R001A002", "S001C001P001R001A003"}));
}

TEST_F(NtuRawImporter, ReadsOnlyTheChosenSplits) {
  add("S001C001P001R001A001");
  add_text("S001C001P003R001A001", "damaged");
  Importer::Context context;
  context.splits = {"xsub_train"};
  EXPECT_EQ(ids_of(imported("ntu_raw", context)), (Strings{"S001C001P001R001A001"}));
}

TEST_F(NtuRawImporter, LeavesOutWhatTheMissingListsName) {
  add("S001C001P001R001A001");
  add_text("S001C002P005R002A008", "damaged");
  add_list(
      "302 of the samples lack skeletons.\nSkip them.\n\nS001C002P005R002A008\r\n"
      "S001C002P006R001A008\n");
  const ImportReport report = import(with_list());
  EXPECT_EQ(report.clips, 1);
  EXPECT_EQ(report.rejected.at("listed as having missing skeletons"),
            (std::pair<int64_t, std::string>{1, "S001C002P005R002A008"}));
}

TEST_F(NtuRawImporter, RefusesAMissingListWithABrokenName) {
  add("S001C001P001R001A001");
  add_list("Samples\nS001C002P005R002A008\nS001C002P05R002A008\n");
  EXPECT_EQ(import_error(with_list()),
            "missing.txt:3: 'S001C002P05R002A008'; expected a clip name such as "
            "S001C002P005R002A008\n  Correct the line.");
}

TEST_F(NtuRawImporter, RefusesAMissingListWithoutNames) {
  add("S001C001P001R001A001");
  add_list("nothing\n");
  EXPECT_EQ(import_error(with_list()),
            "missing.txt: no clip names; expected a list of samples with missing skeletons, one "
            "name a line\n  Is this the list that comes with the data set?");
}

TEST_F(NtuRawImporter, TakesOneFileWhateverItsName) {
  source_ = folder_.write("clip.skeleton", recording_text(frames_of(2, {{1}})));
  const AnnotationStore store = imported();
  EXPECT_EQ(store.id(0), "clip");
  EXPECT_EQ(store.clip(0).labels, Integers{});
  EXPECT_EQ(store.info().class_names.size(), 60U);
  EXPECT_EQ(store.split("xsub_val"), Integers{});
}

TEST_F(NtuRawImporter, AZipGivesTheSameAsAFolder) {
  add("S001C001P001R001A001");
  add("S001C001P001R001A002", 3, 1.5);
  const std::string sha256 = imported().content_sha256();
  std::map<std::string, std::string> entries{{"nturgb+d_skeletons/", ""},
                                             {"__MACOSX/._S001C001P001R001A001.skeleton", "no"}};
  for (const auto& file : fs::directory_iterator(source_ / "nturgb+d_skeletons"))
    entries["nturgb+d_skeletons/" + file.path().filename().string()] = read_file(file.path());
  source_ = folder_ / "nturgbd_skeletons_s001_to_s017.zip";
  write_zip(source_, entries);
  EXPECT_EQ(imported().content_sha256(), sha256);
}

TEST_F(NtuRawImporter, AFolderMayHoldSeveralZips) {
  const std::string text = recording_text(frames_of(2, {{1}}));
  write_zip(folder_ / "data/one.zip", {{"a/S001C001P001R001A001.skeleton", text}});
  write_zip(folder_ / "data/two.zip", {{"b/S018C001P001R001A061.skeleton", text}});
  EXPECT_EQ(ids_of(imported()), (Strings{"S001C001P001R001A001", "S018C001P001R001A061"}));
}

TEST_F(NtuRawImporter, SaysWhereInAZipAFaultIs) {
  write_zip(folder_ / "data/one.zip", {{"a/S001C001P001R001A001.skeleton", "1\n2\nx"}});
  EXPECT_EQ(import_error(),
            "data/one.zip: a/S001C001P001R001A001.skeleton:3: 'x'; expected a body: its id, which "
            "no other body of the frame has, and 9 numbers\n"
            "  Take this file from the data set again.");
}

TEST_F(NtuRawImporter, TheNumberOfThreadsMakesNoDifference) {
  for (int i = 1; i <= 60; ++i) add(fmt::format("S001C001P001R001A{:03}", i), 1 + i % 7, 0.01 * i);
  const std::string one = imported("{type: ntu_raw, threads: 1}").content_sha256();
  EXPECT_EQ(imported("{type: ntu_raw, threads: 4}").content_sha256(), one);
}

TEST_F(NtuRawImporter, OfSeveralFaultsTheFirstByNameIsReportedWhateverTheThreads) {
  for (int i = 1; i <= 40; ++i)
    add_text(fmt::format("S001C001P001R001A{:03}", i), fmt::format("{}x", i));
  for (const std::string threads : {"1", "4"})
    EXPECT_EQ(import_error("{type: ntu_raw, threads: " + threads + "}"),
              "data/nturgb+d_skeletons/S001C001P001R001A001.skeleton:1: '1x'; expected the number "
              "of frames, 0..10000\n  Take this file from the data set again.");
}

TEST_F(NtuRawImporter, RefusesAMissingSource) {
  EXPECT_EQ(import_error(),
            "data: no such file or folder; expected a folder or zip archive with files such as "
            "S001C001P001R001A001.skeleton, or one such file\n  Check the path.");
}

TEST_F(NtuRawImporter, RefusesASourceWithoutRecordings) {
  folder_.write("data/readme.txt", "");
  EXPECT_EQ(import_error(),
            "data: no .skeleton files; expected a folder or zip archive with files such as "
            "S001C001P001R001A001.skeleton, or one such file\n  Check the path.");
}

TEST_F(NtuRawImporter, RefusesANameOfAnotherForm) {
  for (const std::string name : {"S001C001P001R001A121", "S033C001P001R001A001",
                                 "S001C001P001R001A01", "S001C001P001R001A0011", "clip"}) {
    add(name);
    EXPECT_EQ(import_error(), "data/nturgb+d_skeletons/" + name + ".skeleton: the clip name '" +
                                  name +
                                  "'; expected SsssCcccPpppRrrrAaaa of NTU RGB+D, such as "
                                  "S001C002P003R002A013\n  Is this NTU RGB+D? A file of another "
                                  "name can be imported alone.");
    fs::remove_all(source_);
  }
}

TEST_F(NtuRawImporter, LeavesOutANameOfAnotherFormBesideOthers) {
  add("S001C001P001R001A001");
  add("S001C001P001R001A002 (1)");
  const ImportReport report = import();
  EXPECT_EQ(report.rejected.at("a name that is no clip's of NTU RGB+D"),
            (std::pair<int64_t, std::string>{1, "S001C001P001R001A002 (1)"}));
  EXPECT_EQ(ids_of(AnnotationStore::open(store_)), Strings{"S001C001P001R001A001"});
}

TEST_F(NtuRawImporter, StrictlyANameOfAnotherFormIsAnError) {
  add("S001C001P001R001A001");
  add("clip");
  Importer::Context context;
  context.is_strict = true;
  const std::string error = import_error("ntu_raw", context);
  EXPECT_EQ(error.find("data/nturgb+d_skeletons/clip.skeleton: the clip name 'clip'; expected"), 0U)
      << error;
}

TEST_F(NtuRawImporter, SaysWhyNoClipIsLeft) {
  add("S001C001P001R001A001");
  add("clip");
  add_list("S001C001P001R001A001\n");
  EXPECT_EQ(
      import_error(with_list()),
      "data: 1 clip left out: a name that is no clip's of NTU RGB+D (such as clip), 1 clip left "
      "out: listed as having missing skeletons (such as S001C001P001R001A001); expected a clip "
      "that is left\n  Is the source the right one?");
}

TEST_F(NtuRawImporter, RefusesTheSameClipTwice) {
  add("S001C001P001R001A001");
  folder_.write("data/a/S001C001P001R001A001.skeleton", "");
  EXPECT_EQ(import_error(),
            "data/nturgb+d_skeletons/S001C001P001R001A001.skeleton: the clip that is also "
            "data/a/S001C001P001R001A001.skeleton; expected every clip once\n"
            "  Remove one of the two files.");
}

TEST(NtuBenchmark, TrainsOnTheSubjectsOfThePapers) {
  const std::set<int64_t> first{1,  2,  4,  5,  8,  9,  13, 14, 15, 16,
                                17, 18, 19, 25, 27, 28, 31, 34, 35, 38};
  const std::set<int64_t> more{45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74,  78, 80,
                               81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103};
  ntu::ClipName name;
  for (name.subject = 1; name.subject <= 106; ++name.subject) {
    const bool is_training = first.count(name.subject) + more.count(name.subject) > 0;
    const std::string split = is_training ? "xsub_train" : "xsub_val";
    EXPECT_EQ(ntu::splits_of(name, ntu::Benchmark::ntu120)[0], split) << name.subject;
    if (name.subject <= 40) {
      EXPECT_EQ(ntu::splits_of(name, ntu::Benchmark::ntu60)[0], split) << name.subject;
    }
  }
  EXPECT_EQ(first.size(), 20U);
  EXPECT_EQ(first.size() + more.size(), 53U);
}

TEST(NtuBenchmark, TrainsOnCameras2And3) {
  ntu::ClipName name;
  for (name.camera = 1; name.camera <= 3; ++name.camera)
    EXPECT_EQ(ntu::splits_of(name, ntu::Benchmark::ntu60)[1],
              name.camera == 1 ? "xview_val" : "xview_train");
}

TEST(NtuBenchmark, TrainsOnEvenSetups) {
  ntu::ClipName name;
  for (name.setup = 1; name.setup <= 32; ++name.setup)
    EXPECT_EQ(ntu::splits_of(name, ntu::Benchmark::ntu120)[1],
              name.setup % 2 == 0 ? "xset_train" : "xset_val");
}

TEST(NtuBenchmark, NamesTheActionsInOrder) {
  const auto names = ntu::action_names(ntu::Benchmark::ntu120);
  ASSERT_EQ(names.size(), 120U);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 120U);
  EXPECT_EQ(names[0], "drink water");
  EXPECT_EQ(names[49], "punching/slapping other person");
  EXPECT_EQ(names[59], "walking apart from each other");
  EXPECT_EQ(names[99], "butt kicks (kick backward)");
  EXPECT_EQ(names[119], "finger-guessing game (playing rock-paper-scissors)");
}

}  // namespace
}  // namespace kinegraph
