// One's own clips as CSV: the example that is shipped, every column, every fault.

#include <cmath>
#include <map>

#include "framework/skeleton/skeleton.h"
#include "tests/datasets/importer_fixture.h"

namespace kinegraph {
namespace {

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr char kExpected[] =
    "; expected columns frame, clip, label and <joint>_x, <joint>_y of layout 'pair'\n"
    "  Columns that mean something else go into the option 'ignore'.";

class CsvImporter : public ImporterFixture {
 protected:
  CsvImporter() {
    folder_.write("pair.yaml",
                  "name: pair\njoints: [hip, head]\nbones: [[head, hip]]\ncenter: hip\n");
  }
  std::string importer(const std::string& more = "") const {
    return "{type: csv, skeleton: " + (folder_ / "pair.yaml").string() + more + "}";
  }
  AnnotationStore store_of(const std::string& text, const std::string& more = "") const {
    folder_.write("data/clips.csv", text);
    return imported(importer(more));
  }
  std::string error_of(const std::string& text, const std::string& more = "") const {
    folder_.write("data/clips.csv", text);
    return import_error(importer(more));
  }
};

TEST_F(CsvImporter, ReadsColumnsInAnyOrder) {
  const AnnotationStore store = store_of(
      "head_y,split,hip_x,label,frame,head_x,clip,hip_y\n"
      "4,train,1,run,0,3,a,2\n"
      "8,train,5,run,1,7,a,6\n"
      "0,val,0.5,go,0,0,b,-2e-3\n",
      ", precision: float64");
  EXPECT_EQ(store.info().class_names, (Strings{"go", "run"}));
  EXPECT_EQ(store.info().channels, "xy");
  EXPECT_EQ(store.info().skeleton, "pair");
  EXPECT_EQ(store.read(0).keypoints, (Doubles{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(store.read(1).keypoints, (Doubles{0.5, -0.002, 0, 0}));
  EXPECT_EQ(store.clip(0).labels, Integers{1});
  EXPECT_EQ(ids_of(store, "train"), Strings{"a"});
  EXPECT_EQ(ids_of(store, "val"), Strings{"b"});
  EXPECT_EQ(ids_of(store, "all"), (Strings{"a", "b"}));
}

TEST_F(CsvImporter, ReadsDepthScoresAndWhatIsKnownOfAClip) {
  const AnnotationStore store = store_of(
      "clip,frame,subject,camera,fps,hip_x,hip_y,hip_z,hip_score,head_x,head_y,head_z,head_score\n"
      "a,0,7,2,12.5,1,2,3,0.25,4,5,6,0.5\n");
  const Clip clip = store.read(0);
  EXPECT_EQ(store.info().channels, "xyz");
  EXPECT_EQ(clip.keypoints, (Doubles{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(clip.scores, (Doubles{0.25, 0.5}));
  EXPECT_EQ(clip.subject, 7);
  EXPECT_EQ(clip.camera, 2);
  EXPECT_EQ(clip.fps, 12.5);
}

TEST_F(CsvImporter, PlacesPersonsAndFrames) {
  const Clip clip = store_of(
                        "clip,frame,person,hip_x,hip_y,head_x,head_y\n"
                        "a,12,ann,3,3,3,3\n"
                        "a,10,bob,1,1,1,1\n"
                        "a,10,ann,2,2,2,2\n")
                        .read(0);
  EXPECT_EQ(clip.num_persons, 2);
  EXPECT_EQ(clip.num_frames, 3);
  EXPECT_EQ(clip.keypoints, (Doubles{2, 2, 2, 2, 0, 0, 0, 0, 3, 3, 3, 3,  //
                                     1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(CsvImporter, KeepsAnEmptyCoordinateAsMissing) {
  const Clip clip = store_of("frame,hip_x,hip_y,head_x,head_y\n0,,1,2,3\n").read(0);
  EXPECT_TRUE(std::isnan(clip.keypoints[0]));
  EXPECT_EQ(clip.keypoints[1], 1);
}

TEST_F(CsvImporter, ReadsQuotesByteOrderMarksAndWindowsLines) {
  const AnnotationStore store = store_of(
      "\xEF\xBB\xBF\"clip\",label,frame,hip_x,hip_y,head_x,head_y\r\n"
      "\"one, \"\"two\"\"\",run,0,1,2,3,4\r\n\r\n"
      "b,go,0,1,2,3,4");
  EXPECT_EQ(ids_of(store), (Strings{"one, \"two\"", "b"}));
}

TEST_F(CsvImporter, TakesAFileForEachClip) {
  folder_.write("data/walk/b.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,1,1,1\n");
  folder_.write("data/walk/a.csv", "frame,hip_x,hip_y,head_x,head_y\n0,2,2,2,2\n");
  folder_.write("data/walk/.hidden.csv", "");
  EXPECT_EQ(ids_of(imported(importer())), (Strings{"walk/a", "walk/b"}));
}

TEST_F(CsvImporter, SortsNumbersAsNumbers) {
  EXPECT_EQ(store_of("clip,label,frame,hip_x,hip_y,head_x,head_y\n"
                     "a,10,0,1,2,3,4\nb,9,0,1,2,3,4\n")
                .info()
                .class_names,
            (Strings{"9", "10"}));
}

TEST_F(CsvImporter, TakesClassesInTheGivenOrder) {
  const AnnotationStore store =
      store_of("label,frame,hip_x,hip_y,head_x,head_y\nrun,0,1,2,3,4\n", ", classes: [walk, run]");
  EXPECT_EQ(store.info().class_names, (Strings{"walk", "run"}));
  EXPECT_EQ(store.clip(0).labels, Integers{1});
}

TEST_F(CsvImporter, RefusesALabelThatIsNotAmongThem) {
  EXPECT_EQ(
      error_of("label,frame,hip_x,hip_y,head_x,head_y\nwalks,0,1,2,3,4\n",
               ", classes: [walk, run]"),
      "data/clips.csv: clip 'clips': label 'walks'; did you mean 'walk'?; expected one of: walk, "
      "run\n  Correct the label, or 'classes'.");
}

TEST_F(CsvImporter, LeavesOutAClipWithALabelThatIsNotAmongThem) {
  const AnnotationStore store =
      store_of("clip,label,frame,hip_x,hip_y,head_x,head_y\na,walks,0,1,2,3,4\nb,run,0,1,2,3,4\n",
               ", classes: [walk, run]");
  ASSERT_EQ(store.num_clips(), 1);
  EXPECT_EQ(store.id(0), "b");
}

TEST_F(CsvImporter, PassesOverColumnsWhereAsked) {
  EXPECT_EQ(store_of("frame,note,hip_x,hip_y,head_x,head_y\n0,hm,1,2,3,4\n", ", ignore: [note]")
                .num_clips(),
            1);
}

TEST_F(CsvImporter, RefusesAnUnknownColumn) {
  EXPECT_EQ(error_of("frame,lable,hip_x,hip_y,head_x,head_y\n0,run,1,2,3,4\n"),
            std::string("data/clips.csv, line 1: unknown column 'lable'; did you mean 'label'?") +
                kExpected);
}

TEST_F(CsvImporter, RefusesAMissingJoint) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,haed_x,head_y\n0,1,2,3,4\n"),
            std::string("data/clips.csv, line 1: no column 'head_x'; did you mean 'haed_x'?") +
                kExpected);
}

TEST_F(CsvImporter, RefusesDepthOfOneJointAlone) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,hip_z,head_x,head_y\n0,1,2,3,4,5\n"),
            std::string("data/clips.csv, line 1: no column 'head_z'; did you mean 'head_x'?") +
                kExpected);
}

TEST_F(CsvImporter, RefusesTwoColumnsOfOneName) {
  EXPECT_EQ(error_of("frame,hip_x,hip_x,head_x,head_y\n0,1,2,3,4\n"),
            std::string("data/clips.csv, line 1: two columns 'hip_x'") + kExpected);
}

TEST_F(CsvImporter, RefusesARowOfAnotherLength) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n0,1,2,3,4\n1,1,2,3\n"),
            std::string("data/clips.csv, line 3: 4 fields where the header has 5") + kExpected);
}

TEST_F(CsvImporter, RefusesACoordinateThatIsNoNumber) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n0,1,2,3;5,4\n"),
            "data/clips.csv, line 2, column 'head_x': '3;5'; expected a number\n"
            "  Columns that mean something else go into the option 'ignore'.");
}

TEST_F(CsvImporter, RefusesAFrameThatIsNoWholeNumber) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n1.5,1,2,3,4\n"),
            "data/clips.csv, line 2, column 'frame': '1.5'; expected a whole number, 0 or more\n"
            "  Columns that mean something else go into the option 'ignore'.");
}

TEST_F(CsvImporter, RefusesAFrameTwice) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n0,1,2,3,4\n0,1,2,3,4\n"),
            std::string("data/clips.csv, line 3: frame 0 again") + kExpected);
}

