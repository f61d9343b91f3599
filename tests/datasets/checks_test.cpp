// A sound store gives no finding; each fault planted in it gives exactly its own.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include "framework/data/check.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/io/hdf5.h"
#include "framework/io/store_skeleton.h"
#include "tests/datasets/run_import.h"
#include "tests/support/golden.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Strings = std::vector<std::string>;

/// A store before it is written.
struct Plan {
  StoreInfo info;
  std::vector<Clip> clips;
};

/// Three joints of a body of tiny_skeleton() in metres, y up, 3 m from the camera.
void add_pose(Clip& clip, Rng& rng, const std::vector<double>& posture) {
  const double rest[7][3] = {{0, .9, 3}, {0, 1.4, 3},  {0, 1.6, 3}, {-.5, 1, 3},
                             {.5, 1, 3}, {-.2, .2, 3}, {.2, .2, 3}};
  for (size_t v = 0; v < 7; ++v)
    for (size_t c = 0; c < 3; ++c)
      clip.keypoints.push_back(rest[v][c] + posture[v * 3 + c] + rng.uniform(-.01, .01));
}

Clip sound_clip(int64_t index) {
  Clip clip;
  clip.id = "clip" + std::to_string(index);
  clip.labels = {index % 3};
  clip.num_frames = 24 + index;
  clip.num_persons = 1;
  clip.subject = index / 4;  // 0 and 1 train, 2 tests
  Rng rng(3, 0, static_cast<uint64_t>(index));
  std::vector<double> posture(21);
  for (double& value : posture) value = rng.uniform(-.1, .1);
  for (int64_t t = 0; t < clip.num_frames; ++t) add_pose(clip, rng, posture);
  clip.scores.assign(static_cast<size_t>(clip.num_frames * 7), 0.9);
  return clip;
}

Plan sound_plan() {
  Plan plan;
  const Skeleton skeleton = tiny_skeleton();
  plan.info.skeleton = skeleton.name;
  plan.info.skeleton_layout = skeleton.to_yaml();
  plan.info.num_joints = skeleton.joint_count();
  plan.info.class_names = {"walk", "run", "jump"};
  plan.info.splits = {{"train", TinyStore::range(0, 8)}, {"val", TinyStore::range(8, 12)}};
  for (int64_t i = 0; i < 12; ++i) plan.clips.push_back(sound_clip(i));
  return plan;
}

/// The same in pixels of a 640 x 480 image, y down.
Plan sound_image_plan() {
  Plan plan = sound_plan();
  plan.info.channels = "xy";
  plan.info.coordinates = Coordinates::pixels;
  for (Clip& clip : plan.clips) {
    std::vector<double> pixels;
    for (size_t i = 0; i < clip.keypoints.size(); i += 3) {
      pixels.push_back(320 + 200 * clip.keypoints[i]);
      pixels.push_back(440 - 200 * clip.keypoints[i + 1]);
    }
    clip.keypoints = pixels;
    clip.image_width = 640;
    clip.image_height = 480;
  }
  return plan;
}

/// The same in shares of the image, scores as the last channel and of no other size than those.
Plan sound_score_channel_plan() {
  Plan plan = sound_image_plan();
  plan.info.channels = "xys";
  plan.info.coordinates = Coordinates::normalised;
  for (Clip& clip : plan.clips) {
    std::vector<double> joined;
    Rng rng(4, 0, clip.keypoints.size());
    for (size_t i = 0; i < clip.scores.size(); ++i)
      joined.insert(joined.end(), {clip.keypoints[2 * i] / 640, clip.keypoints[2 * i + 1] / 480,
                                   rng.uniform(0.1, 1)});
    clip.keypoints = joined;
    clip.scores.clear();
  }
  return plan;
}

void truncate(Clip& clip, int64_t frames) {
  clip.num_frames = frames;
  clip.keypoints.resize(static_cast<size_t>(frames * 21));
  clip.scores.resize(static_cast<size_t>(frames * 7));
}

double* joint(Clip& clip, int64_t frame, int64_t v) {
  return clip.keypoints.data() + (frame * 7 + v) * 3;
}

