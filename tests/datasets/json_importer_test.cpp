// One's own clips as JSON: every field, every fault.

#include <cmath>

#include "tests/datasets/importer_fixture.h"

namespace kinegraph {
namespace {

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr char kExpected[] =
    "; expected {\"clips\": [{\"id\", \"label\", \"keypoints\": [persons][frames][2][2 or 3]}]} or "
    "one such clip, 2 joints of layout 'pair'\n"
    "  Write the file again.";

class JsonImporter : public ImporterFixture {
 protected:
  JsonImporter() {
    folder_.write("pair.yaml",
                  "name: pair\njoints: [hip, head]\nbones: [[head, hip]]\ncenter: hip\n");
  }
  std::string importer() const {
    return "{type: json, skeleton: " + (folder_ / "pair.yaml").string() + "}";
  }
  AnnotationStore store_of(const std::string& text) const {
    folder_.write("data/clips.json", text);
    return imported(importer());
  }
  std::string error_of(const std::string& text) const {
    folder_.write("data/clips.json", text);
    return import_error(importer());
  }
};

TEST_F(JsonImporter, ReadsSeveralClips) {
  const AnnotationStore store = store_of(R"({"clips": [
      {"id": "a", "label": "run", "split": "train", "keypoints": [[[1, 2], [3, 4]]]},
      {"keypoints": [[[5, 6], [7, 8]], [[1, 1], [1, 1]]], "split": ["val", "test"],
       "label": "go", "id": "b"}]})");
  EXPECT_EQ(ids_of(store), (Strings{"a", "b"}));
  EXPECT_EQ(store.info().class_names, (Strings{"go", "run"}));
  EXPECT_EQ(store.read(0).keypoints, (Doubles{1, 2, 3, 4}));
  EXPECT_EQ(store.read(1).num_frames, 2);
  EXPECT_EQ(store.clip(0).labels, Integers{1});
  EXPECT_EQ(ids_of(store, "train"), Strings{"a"});
  EXPECT_EQ(ids_of(store, "test"), Strings{"b"});
}

TEST_F(JsonImporter, ReadsPersonsDepthScoresAndWhatIsKnownOfAClip) {
  const AnnotationStore store = store_of(R"({
      "keypoints": [[[[1, 2, 3], [4, 5, 6]]], [[[7, 8, 9], [0, 0, null]]]],
      "scores": [[[0.25, 0.5]], [[1, 0]]], "subject": 3, "camera": 1, "fps": 30, "width": 640,
      "height": 480, "label": 12})");
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.id, "clips");
  EXPECT_EQ(clip.num_persons, 2);
  EXPECT_EQ(clip.num_frames, 1);
  EXPECT_EQ(clip.keypoints[6], 7);
  EXPECT_TRUE(std::isnan(clip.keypoints[11]));
  EXPECT_EQ(clip.scores, (Doubles{0.25, 0.5, 1, 0}));
  EXPECT_EQ(clip.subject, 3);
  EXPECT_EQ(clip.camera, 1);
  EXPECT_EQ(clip.fps, 30);
  EXPECT_EQ(clip.image_width, 640);
  EXPECT_EQ(clip.image_height, 480);
  EXPECT_EQ(store.info().class_names, Strings{"12"});
}

TEST_F(JsonImporter, TakesAFileForEachClip) {
  folder_.write("data/b.json", R"({"keypoints": [[[1, 2], [3, 4]]], "label": null})");
  folder_.write("data/a.json", R"({"keypoints": [[[1, 2], [3, 4]]]})");
  const AnnotationStore store = imported(importer());
  EXPECT_EQ(ids_of(store, "all"), (Strings{"a", "b"}));
  EXPECT_EQ(store.clip(1).labels, Integers{});
}

TEST_F(JsonImporter, RefusesAnotherNumberOfJoints) {
  EXPECT_EQ(error_of(R"({"keypoints": [[[1, 2]]]})"),
            std::string("data/clips.json, byte 25: clip 'clips' has keypoints of shape 1x1x2") +
                kExpected);
}

TEST_F(JsonImporter, RefusesFlatKeypoints) {
  EXPECT_EQ(
      error_of(R"({"keypoints": [1, 2]})"),
      std::string("data/clips.json, byte 21: clip 'clips' has keypoints of shape 2") + kExpected);
}

TEST_F(JsonImporter, RefusesListsOfDifferentLength) {
  EXPECT_EQ(error_of(R"({"keypoints": [[[1, 2], [3, 4]], [[5, 6]]]})"),
            std::string("data/clips.json, byte 41: a list of 1 before here, where an earlier one "
                        "has 2") +
                kExpected);
}

TEST_F(JsonImporter, RefusesListsOfDifferentDepth) {
  EXPECT_EQ(
      error_of(R"({"keypoints": [[[1, 2], 3]]})"),
      std::string("data/clips.json, byte 25: lists of different depth before here") + kExpected);
  EXPECT_EQ(
      error_of(R"({"keypoints": [[[[[1]]]]]})"),
      std::string("data/clips.json, byte 18: more than four lists in one another") + kExpected);
}

TEST_F(JsonImporter, RefusesScoresOfAnotherShape) {
  EXPECT_EQ(error_of(R"({"keypoints": [[[1, 2], [3, 4]]], "scores": [[1, 2, 3]]})"),
            std::string("data/clips.json, byte 56: clip 'clips' has keypoints of shape 1x2x2 and "
                        "scores of shape 1x3") +
                kExpected);
}

