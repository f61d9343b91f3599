// The made-up data set is no easier than it says: what sees no motion does not tell the actions.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "framework/base/random.h"
#include "tests/datasets/run_import.h"
#include "tests/datasets/synthetic_clips.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {
namespace {

constexpr double kCeiling = 0.55;

/// The store that `kinegraph import synthetic` makes without options, made once.
class SyntheticDifficulty : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const TempDir folder;
    run_import("synthetic", "", folder / "store.h5");
    const AnnotationStore store = AnnotationStore::open(folder / "store.h5");
    for (const bool faces_camera : {false, true})
      for (const Origin origin : {Origin::kFirstFrame, Origin::kEachFrame})
        variants().push_back({split_features(store, "xsub_train", origin, faces_camera),
                              split_features(store, "xsub_val", origin, faces_camera),
                              fmt::format("{}, {}",
                                          origin == Origin::kFirstFrame ? "pelvis of frame 0"
                                                                        : "pelvis of each frame",
                                          faces_camera ? "turned to the camera" : "as seen")});
    class_count_ = store.info().num_classes();
  }
  static void TearDownTestSuite() { variants().clear(); }

  struct Variant {
    Clips train, val;
    std::string name;
  };
  static std::vector<Variant>& variants() {
    static std::vector<Variant> all;
    return all;
  }
  static double chance() { return 1.0 / static_cast<double>(class_count_); }
  /// Three standard deviations of the accuracy of a guess.
  static double slack() {
    const auto count = static_cast<double>(variants().front().val.size());
    return 3 * std::sqrt(chance() * (1 - chance()) / count);
  }
  static void expect_below_ceiling(const std::string& what, double accuracy) {
    EXPECT_LE(accuracy, kCeiling) << what;
    RecordProperty(what, fmt::format("{:.1f} %", 100 * accuracy));
  }

  static inline int64_t class_count_ = 0;
};

TEST_F(SyntheticDifficulty, NearestClassMeanStaysBelowTheCeiling) {
  for (const auto& [train, val, name] : variants())
    expect_below_ceiling("nearest class mean, " + name, nearest_class_mean_accuracy(train, val));
}

TEST_F(SyntheticDifficulty, TheBestSingleFrameStaysBelowTheCeiling) {
  for (const auto& [train, val, name] : variants()) {
    double best = 0;
    for (size_t frame = 0; frame < kClipFrames; ++frame)
      best = std::max(best, nearest_class_mean_accuracy(single_frames(train, frame),
                                                        single_frames(val, frame)));
    expect_below_ceiling("best single frame, " + name, best);
  }
}

TEST_F(SyntheticDifficulty, TheTimeAveragedPoseStaysBelowTheCeiling) {
  for (const auto& [train, val, name] : variants())
    expect_below_ceiling(
        "time-averaged pose, " + name,
        nearest_class_mean_accuracy(averaged_over_time(train), averaged_over_time(val)));
}

TEST_F(SyntheticDifficulty, ClipLengthTellsNothing) {
  const auto& [train, val, name] = variants().front();
  for (const int64_t bin : {1, 10, 40}) {
    const double accuracy = most_frequent_class_accuracy(
        train, val, [bin](const ClipFeatures& clip) { return clip.num_frames / bin; });
    expect_below_ceiling(fmt::format("clip length in bins of {}", bin), accuracy);
    EXPECT_NEAR(accuracy, chance(), slack()) << bin;
  }
}

TEST_F(SyntheticDifficulty, ThePersonCountTellsNothing) {
  const auto& [train, val, name] = variants().front();
  const double accuracy = most_frequent_class_accuracy(
      train, val, [](const ClipFeatures& clip) { return clip.num_persons; });
  EXPECT_NEAR(accuracy, chance(), slack());
}

TEST_F(SyntheticDifficulty, ShuffledLabelsGiveChance) {
  auto [train, val, name] = variants().front();
  Rng rng(1, 0, 0);
  for (size_t i = train.size() - 1; i > 0; --i) {
    const auto other = static_cast<size_t>(rng.integer(0, static_cast<int64_t>(i)));
    std::swap(train[i].label, train[other].label);
  }
  EXPECT_NEAR(nearest_class_mean_accuracy(train, val), chance(), slack());
}

}  // namespace
}  // namespace kinegraph