void expect_start(const std::string& text, const std::string& start) {
  EXPECT_EQ(text.substr(0, start.size()), start);
}

class Checks : public testing::Test {
 protected:
  void write(const Plan& plan) const {
    AnnotationStoreWriter writer(path_, plan.info);
    for (const Clip& clip : plan.clips) writer.add(clip);
    writer.finish();
  }

  /// "error labels: what: count (examples)" of each finding of all checks, or of one.
  Strings findings_in_file(const std::string& only = "", int threads = 2) const {
    std::vector<Component<Check>> checks;
    Diagnostics diagnostics;
    for (const auto& name : Registry<Check>::instance().names()) {
      if (!only.empty() && name != only) continue;
      checks.emplace_back();
      checks.back().read(Node::make_scalar(name, Location{"test", 0, 0}), diagnostics);
    }
    diagnostics.throw_if_any();
    Strings lines;
    const auto store = AnnotationStore::open(path_, AnnotationStore::Labels::any);
    for (const Finding& finding :
         find_faults({store, skeleton_of(store, "store.h5")}, checks, threads)) {
      lines.push_back(fmt::format("{} {}: {}: {} ({})", name_of(finding.severity), finding.check,
                                  finding.text, finding.count, join(finding.examples)));
      EXPECT_FALSE(finding.remedy.empty());
    }
    return lines;
  }

  Strings findings(const Plan& plan) const {
    write(plan);
    return findings_in_file();
  }

  /// After `plant` has changed a sound plan.
  Strings findings_with(const std::function<void(Plan&)>& plant) const {
    Plan plan = sound_plan();
    plant(plan);
    return findings(plan);
  }

  /// Overwrites the first label in the file, and the stored hash with the right one.
  void overwrite_first_label(int64_t label) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(*Hdf5File::open(path_).inspect("labels").file_offset);
    file.write(reinterpret_cast<const char*>(&label), sizeof label);
    file.close();
    const std::string hash =
        AnnotationStore::open(path_, AnnotationStore::Labels::any).computed_sha256();
    const hid_t id = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t attribute = H5Aopen(id, "content_sha256", H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    EXPECT_GE(H5Awrite(attribute, type, hash.c_str()), 0);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Fclose(id);
  }

  TempDir folder_;
  fs::path path_ = folder_ / "store.h5";
};

TEST_F(Checks, FindNothingInASoundStore) { EXPECT_EQ(findings(sound_plan()), Strings{}); }

TEST_F(Checks, FindNothingInASoundStoreOfImages) {
  EXPECT_EQ(findings(sound_image_plan()), Strings{});
}

TEST_F(Checks, TakeAScoreChannelForNoCoordinate) {
  Plan plan = sound_score_channel_plan();
  EXPECT_EQ(findings(plan), Strings{});
  Clip& copy = plan.clips[9];
  copy.num_frames = plan.clips[1].num_frames;
  copy.keypoints = plan.clips[1].keypoints;
  for (size_t i = 2; i < copy.keypoints.size(); i += 3) copy.keypoints[i] = 1 / copy.keypoints[i];
  EXPECT_EQ(findings(plan),
            Strings{"error twins: clips of val that train has under another id: 1 (clip9 = "
                    "clip1)"});
}

TEST_F(Checks, FindNothingWithoutLabelsAndSplits) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              plan.info.splits.clear();
              for (Clip& clip : plan.clips) clip.labels.clear();
            }),
            Strings{});
}

TEST_F(Checks, FindALabelOutsideTheClassList) {
  write(sound_plan());
  overwrite_first_label(7);
  EXPECT_EQ(findings_in_file(),
            Strings{"error labels: labels outside the class list: 1 (clip0 (7))"});
}

TEST_F(Checks, FindLabelsFromOneBesideAnEmptyClassZero) {
  EXPECT_EQ(
      findings_with([](Plan& plan) {
        plan.info.class_names = {"0", "1", "2", "3"};
        for (Clip& clip : plan.clips) ++clip.labels[0];
      }),
      Strings{"warning labels: labels that count from 1: 12 (clip0 (1), clip1 (2), clip2 (3), "
              "clip3 (1), clip4 (2))"});
}

