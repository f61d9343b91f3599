#include "framework/eval/ensemble.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "framework/base/error.h"
#include "tests/framework/eval/toy_scores.h"

namespace kinegraph {
namespace {

using Floats = std::vector<float>;

const std::vector<std::string> kClasses{"drink", "eat"};

/// Clips "a" and "b" of the classes "drink" and "eat".
ScoredStream stream(const std::string& name, const Floats& values, double weight = 1,
                    ScoreKind kind = ScoreKind::probabilities) {
  return {name, Scores({"a", "b"}, {0, 1}, kClasses, values, kind), weight};
}

std::string fuse_error(const std::vector<ScoredStream>& streams,
                       Summand summand = Summand::probabilities) {
  return message_of<DataError>([&] { fuse(streams, summand); });
}

TEST(Fuse, SumsProbabilitiesByWeight) {
  const Scores fused = fuse(
      {stream("joint", {0.25f, 0.75f, 0.5f, 0.5f}, 2), stream("bone", {1, 0, 0.25f, 0.75f}, 0.5)},
      Summand::probabilities);
  EXPECT_EQ(fused.values, Floats({1.0f, 1.5f, 1.125f, 1.375f}));
  EXPECT_EQ(fused.kind, ScoreKind::weighted_sum);
  EXPECT_EQ(fused.class_names, kClasses);
}

TEST(Fuse, TakesTheSoftmaxOfLogitsFirst) {
  const float log3 = std::log(3.0f);
  const Scores fused = fuse({stream("joint", {0, log3, log3, 0}, 1, ScoreKind::logits),
                             stream("bone", {0.5f, 0.5f, 0, 1})},
                            Summand::probabilities);
  const Floats expected{0.75f, 1.25f, 0.75f, 1.25f};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_FLOAT_EQ(fused.values[i], expected[i]);
}

TEST(Fuse, SumsLogitsWhereAskedFor) {
  const Scores fused = fuse({stream("joint", {1, -2, 3, 4}, 1, ScoreKind::logits),
                             stream("bone", {10, 20, 30, 40}, 0.5, ScoreKind::logits)},
                            Summand::logits);
  EXPECT_EQ(fused.values, Floats({6, 8, 18, 24}));
}

TEST(Fuse, AlignsClipsByTheirIds) {
  const ScoredStream swapped{
      "bone", Scores({"b", "a"}, {1, 0}, kClasses, {0, 1, 0.75f, 0.25f}, ScoreKind::probabilities)};
  const Scores fused =
      fuse({stream("joint", {0.5f, 0.5f, 0.5f, 0.5f}), swapped}, Summand::probabilities);
  EXPECT_EQ(fused.ids, std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(fused.labels, std::vector<int64_t>({0, 1}));
  EXPECT_EQ(fused.values, Floats({1.25f, 0.75f, 0.5f, 1.5f}));
}

TEST(Fuse, CanBeBetterThanEachStream) {
  const auto joint = stream("joint", {0.4f, 0.6f, 0.1f, 0.9f});
  const auto bone = stream("bone", {0.9f, 0.1f, 0.6f, 0.4f});
  EXPECT_EQ(predicted_classes(fuse({joint, bone}, Summand::probabilities)),
            std::vector<int64_t>({0, 1}));
}

TEST(Fuse, RefusesAMissingClip) {
  const ScoredStream other{
      "bone", Scores({"a", "c"}, {0, 1}, kClasses, {1, 0, 0, 1}, ScoreKind::probabilities)};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), other}),
            "bone: clips are missing: 1 (such as b); expected the clips of joint\n"
            "  Test all streams on the same split.");
}

TEST(Fuse, RefusesMoreClips) {
  const ScoredStream other{"bone", Scores({"a", "b", "c", "d"}, {0, 1, 0, 1}, kClasses, Floats(8),
                                          ScoreKind::probabilities)};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), other}),
            "bone: more clips: 2 (such as c); expected the clips of joint\n"
            "  Test all streams on the same split.");
}

TEST(Fuse, RefusesAClipThatOccursTwice) {
  const ScoredStream other{
      "bone", Scores({"a", "a"}, {0, 0}, kClasses, {1, 0, 0, 1}, ScoreKind::probabilities)};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), other}),
            "bone: clip a occurs twice; expected every clip once\n"
            "  Test on a data set without 'repeat'.");
}

TEST(Fuse, RefusesAnotherLabel) {
  const ScoredStream other{
      "bone", Scores({"a", "b"}, {0, 0}, kClasses, {1, 0, 0, 1}, ScoreKind::probabilities)};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), other}),
            "bone: clip b: label 0; expected 1, as in joint\n"
            "  Test all streams on the same annotations.");
}

TEST(Fuse, RefusesOtherClasses) {
  const ScoredStream renamed{"bone", Scores({"a", "b"}, {0, 1}, {"drink", "chew"}, {1, 0, 0, 1},
                                            ScoreKind::probabilities)};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), renamed}),
            "bone: class 1 is 'chew'; expected 'eat', as in joint\n"
            "  Fuse streams of the same data set.");
  const ScoredStream more{"bone", Scores({"a", "b"}, {0, 1}, {"drink", "eat", "wave"}, Floats(6),
                                         ScoreKind::probabilities)};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), more}),
            "bone: 3 classes; expected 2, as in joint\n"
            "  Fuse streams of the same data set.");
}

TEST(Fuse, CannotMakeLogitsOfProbabilities) {
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1})}, Summand::logits),
            "joint: scores that are probabilities; expected logits\n"
            "  Sum probabilities, or test with 'clip_average: logits'.");
}

TEST(Fuse, RefusesAnEnsemble) {
  EXPECT_EQ(fuse_error({stream("all", {1, 0, 0, 1}, 1, ScoreKind::weighted_sum)}),
            "all: scores that are weighted_sum; expected logits or probabilities\n"
            "  Fuse the streams themselves, not their ensemble.");
}

TEST(Fuse, NeedsLabels) {
  const ScoredStream unlabelled{"bone", Scores({"a", "b"}, {}, kClasses, {1, 0, 0, 1})};
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, 1}), unlabelled}),
            "bone: no labels; expected the true class of every clip\n"
            "  Measure on labelled clips; `kinegraph predict` needs no labels.");
}

TEST(Fuse, NamesTheClipWhoseSumOverflows) {
  const float big = std::numeric_limits<float>::max();
  EXPECT_EQ(fuse_error({stream("joint", {1, 0, 0, big}, 2, ScoreKind::logits)}, Summand::logits),
            "the ensemble: clip b: score inf for class 1 (eat); expected finite scores\n"
            "  Check the clip's keypoints, and whether the training diverged.");
}

}  // namespace
}  // namespace kinegraph
