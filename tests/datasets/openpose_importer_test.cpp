// OpenPose's frames: both layouts, old and new keys, real folders, and every fault.

#include <fmt/format.h>
#include <simdjson.h>

#include "tests/datasets/importer_fixture.h"
#include "tests/support/golden.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr char kExpected[] =
    "; expected {\"people\": [{\"pose_keypoints_2d\": [75 or 54 numbers]}]}\n"
    "  Is this OpenPose's BODY_25 or COCO output?";

/// Joint v at (10 v, 10 v + 1) with the score `score`; joint 2 was not found.
std::string person_json(int joints, double score = 0.5,
                        const std::string& key = "pose_keypoints_2d") {
  Strings values;
  for (int v = 0; v < joints; ++v)
    values.push_back(v == 2 ? "0, 0, 0" : fmt::format("{}, {}, {}", 10 * v, 10 * v + 1, score));
  return fmt::format(R"({{"person_id": [-1], "{}": [{}], "face_keypoints_2d": []}})", key,
                     join(values));
}

std::string people_json(const Strings& persons) {
  return fmt::format(R"({{"version": 1.3, "people": [{}]}})", join(persons));
}

class OpenPoseImporter : public ImporterFixture {
 protected:
  void add_frame(const std::string& folder, int64_t number, const std::string& text) const {
    folder_.write(fmt::format("data/{}/clip_{:012}_keypoints.json", folder, number), text);
  }
  std::string error_of(const std::string& text) const {
    add_frame("a", 0, text);
    return import_error("openpose");
  }
};

TEST_F(OpenPoseImporter, ReadsBody25) {
  add_frame("a", 0, people_json({person_json(25)}));
  const AnnotationStore store = imported("openpose");
  const Clip clip = store.read(0);
  EXPECT_EQ(store.info().skeleton, "body25");
  EXPECT_EQ(store.info().coordinates, Coordinates::pixels);
  EXPECT_EQ(clip.id, "a");
  EXPECT_EQ(clip.num_persons, 2);
  EXPECT_EQ(clip.keypoints[2 * 24 + 1], 241);
  EXPECT_EQ(clip.scores[24], 0.5);
  EXPECT_EQ(clip.scores[2], 0);
}