TEST_F(Checks, FindLabelsFromOneBeyondTheClassList) {
  Plan plan = sound_plan();
  for (Clip& clip : plan.clips) clip.labels = {clip.id == "clip0" ? 0 : 1 + clip.labels[0] % 2};
  write(plan);
  overwrite_first_label(3);
  EXPECT_EQ(findings_in_file(),
            Strings{"error labels: labels that count from 1: 12 (clip0 (3), clip1 (2), clip2 (1), "
                    "clip3 (1), clip4 (2))"});
}

TEST_F(Checks, FindThatTheSourceCountedFromOne) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              plan.info.provenance = R"({"importer": "nw_ucla", "labels_start_at": 1})";
            }),
            Strings{"note labels: labels that counted from 1 in the source: 12 (clip0 (0), clip1 "
                    "(1), clip2 (2), clip3 (0), clip4 (1))"});
}

TEST_F(Checks, FindAnEmptyClass) {
  EXPECT_EQ(findings_with([](Plan& plan) { plan.info.class_names.push_back("sit"); }),
            Strings{"warning labels: classes without clips: 1 (sit (3))"});
}

TEST_F(Checks, FindASplitOfOneClass) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              plan.info.splits["few"] = {0, 3};
            }),
            Strings{"warning split_classes: splits with clips of one class only: 1 (few)"});
}

TEST_F(Checks, FindASplitWithoutClips) {
  EXPECT_EQ(findings_with([](Plan& plan) { plan.info.splits["few"] = {}; }),
            Strings{"warning split_classes: splits without clips: 1 (few)"});
}

TEST_F(Checks, FindAClipInBothSplits) {
  EXPECT_EQ(findings_with([](Plan& plan) { plan.info.splits["val"].push_back(2); }),
            Strings{"error split_overlap: clips in both train and val: 1 (clip2)"});
}

TEST_F(Checks, LetProtocolsShareClips) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              plan.info.splits["xview_train"] = TinyStore::range(4, 12);
              plan.info.splits["xview_val"] = TinyStore::range(0, 4);
            }),
            Strings{});
}

TEST_F(Checks, FindASubjectInBothSplits) {
  EXPECT_EQ(findings_with([](Plan& plan) { plan.clips[9].subject = 1; }),
            Strings{"warning split_overlap: subjects in both train and val: 1 (subject 1)"});
}

TEST_F(Checks, FindASubjectInBothSplitsBySubject) {
  EXPECT_EQ(
      findings_with([](Plan& plan) {
        plan.info.splits = {{"xsub_train", TinyStore::range(0, 8)},
                            {"xsub_val", TinyStore::range(8, 12)}};
        plan.clips[9].subject = 1;
        for (size_t i = 0; i < 12; ++i) plan.clips[i].camera = i < 8 ? 1 : 2;
      }),
      Strings{"error split_overlap: subjects in both xsub_train and xsub_val: 1 (subject 1)"});
}

TEST_F(Checks, LetSplitsByCameraShareSubjects) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              for (size_t i = 0; i < 12; ++i) {
                plan.clips[i].subject = 1;
                plan.clips[i].camera = i < 8 ? 1 : 2;
              }
            }),
            Strings{});
}

TEST_F(Checks, FindAClipThatIsThereUnderAnotherId) {
  EXPECT_EQ(
      findings_with([](Plan& plan) {
        plan.clips[9].num_frames = plan.clips[1].num_frames;
        plan.clips[9].keypoints = plan.clips[1].keypoints;
        plan.clips[9].scores = plan.clips[1].scores;
      }),
      Strings{"error twins: clips of val that train has under another id: 1 (clip9 = clip1)"});
}

