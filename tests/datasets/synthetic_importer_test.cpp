// What the made-up data set holds, how it is split, and that it is made to the bit.
#include <gtest/gtest.h>

#include <set>

#include "framework/base/error.h"
#include "framework/io/annotation_store.h"
#include "framework/skeleton/skeleton.h"
#include "tests/datasets/run_import.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

AnnotationStore made(const TempDir& folder, const std::string& options = "") {
  const auto path = folder / "store.h5";
  run_import("{type: synthetic" + options + "}", "", path);
  return AnnotationStore::open(path);
}

std::string hash_of(const std::string& options) {
  return made(TempDir(), options).content_sha256();
}

constexpr char kFew[] = ", subjects: 3, repetitions: 1";

/// Three subjects, two repetitions, made once.
class SyntheticStore : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    store_ = new AnnotationStore(made(*folder_, ", subjects: 3, repetitions: 2"));
  }
  static void TearDownTestSuite() {
    delete store_;
    delete folder_;
  }

  /// The values of a field among the clips of a split.
  static std::set<int64_t> values_of(const std::string& split,
                                     std::optional<int64_t> ClipInfo::*field) {
    std::set<int64_t> values;
    for (const int64_t clip : store_->split(split)) values.insert(*(store_->clip(clip).*field));
    return values;
  }
  static std::set<int64_t> clips_of(const std::string& first, const std::string& second) {
    std::set<int64_t> clips;
    for (const auto& split : {first, second})
      clips.insert(store_->split(split).begin(), store_->split(split).end());
    return clips;
  }

  static inline TempDir* folder_ = nullptr;
  static inline AnnotationStore* store_ = nullptr;
};

using Numbers = std::set<int64_t>;

TEST_F(SyntheticStore, DescribesItself) {
  const StoreInfo& info = store_->info();
  EXPECT_EQ(info.skeleton, "ntu25");
  EXPECT_EQ(info.num_joints, 25);
  EXPECT_EQ(info.channels, "xyz");
  EXPECT_EQ(info.coordinates, Coordinates::metres);
  EXPECT_EQ(info.precision, Precision::float32);
  EXPECT_EQ(
      info.class_names,
      (std::vector<std::string>{"wave left hand", "wave right hand", "sit down", "stand up",
                                "pick up", "put down", "throw", "catch", "circle arm forwards",
                                "circle arm backwards", "turn left", "turn right", "walk", "jog"}));
  EXPECT_EQ(info.provenance,
            R"({"importer": "synthetic", "seed": 1, "subjects": 3, "repetitions": 2, )"
            R"("noise": 1, "lost_joints": 1})");
}

TEST_F(SyntheticStore, HasEveryActionOfEverySubjectInEveryView) {
  std::set<std::vector<int64_t>> seen;
  for (int64_t i = 0; i < store_->num_clips(); ++i) {
    const ClipInfo clip = store_->clip(i);
    seen.insert({clip.labels.at(0), *clip.subject, *clip.camera, *clip.replication});
  }
  EXPECT_EQ(store_->num_clips(), 14 * 3 * 3 * 2);
  EXPECT_EQ(seen.size(), 14u * 3 * 3 * 2);
}

TEST_F(SyntheticStore, NamesClipsAsNtuDoes) {
  const ClipInfo clip = store_->clip(*store_->find("S002C003P001R002A014"));
  EXPECT_EQ(clip.setup, 2);
  EXPECT_EQ(clip.camera, 3);
  EXPECT_EQ(clip.subject, 1);
  EXPECT_EQ(clip.replication, 2);
  EXPECT_EQ(clip.labels, std::vector<int64_t>{13});
  EXPECT_EQ(clip.fps, 30);
}

TEST_F(SyntheticStore, SubjectsAreOnOneSideOfXsub) {
  EXPECT_EQ(values_of("xsub_train", &ClipInfo::subject), (Numbers{1, 2}));
  EXPECT_EQ(values_of("xsub_val", &ClipInfo::subject), (Numbers{3}));
}

TEST_F(SyntheticStore, CamerasAreOnOneSideOfXview) {
  EXPECT_EQ(values_of("xview_train", &ClipInfo::camera), (Numbers{2, 3}));
  EXPECT_EQ(values_of("xview_val", &ClipInfo::camera), (Numbers{1}));
}

TEST_F(SyntheticStore, SplitsTakeEveryClipOnce) {
  for (const std::string name : {"xsub", "xview"}) {
    const size_t count =
        store_->split(name + "_train").size() + store_->split(name + "_val").size();
    EXPECT_EQ(count, static_cast<size_t>(store_->num_clips()));
    EXPECT_EQ(clips_of(name + "_train", name + "_val").size(), count);
  }
}

TEST_F(SyntheticStore, ClipsHaveManyLengthsAndOneOrTwoPersons) {
  Numbers lengths, persons;
  for (int64_t i = 0; i < store_->num_clips(); ++i) {
    lengths.insert(store_->num_frames(i));
    persons.insert(store_->num_persons(i));
  }
  EXPECT_GE(*lengths.begin(), 48);
  EXPECT_LE(*lengths.rbegin(), 120);
  EXPECT_GT(lengths.size(), 30u);
  EXPECT_EQ(persons, (Numbers{1, 2}));
}