TEST_F(CsvImporter, RefusesAnAbsurdFrame) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n1,1,2,3,4\n9000000000,1,2,3,4\n"),
            std::string("data/clips.csv, line 3: frame 9000000000 of a clip that begins at frame "
                        "1") +
                kExpected);
}

TEST_F(CsvImporter, RefusesAClipInTwoPieces) {
  const std::string header = "clip,frame,hip_x,hip_y,head_x,head_y\n";
  EXPECT_EQ(error_of(header + "a,0,1,2,3,4\nb,0,1,2,3,4\na,1,1,2,3,4\n"),
            std::string("data/clips.csv, line 4: clip 'a' again; the rows of a clip must be "
                        "together") +
                kExpected);
}

TEST_F(CsvImporter, RefusesAClipWithTwoLabels) {
  EXPECT_EQ(error_of("label,frame,hip_x,hip_y,head_x,head_y\nrun,0,1,2,3,4\ngo,1,1,2,3,4\n"),
            std::string("data/clips.csv, line 3: label 'go' in a clip that began with 'run'") +
                kExpected);
}

TEST_F(CsvImporter, RefusesAnOpenQuote) {
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n0,1,2,3,\"4\n"),
            std::string("data/clips.csv, line 2: no closing quote of field 5") + kExpected);
  EXPECT_EQ(
      error_of("frame,hip_x,hip_y,head_x,head_y\n0,\"1\"1,2,3,4\n"),
      std::string("data/clips.csv, line 2: text after the closing quote of field 2") + kExpected);
}