TEST_F(OpenPoseImporter, TakesTheEighteenJointsOutOfBody25) {
  add_frame("a", 0, people_json({person_json(25), person_json(25, 0.25)}));
  const Clip clip = imported("{type: openpose, layout: openpose18}").read(0);
  ASSERT_EQ(clip.scores.size(), 2U * 18);
  const Integers joints{0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  for (size_t v = 3; v < 18; ++v)
    EXPECT_EQ(clip.keypoints[2 * (18 + v)], 10.0 * static_cast<double>(joints[v]));
  EXPECT_EQ(clip.scores[18], 0.25);
}

TEST_F(OpenPoseImporter, ReadsTheOldKeyAndEighteenJoints) {
  add_frame("a", 0, people_json({person_json(18, 0.5, "pose_keypoints")}));
  const AnnotationStore store = imported("openpose");
  EXPECT_EQ(store.info().skeleton, "openpose18");
  EXPECT_EQ(store.read(0).keypoints[3], 11);
}

TEST_F(OpenPoseImporter, RanksThePersonsOfEachFrameByScore) {
  add_frame("a", 0, people_json({person_json(18, 0.25), person_json(18, 1), person_json(18, 0.5)}));
  const Clip clip = imported("openpose").read(0);
  EXPECT_EQ(clip.scores[0], 1);
  EXPECT_EQ(clip.scores[18], 0.5);
}

TEST_F(OpenPoseImporter, PlacesFramesByTheirNumber) {
  add_frame("a", 9, people_json({person_json(18)}));
  add_frame("a", 10, people_json({}));
  add_frame("a", 12, people_json({person_json(18)}));
  const Clip clip = imported("openpose").read(0);
  EXPECT_EQ(clip.num_frames, 4);
  EXPECT_EQ(clip.scores[0], 0.5);
  EXPECT_EQ(clip.scores[18], 0);
  EXPECT_EQ(clip.scores[3 * 18], 0.5);
}

TEST_F(OpenPoseImporter, TakesClassesFromFolders) {
  add_frame("walk/a", 0, people_json({person_json(18)}));
  add_frame("run/b", 0, people_json({person_json(18)}));
  const AnnotationStore store = imported("openpose");
  EXPECT_EQ(ids_of(store, "all"), (Strings{"run/b", "walk/a"}));
  EXPECT_EQ(store.info().class_names, (Strings{"run", "walk"}));
  EXPECT_EQ(store.clip(1).labels, Integers{1});
}

TEST_F(OpenPoseImporter, TakesClassesFromALabelList) {
  add_frame("a", 0, people_json({person_json(18)}));
  add_frame("b", 0, people_json({person_json(18)}));
  const fs::path list = folder_.write("list.json", R"({"a": {"label": "run", "label_index": 1}})");
  const ImportReport report = import("{type: openpose, label_list: " + list.string() + "}");
  EXPECT_EQ(rejected(report), Strings{"not in the label list: 1, such as b"});
  EXPECT_EQ(AnnotationStore::open(store_).clip(0).labels, Integers{1});
}

TEST_F(OpenPoseImporter, TakesTheFolderOfOneClip) {
  add_frame("a", 0, people_json({person_json(18)}));
  source_ = folder_ / "data/a";
  EXPECT_EQ(ids_of(imported("openpose")), Strings{"a"});
}

TEST_F(OpenPoseImporter, ReadsListsOfJoints) {
  Strings joints(18, "[0.25, 0.75]");
  joints[1] = "[-1, -1]";
  folder_.write("data/a/a_0.json", R"([{"joints": [)" + join(joints) + "]}]");
  folder_.write("data/a/a.json", "not a frame");
  const AnnotationStore store = imported("openpose");
  const Clip clip = store.read(0);
  EXPECT_EQ(store.info().coordinates, Coordinates::normalised);
  EXPECT_EQ(clip.keypoints[1], 0.75);
  EXPECT_EQ(clip.keypoints[2], 0);
  EXPECT_EQ(clip.scores[0], 1);
  EXPECT_EQ(clip.scores[1], 0);
}

TEST_F(OpenPoseImporter, KeepsTheImageSize) {
  add_frame("a", 0, people_json({person_json(18)}));
  const ClipInfo clip = imported("{type: openpose, image_width: 640, image_height: 480}").clip(0);
  EXPECT_EQ(clip.image_width, 640);
  EXPECT_EQ(clip.image_height, 480);
}

TEST_F(OpenPoseImporter, LeavesOutClipsThatCannotBeUsed) {
  add_frame("a", 0, people_json({person_json(25)}));
  add_frame("b", 0, people_json({person_json(18)}));
  add_frame("c", 0, people_json({}));
  EXPECT_EQ(rejected(import("openpose")),
            (Strings{"18 joints: 1, such as b", "no person in any frame: 1, such as c"}));
}

TEST_F(OpenPoseImporter, LeavesOutClipsWithADamagedFrame) {
  add_frame("a", 0, R"({"version": 1})");
  add_frame("b", 0, people_json({person_json(18)}));
  add_frame("c", 0, people_json({person_json(18)}));
  add_frame("c", 1, "");
  add_frame("d", 0, people_json({person_json(18)}));
  EXPECT_EQ(rejected(import("openpose")),
            Strings{"a faulty file: 2, such as data/a/clip_000000000000_keypoints.json, byte 14: "
                    "no list 'people'; expected {\"people\": [{\"pose_keypoints_2d\": [75 or 54 "
                    "numbers]}]}"});
  EXPECT_EQ(ids_of(AnnotationStore::open(store_), "all"), (Strings{"b", "d"}));
  fs::remove(store_);
  EXPECT_EQ(import_error("openpose", strict()),
            std::string("data/a/clip_000000000000_keypoints.json, byte 14: no list 'people'") +
                kExpected);
}

TEST_F(OpenPoseImporter, PassesOverPersonsWithoutABody) {
  add_frame("a", 0, people_json({R"({"pose_keypoints_2d": []})", person_json(18)}));
  EXPECT_EQ(imported("openpose").read(0).scores[0], 0.5);
}

TEST_F(OpenPoseImporter, RefusesAnotherNumberOfJoints) {
  EXPECT_EQ(error_of(people_json({person_json(17)}))
                .find("data/a/clip_000000000000_keypoints.json, byte "),
            0U);
  const std::string text = import_error("openpose");
  EXPECT_EQ(text.substr(text.find(": a person") + 2),
            std::string("a person before here has 17 joints") + kExpected);
}

TEST_F(OpenPoseImporter, RefusesAPersonThatIsNotInThrees) {
  EXPECT_EQ(error_of(R"({"people": [{"pose_keypoints_2d": [1, 2]}]})"),
            std::string("data/a/clip_000000000000_keypoints.json, byte 40: a person before here "
                        "has 2 values") +
                kExpected);
}

TEST_F(OpenPoseImporter, RefusesAFrameWithoutPeople) {
  EXPECT_EQ(error_of(R"({"version": 1})"),
            std::string("data/a/clip_000000000000_keypoints.json, byte 14: no list 'people'") +
                kExpected);
}

TEST_F(OpenPoseImporter, RefusesAFrameThatEndsEarly) {
  EXPECT_EQ(error_of(R"({"people": [{"pose_)"),
            fmt::format("data/a/clip_000000000000_keypoints.json, byte 19: not valid JSON ({}){}",
                        simdjson::error_message(simdjson::UNCLOSED_STRING), kExpected));
}

TEST_F(OpenPoseImporter, RefusesTwoFilesOfOneFrame) {
  add_frame("a", 3, people_json({}));
  folder_.write("data/a/other_3.json", people_json({}));
  EXPECT_EQ(import_error("openpose")
                .find("data/a/other_3.json: frame 3, which is also "
                      "clip_000000000003_keypoints.json; expected one file for "
                      "each frame\n  Keep one clip in each folder."),
            0U);
}

TEST_F(OpenPoseImporter, RefusesAnAbsurdFrameNumber) {
  add_frame("a", 0, people_json({}));
  add_frame("a", 900'000'000'000, people_json({}));
  EXPECT_EQ(import_error("openpose"),
            "data/a/clip_900000000000_keypoints.json: frame 900000000000 of a clip that begins at "
            "0; expected at most 250000 frames\n  Keep one clip in each folder.");
}

TEST_F(OpenPoseImporter, RefusesASourceWithoutFrames) {
  folder_.write("data/notes.json", "{}");
  EXPECT_EQ(import_error("openpose"),
            "data: no frame files; expected folders of <name>_<number>_keypoints.json, as "
            "OpenPose's --write_json makes them\n  Check the path.");
}

TEST_F(OpenPoseImporter, ReadsRealFolders) {
  source_ = shared_dir() / "data/kinetics_json/openpose_v1.3_frames";
  if (!fs::exists(source_)) GTEST_SKIP() << "no " << source_;
  const AnnotationStore store = imported("openpose");
  EXPECT_EQ(ids_of(store), (Strings{"23", "26"}));
  EXPECT_EQ(store.info().skeleton, "openpose18");
  EXPECT_EQ(store.info().coordinates, Coordinates::normalised);
  EXPECT_FLOAT_EQ(store.read(0).keypoints[2], 0.127565F);
}

TEST_F(OpenPoseImporter, ReadsRealListsOfJoints) {
  source_ = shared_dir() / "data/kinetics_json/openpose_frames";
  if (!fs::exists(source_)) GTEST_SKIP() << "no " << source_;
  const AnnotationStore store = imported("openpose");
  EXPECT_EQ(ids_of(store), (Strings{"S004C002P003R001A055_rgb", "S004C003P003R001A007_rgb"}));
  EXPECT_EQ(store.num_frames(0), 76);
  EXPECT_FLOAT_EQ(store.read(0).keypoints[0], 0.41615853658536583F);
}

}  // namespace
}  // namespace kinegraph