TEST_F(JsonImporter, RefusesAnUnknownKey) {
  EXPECT_EQ(error_of(R"({"lable": "run", "keypoints": [[[1, 2], [3, 4]]]})"),
            std::string("data/clips.json, byte 10: unknown key 'lable'; did you mean 'label'?") +
                kExpected);
}

TEST_F(JsonImporter, RefusesAClipWithoutKeypoints) {
  EXPECT_EQ(error_of(R"({"clips": [{"id": "a"}]})"),
            std::string("data/clips.json, byte 22: no 'keypoints' of clip 'a'") + kExpected);
}

TEST_F(JsonImporter, RefusesAClipWithoutIdAmongSeveral) {
  EXPECT_EQ(error_of(R"({"clips": [{"keypoints": [[[1, 2], [3, 4]]]}]})"),
            std::string("data/clips.json, byte 44: a clip without 'id' before here") + kExpected);
}

TEST_F(JsonImporter, RefusesClipsBesideTheList) {
  EXPECT_EQ(error_of(R"({"clips": [], "label": "run"})"),
            std::string("data/clips.json, byte 29: fields of a clip beside the list 'clips'") +
                kExpected);
}

TEST_F(JsonImporter, SaysAtWhichByteAValueIsNoNumber) {
  EXPECT_EQ(error_of(R"({"keypoints": [[[1, "x"]]]})"),
            std::string("data/clips.json, byte 20: a value of another type") + kExpected);
}

constexpr char kFlat[] = R"({"keypoints": [[[1, 2], [3, 4]]]})";
constexpr char kDeep[] = R"({"keypoints": [[[1, 2, 3], [4, 5, 6]]]})";
constexpr char kDamaged[] = R"({"keypoints": [[[1, 2], [3, "x"]]]})";
constexpr char kFault[] = "byte 28: a value of another type";

TEST_F(JsonImporter, LeavesOutADamagedFile) {
  folder_.write("data/a.json", kFlat);
  folder_.write("data/b.json", kDamaged);  // in the keypoints, which the first reading passes over
  folder_.write("data/c.json", kFlat);
  folder_.write("data/d.json", "{");  // in its form
  const ImportReport report = import(importer());
  const std::string example = std::string("data/b.json, ") + kFault + kExpected;
  EXPECT_EQ(rejected(report),
            Strings{"a faulty file: 2, such as " + example.substr(0, example.find('\n'))});
  EXPECT_EQ(ids_of(AnnotationStore::open(store_), "all"), (Strings{"a", "c"}));
}

TEST_F(JsonImporter, TakesTheChannelsOfTheFirstFileThatIsWhole) {
  folder_.write("data/a.json", kDamaged);
  folder_.write("data/b.json", "{");
  folder_.write("data/c.json", kDeep);
  const AnnotationStore store = imported(importer());
  EXPECT_EQ(store.info().channels, "xyz");
  EXPECT_EQ(ids_of(store, "all"), Strings{"c"});
}

TEST_F(JsonImporter, StrictlyADamagedFileIsAnError) {
  folder_.write("data/a.json", kFlat);
  folder_.write("data/b.json", kDamaged);
  EXPECT_EQ(import_error(importer(), strict()), std::string("data/b.json, ") + kFault + kExpected);
}

TEST_F(JsonImporter, OfFilesThatAreAllDamagedTheFirstIsReported) {
  for (const std::string name : {"a", "b", "c"}) folder_.write("data/" + name + ".json", kDamaged);
  EXPECT_EQ(import_error(importer()), std::string("data/a.json, ") + kFault + kExpected);
}

TEST_F(JsonImporter, DamagedFilesAreTheSameForAnyNumberOfThreads) {
  for (int i = 10; i < 50; ++i)
    folder_.write("data/" + std::to_string(i) + ".json", i % 3 == 1 ? kDamaged : kFlat);
  Importer::Context context;
  context.limit = 15;
  Strings reports;
  for (const std::string threads : {"1", "5"}) {
    const std::string yaml = importer().insert(1, "threads: " + threads + ", ");
    reports.push_back(join(rejected(import(yaml, context))));
    reports.back() += join(ids_of(AnnotationStore::open(store_)));
  }
  EXPECT_EQ(reports[0], reports[1]);
  EXPECT_EQ(reports[0].find("a faulty file: 8, such as data/10.json, "), 0U) << reports[0];
  EXPECT_EQ(AnnotationStore::open(store_).num_clips(), 15);
}

TEST_F(JsonImporter, ANameTwiceStopsTheImport) {
  folder_.write("data/a.json", R"({"id": "x", "keypoints": [[[1, 2], [3, 4]]]})");
  folder_.write("data/b.json", R"({"id": "x", "keypoints": [[[1, 2], [3, 4]]]})");
  EXPECT_EQ(import_error(importer()),
            "data: clip 'x': an id that an earlier clip has; expected ids that differ\n"
            "  Is a clip listed twice?");
}

TEST_F(JsonImporter, RefusesAnEmptyList) {
  EXPECT_EQ(error_of(R"({"clips": []})"),
            "data: no clips; expected at least one\n  Is the source the right one?");
}

}  // namespace
}  // namespace kinegraph