TEST_F(Checks, LetAPersonStandAsAnotherDoes) {
  Plan plan = sound_image_plan();
  Clip &one = plan.clips[1], &other = plan.clips[9];
  other.num_frames = one.num_frames;
  other.keypoints = one.keypoints;
  other.scores = one.scores;
  Rng rng(5, 0, 0);
  for (double& x : other.keypoints) x += rng.uniform(-3, 3);  // as much as `one` trembles
  EXPECT_EQ(findings(plan), Strings{});
}

TEST_F(Checks, FindAMirroredClip) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              Clip& twin = plan.clips[9];
              twin = plan.clips[1];
              twin.id = "clip9";
              twin.subject = 2;
              Rng rng(1, 0, 0);
              for (int64_t t = 0; t < twin.num_frames; ++t) {
                for (const auto [left, right] : {std::pair(3, 4), std::pair(5, 6)})
                  std::swap_ranges(joint(twin, t, left), joint(twin, t, left) + 3,
                                   joint(twin, t, right));
                for (int64_t v = 0; v < 7; ++v)
                  joint(twin, t, v)[0] = 1 - joint(twin, t, v)[0] + rng.uniform(-.005, .005);
              }
            }),
            Strings{"error twins: clips of val whose mirror image is in train: 1 (clip9 = clip1)"});
}

TEST_F(Checks, FindNaN) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              joint(plan.clips[4], 3, 2)[1] = std::numeric_limits<double>::quiet_NaN();
            }),
            Strings{"error non_finite: clips with NaN or infinite values: 1 (clip4 (1 "
                    "coordinates))"});
}

TEST_F(Checks, FindInfiniteScores) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              plan.clips[4].scores[7] = plan.clips[4].scores[9] =
                  std::numeric_limits<double>::infinity();
            }),
            Strings{"error non_finite: clips with NaN or infinite values: 1 (clip4 (2 scores))"});
}

TEST_F(Checks, FindAClipOfZeros) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              auto& values = plan.clips[5].keypoints;
              values.assign(values.size(), 0);
            }),
            Strings{"error zero_clips: clips without any person: all keypoints are zero: 1 "
                    "(clip5)"});
}

TEST_F(Checks, FindAClipOfOneFrame) {
  EXPECT_EQ(findings_with([](Plan& plan) { truncate(plan.clips[6], 1); }),
            Strings{"warning single_frame: clips of a single frame: 1 (clip6)"});
}

TEST_F(Checks, FindAJointThatNeverMoves) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              Clip& clip = plan.clips[7];
              for (int64_t t = 1; t < clip.num_frames; ++t)
                std::copy_n(joint(clip, 0, 4), 3, joint(clip, t, 4));
            }),
            Strings{"warning frozen_joints: clips with joints that never move: 1 (clip7 "
                    "(right_hand))"});
}

TEST_F(Checks, LetAnUnseenJointRest) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              Clip& clip = plan.clips[7];
              for (int64_t t = 0; t < clip.num_frames; ++t) {
                std::fill_n(joint(clip, t, 4), 3, 1.5);
                clip.scores[static_cast<size_t>(t * 7 + 4)] = 0;
              }
            }),
            Strings{});
}

TEST_F(Checks, FindAJointOutsideTheImage) {
  Plan plan = sound_image_plan();
  plan.clips[3].keypoints[6] = 708;
  EXPECT_EQ(findings(plan),
            Strings{"warning image_bounds: clips with joints far outside the image: 1 (clip3 "
                    "(left_hand at 708, 248.873 of 640 x 480))"});
}

TEST_F(Checks, FindAClipInMillimetres) {
  const Strings lines = findings_with([](Plan& plan) {
    for (double& value : plan.clips[2].keypoints) value *= 1000;
  });
  ASSERT_EQ(lines.size(), 1u);
  expect_start(lines[0],
               "warning bone_lengths: clips with implausible bone lengths: 1 (clip2 (right_foot to "
               "hip: ");
}