TEST_F(CsvImporter, CountsLinesInsideQuotes) {
  EXPECT_EQ(error_of("clip,frame,hip_x,hip_y,head_x,head_y\n\"a\nb\",0,1,2,3,4\nc,0,1\n"),
            std::string("data/clips.csv, line 4: 3 fields where the header has 6") + kExpected);
}

TEST_F(CsvImporter, RefusesEmptyFiles) {
  EXPECT_EQ(error_of(""), std::string("data/clips.csv, line 0: an empty file") + kExpected);
  EXPECT_EQ(error_of("frame,hip_x,hip_y,head_x,head_y\n"),
            std::string("data/clips.csv, line 1: no rows") + kExpected);
}

TEST_F(CsvImporter, LeavesOutADamagedFile) {
  const std::string sound = "label,frame,hip_x,hip_y,head_x,head_y\nrun,0,1,2,3,4\n";
  folder_.write("data/a.csv", sound);
  folder_.write("data/b.csv", "label,frame,hip_x,hip_y,head_x,head_y\ngo,0,1,2,3\n");
  folder_.write("data/c.csv", sound);
  const ImportReport report = import(importer());
  EXPECT_EQ(rejected(report),
            Strings{"a faulty file: 1, such as data/b.csv, line 2: 5 fields where the header has "
                    "6; expected columns frame, clip, label and <joint>_x, <joint>_y of layout "
                    "'pair'"});
  const AnnotationStore store = AnnotationStore::open(store_);
  EXPECT_EQ(ids_of(store, "all"), (Strings{"a", "c"}));
  EXPECT_EQ(store.info().class_names, Strings{"run"});
}

TEST_F(CsvImporter, StrictlyADamagedFileIsAnError) {
  folder_.write("data/a.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,2,3,4\n");
  folder_.write("data/b.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,2,3\n");
  EXPECT_EQ(import_error(importer(), strict()),
            std::string("data/b.csv, line 2: 4 fields where the header has 5") + kExpected);
}

TEST_F(CsvImporter, OfFilesThatAreAllDamagedTheFirstIsReported) {
  folder_.write("data/a.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,2,3\n");
  folder_.write("data/b.csv", "");
  EXPECT_EQ(import_error(importer()),
            std::string("data/a.csv, line 2: 4 fields where the header has 5") + kExpected);
}

TEST_F(CsvImporter, LeavesOutClipsOfAnotherNumberOfChannels) {
  folder_.write("data/a.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,1,1,1\n");
  folder_.write("data/b.csv", "frame,hip_x,hip_y,hip_z,head_x,head_y,head_z\n0,1,1,1,1,1,1\n");
  EXPECT_EQ(rejected(import(importer())),
            Strings{"another number of channels than the first clip: 1, such as b"});
  std::filesystem::remove(store_);
  EXPECT_EQ(import_error(importer(), strict()),
            "data/b.csv: clip 'b': 3 channels; expected 2, as in the first clip\n"
            "  All clips of a store have x and y, or all have x, y and z.");
}

TEST_F(CsvImporter, RefusesASourceWithoutFiles) {
  EXPECT_EQ(import_error(importer()),
            "data: No such file or directory; expected a file *.csv, or a folder of them\n"
            "  Check the path.");
}

TEST_F(CsvImporter, NeedsALayout) {
  EXPECT_NE(import_error<ConfigError>("csv").find("skeleton"), std::string::npos);
}

TEST_F(CsvImporter, ImportsTheShippedExample) {
  source_ = kinegraph::source_dir() / "datasets/examples/stick_figure/clips.csv";
  const std::string layout = (source_.parent_path() / "stick_figure.yaml").string();
  const AnnotationStore store = imported("{type: csv, skeleton: " + layout + "}");
  EXPECT_EQ(store.num_clips(), 20);
  EXPECT_EQ(store.split("train").size(), 12U);
  EXPECT_EQ(store.split("val").size(), 8U);
  EXPECT_EQ(store.info().class_names, (Strings{"rest", "squat", "walk", "wave"}));
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.num_frames, 16);
  const double right_hand_y = clip.keypoints[(4 * 7 + 4) * 2 + 1];
  EXPECT_NEAR(right_hand_y, 0.1 + 0.6 + 0.2 * std::sin(M_PI * 4 / 8), 1e-4);
}

}  // namespace
}  // namespace kinegraph
