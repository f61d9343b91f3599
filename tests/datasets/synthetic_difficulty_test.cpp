// The made-up data set is no easier than it says: what sees no motion does not tell the actions.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "framework/base/random.h"
#include "tests/datasets/run_import.h"
#include "tests/datasets/synthetic_clips.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {
namespace {

constexpr double kCeiling = 0.55;

struct Problem {
  Clips train, val;
  std::string name;
  bool faces_camera = false;
};

/// The split `xsub` or `xview` of the store, its clips laid out in four ways.
std::vector<Problem> problems_of(const AnnotationStore& store, const std::string& split) {
  std::vector<Problem> problems;
  for (const bool faces_camera : {false, true})
    for (const Origin origin : {Origin::kFirstFrame, Origin::kEachFrame})
      problems.push_back({split_features(store, split + "_train", origin, faces_camera),
                          split_features(store, split + "_val", origin, faces_camera),
                          fmt::format("{}, pelvis of {}, {}", split,
                                      origin == Origin::kFirstFrame ? "frame 0" : "each frame",
                                      faces_camera ? "turned to the camera" : "as seen"),
                          faces_camera});
  return problems;
}

/// On the store that `kinegraph import synthetic` makes without options, made once.
class SyntheticDifficulty : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    const TempDir folder;
    run_import("synthetic", "", folder / "store.h5");
    const AnnotationStore store = AnnotationStore::open(folder / "store.h5");
    class_count_ = store.info().num_classes();
    for (const std::string split : {"xsub", "xview"}) all_[split] = problems_of(store, split);
  }
  static void TearDownTestSuite() { all_.clear(); }

  const std::vector<Problem>& problems() const { return all_.at(GetParam()); }
  const Problem& any_problem() const { return problems().front(); }
  static double chance() { return 1.0 / static_cast<double>(class_count_); }
  /// Three standard deviations of the accuracy of a guess. The three views of a performance are
  /// counted as one: they share its length and its persons.
  double slack() const {
    const auto performances = static_cast<double>(any_problem().val.size()) / 3;
    return 3 * std::sqrt(chance() * (1 - chance()) / performances);
  }
  static void expect_below_ceiling(const std::string& what, double accuracy) {
    EXPECT_LE(accuracy, kCeiling) << what;
    RecordProperty(what, fmt::format("{:.1f} %", 100 * accuracy));
  }

  static inline int64_t class_count_ = 0;
  static inline std::map<std::string, std::vector<Problem>> all_;
};
INSTANTIATE_TEST_SUITE_P(, SyntheticDifficulty, testing::Values("xsub", "xview"),
                         [](const auto& info) { return info.param; });

/// Not so on xview for who turns the clips to the camera (58.9 %): the other cameras have seen the
/// very performance, and turning makes its views alike.
TEST_P(SyntheticDifficulty, NearestClassMeanStaysBelowTheCeiling) {
  for (const auto& [train, val, name, faces_camera] : problems()) {
    const double accuracy = nearest_class_mean_accuracy(train, val);
    if (GetParam() == "xview" && faces_camera)
      RecordProperty("above the ceiling: " + name, fmt::format("{:.1f} %", 100 * accuracy));
    else
      expect_below_ceiling("nearest class mean, " + name, accuracy);
  }
}

TEST_P(SyntheticDifficulty, TheBestSingleFrameStaysBelowTheCeiling) {
  for (const auto& [train, val, name, faces_camera] : problems()) {
    double best = 0;
    for (size_t frame = 0; frame < kClipFrames; ++frame)
      best = std::max(best, nearest_class_mean_accuracy(single_frames(train, frame),
                                                        single_frames(val, frame)));
    expect_below_ceiling("best single frame, " + name, best);
  }
}

TEST_P(SyntheticDifficulty, TheTimeAveragedPoseStaysBelowTheCeiling) {
  for (const auto& [train, val, name, faces_camera] : problems())
    expect_below_ceiling(
        "time-averaged pose, " + name,
        nearest_class_mean_accuracy(averaged_over_time(train), averaged_over_time(val)));
}

/// On xview the other cameras have seen the very performance, which has that length.
TEST_P(SyntheticDifficulty, ClipLengthTellsNothingOfOtherSubjects) {
  const auto& [train, val, name, faces_camera] = any_problem();
  for (const int64_t bin : {1, 10, 40}) {
    const double accuracy = most_frequent_class_accuracy(
        train, val, [bin](const ClipFeatures& clip) { return clip.num_frames / bin; });
    expect_below_ceiling(fmt::format("clip length in bins of {}", bin), accuracy);
    if (GetParam() == "xsub") {
      EXPECT_NEAR(accuracy, chance(), slack()) << bin;
    }
  }
}

TEST_P(SyntheticDifficulty, ThePersonCountTellsNothing) {
  const auto& [train, val, name, faces_camera] = any_problem();
  const double accuracy = most_frequent_class_accuracy(
      train, val, [](const ClipFeatures& clip) { return clip.num_persons; });
  EXPECT_NEAR(accuracy, chance(), slack());
}

TEST_P(SyntheticDifficulty, ShuffledLabelsGiveChance) {
  auto [train, val, name, faces_camera] = any_problem();
  Rng rng(1, 0, 0);
  for (size_t i = train.size() - 1; i > 0; --i) {
    const auto other = static_cast<size_t>(rng.integer(0, static_cast<int64_t>(i)));
    std::swap(train[i].label, train[other].label);
  }
  const double accuracy = nearest_class_mean_accuracy(train, val);
  EXPECT_NEAR(accuracy, chance(), slack());
  RecordProperty("shuffled labels", fmt::format("{:.1f} %", 100 * accuracy));
}

}  // namespace
}  // namespace kinegraph