TEST_F(Checks, FindABoneLongerThanTheBody) {
  Plan plan = sound_image_plan();
  Clip& clip = plan.clips[2];
  for (int64_t t = 0; t < clip.num_frames; ++t)
    clip.keypoints[static_cast<size_t>((t * 7 + 2) * 2)] += 2000;
  plan.info.coordinates = Coordinates::normalised;
  const Strings lines = findings(plan);
  ASSERT_EQ(lines.size(), 1u);
  expect_start(
      lines[0],
      "warning bone_lengths: clips with implausible bone lengths: 1 (clip2 (head to neck:");
}

TEST_F(Checks, FindWhereLeftAndRightChangePlaces) {
  EXPECT_EQ(findings_with([](Plan& plan) {
              Clip& clip = plan.clips[8];
              for (int64_t t = 13; t < clip.num_frames; ++t)
                for (const auto [left, right] : {std::pair(3, 4), std::pair(5, 6)})
                  std::swap_ranges(joint(clip, t, left), joint(clip, t, left) + 3,
                                   joint(clip, t, right));
            }),
            Strings{"warning left_right_swaps: clips in which left and right change places: 1 "
                    "(clip8 (frame 13))"});
}

TEST_F(Checks, FindScoresInPercent) {
  EXPECT_EQ(findings_with([](Plan& plan) { plan.clips[1].scores[5] = 93; }),
            Strings{"warning score_range: clips with scores outside 0..1.25: 1 (clip1 (93))"});
}

TEST_F(Checks, FindAFlippedBit) {
  write(sound_plan());
  const auto offset = *Hdf5File::open(path_).inspect("scores").file_offset;
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(offset);
  file.put(byte);
  file.close();
  const Strings lines = findings_in_file();
  ASSERT_EQ(lines.size(), 1u);
  expect_start(lines[0],
               "error content_hash: content that is not what was written (SHA-256): 1 (found ");
}

TEST_F(Checks, PutTheGravestFirst) {
  const Strings lines = findings_with([](Plan& plan) {
    truncate(plan.clips[6], 1);
    plan.info.splits["val"].push_back(2);
  });
  ASSERT_EQ(lines.size(), 2u);
  expect_start(lines[0], "error");
}

TEST_F(Checks, NameTheClipsInOrderWithAnyNumberOfThreads) {
  Plan plan = sound_plan();
  for (Clip& clip : plan.clips) truncate(clip, 1);
  write(plan);
  for (const int threads : {1, 4})
    EXPECT_EQ(findings_in_file("single_frame", threads),
              Strings{"warning single_frame: clips of a single frame: 12 (clip0, clip1, clip2, "
                      "clip3, clip4, clip5, clip6, clip7, clip8, clip9, clip10, clip11)"});
}

TEST_F(Checks, SeeWhatIsWrongWithNwUcla) {
  const fs::path source = shared_dir() / "data/nw_ucla";
  if (!fs::exists(source)) GTEST_SKIP() << "no " << source;
  run_import("nw_ucla", source, path_);
  const Strings lines = findings_in_file();
  ASSERT_EQ(lines.size(), 3u);
  // Of actions a02 and a03, views 2 and 3 are the same files but for the name.
  expect_start(lines[0], "error twins: clips of val that train has under another id: 95 ");
  expect_start(lines[1], "warning single_frame: clips of a single frame: 2 (a02_s0");
  expect_start(lines[2], "note labels: labels that counted from 1 in the source: 1484 ");
}

TEST_F(Checks, SeeWhatIsWrongWithAnAnnotationPickle) {
  const fs::path source = shared_dir() / "data/pyskl_pickle/custom16_hrnet.pkl";
  if (!fs::exists(source)) GTEST_SKIP() << "no " << source;
  run_import("{type: pyskl, skeleton: coco17}", source, path_);
  const Strings lines = findings_in_file();
  ASSERT_EQ(lines.size(), 3u);
  expect_start(lines[0],
               "error twins: clips of xsub_test whose mirror image is in xsub_train: 80 ");
  expect_start(lines[1], "warning labels: labels that count from 1: 486 ");
  // The estimator took some people who turn their back for others who face the camera.
  expect_start(lines[2],
               "warning left_right_swaps: clips in which left and right change places: 24 ");
}

}  // namespace
}  // namespace kinegraph