TEST_F(SyntheticStore, EveryJointIsInTheRoomBeforeTheCamera) {
  for (int64_t i = 0; i < store_->num_clips(); ++i) {
    const Clip clip = store_->read(i);
    for (size_t at = 0; at < clip.keypoints.size(); at += 3) {
      ASSERT_LT(std::abs(clip.keypoints[at]), 3.0) << clip.id;
      ASSERT_LT(std::abs(clip.keypoints[at + 1]), 3.0) << clip.id;
      ASSERT_GT(clip.keypoints[at + 2], 0.8) << clip.id;
      ASSERT_LT(clip.keypoints[at + 2], 6.5) << clip.id;
    }
  }
}

TEST_F(SyntheticStore, SomeHandsAndFeetAreLostAndNothingElse) {
  const Skeleton skeleton = Skeleton::load("ntu25");
  std::set<std::string> lost;
  int64_t lost_count = 0, count = 0;
  for (int64_t i = 0; i < store_->num_clips(); ++i) {
    const Clip clip = store_->read(i);
    for (size_t at = 0; at < clip.scores.size(); ++at) {
      ASSERT_TRUE(clip.scores[at] == 0 || clip.scores[at] == 1);
      ++count;
      if (clip.scores[at] == 1) continue;
      ++lost_count;
      lost.insert(skeleton.joints[at % 25]);
    }
  }
  EXPECT_EQ(lost,
            (std::set<std::string>{"left_wrist", "left_hand", "left_hand_tip", "left_thumb",
                                   "right_wrist", "right_hand", "right_hand_tip", "right_thumb",
                                   "left_ankle", "left_foot", "right_ankle", "right_foot"}));
  const double share = static_cast<double>(lost_count) / static_cast<double>(count);
  EXPECT_GT(share, 0.01);
  EXPECT_LT(share, 0.1);
}

TEST(SyntheticImporter, GivesTheSameBitsForTheSameSeed) { EXPECT_EQ(hash_of(kFew), hash_of(kFew)); }

TEST(SyntheticImporter, EveryOptionAltersTheClips) {
  std::set<std::string> hashes;
  for (const std::string more : {", seed: 1", ", seed: 2", ", noise: 0", ", lost_joints: 0"})
    hashes.insert(hash_of(kFew + more));
  EXPECT_EQ(hashes.size(), 4u);
}

TEST(SyntheticImporter, MoreSubjectsAndRepetitionsLeaveTheOtherClipsAsTheyAre) {
  const TempDir few_folder, more_folder;
  const AnnotationStore few = made(few_folder, kFew),
                        more = made(more_folder, ", subjects: 4, repetitions: 2");
  ASSERT_EQ(few.num_clips(), 3 * 3 * 14);
  for (int64_t i = 0; i < few.num_clips(); ++i) {
    const auto same = more.find(few.id(i));
    ASSERT_TRUE(same);
    EXPECT_EQ(few.read(i).keypoints, more.read(*same).keypoints) << few.id(i);
  }
}

TEST(SyntheticImporter, ReportsWhatItDid) {
  const TempDir folder;
  int64_t last_done = 0, last_all = 0;
  const ImportReport report = run_import("{type: synthetic, subjects: 3, repetitions: 1}", "",
                                         folder / "store.h5", {[&](int64_t done, int64_t all) {
                                           EXPECT_GT(done, last_done);
                                           last_done = done;
                                           last_all = all;
                                         }});
  EXPECT_EQ(report.clips, 126);
  EXPECT_EQ(last_done, 126);
  EXPECT_EQ(last_all, 126);
  const AnnotationStore store = AnnotationStore::open(folder / "store.h5");
  int64_t frames = 0, persons = 0;
  for (int64_t i = 0; i < store.num_clips(); ++i) {
    frames += store.num_frames(i);
    persons += store.num_persons(i);
  }
  EXPECT_EQ(report.frames, frames);
  EXPECT_EQ(report.persons, persons);
}

TEST(SyntheticImporter, RefusesOptionsOutOfRange) {
  const TempDir folder;
  EXPECT_EQ(thrown_message<ConfigError>([&] {
              made(folder, ", seed: -1, subjects: 2, repetitions: 0, noise: 101, lost: 1");
            }),
            "c.yaml:1:35: 'seed' is -1; expected >= 0\n"
            "c.yaml:1:49: 'subjects' is 2; expected 3..999\n"
            "c.yaml:1:65: 'repetitions' is 0; expected 1..999\n"
            "c.yaml:1:75: 'noise' is 101; expected 0..100\n"
            "c.yaml:1:80: unknown key 'lost' in importer 'synthetic'\n"
            "  known keys: seed, subjects, repetitions, noise, lost_joints");
  EXPECT_FALSE(std::filesystem::exists(folder / "store.h5"));
}

}  // namespace
}  // namespace kinegraph
