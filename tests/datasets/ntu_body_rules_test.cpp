#include "datasets/ntu/body_rules.h"

#include <gtest/gtest.h>

#include "tests/datasets/ntu_text.h"

namespace kinegraph::ntu {
namespace {

using Doubles = std::vector<double>;

Recording recording_of(const TextFrames& frames) {
  return parse_recording(recording_text(frames), "test");
}

/// x of the first joint of a person, frame by frame: x of the TextBody that stands there.
Doubles xs(const Bodies& bodies, int64_t person) {
  Doubles values;
  for (int64_t t = 0; t < bodies.frames; ++t) values.push_back(bodies.at(person, t)[0]);
  return values;
}

/// A person with `id` who moves on by `step` metres a frame, from `start` on.
struct Walker {
  int64_t id;
  int first_frame, frames;
  double start, step;
  double width = 0.4;
};

TextFrames walk(int frames, const std::vector<Walker>& walkers) {
  TextFrames result(static_cast<size_t>(frames));
  for (const auto& walker : walkers)
    for (int t = 0; t < walker.frames; ++t)
      result[static_cast<size_t>(walker.first_frame + t)].push_back(
          {walker.id, walker.start + walker.step * t, walker.width});
  return result;
}

TEST(NtuStGcnRule, TakesTheFirstTwoPlacesOfEachFrameAsTheyCome) {
  const Bodies bodies =
      select_st_gcn(recording_of({{{1, 1}, {2, 2}, {3, 3}}, {}, {{3, 5}}}), Benchmark::ntu60);
  EXPECT_EQ(bodies.persons, 2);
  EXPECT_EQ(xs(bodies, 0), (Doubles{1, 0, 5}));
  EXPECT_EQ(xs(bodies, 1), (Doubles{2, 0, 0}));
}

TEST(NtuMsG3dRule, PutsTheTwoMostEnergeticPlacesFirst) {
  const Bodies bodies = select_ms_g3d(
      recording_of({{{1, 1}, {2, 1}, {3, 1}}, {{1, 1}, {2, 9}, {3, 3}}}), Benchmark::ntu60);
  EXPECT_EQ(bodies.persons, 2);
  EXPECT_EQ(xs(bodies, 0), (Doubles{1, 9}));
  EXPECT_EQ(xs(bodies, 1), (Doubles{1, 3}));
}

TEST(NtuMsG3dRule, GoesByPlaceAndNotById) {
  const Bodies bodies =
      select_ms_g3d(recording_of({{{1, 1}, {2, 2}}, {{2, 7}, {1, 3}}}), Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0), (Doubles{1, 7}));
}

TEST(NtuMsG3dRule, LooksAtFourPlaces) {
  const TextFrames frames{{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}},
                          {{1, 1}, {2, 2}, {3, 1}, {4, 3}, {5, 9}}};
  const Bodies bodies = select_ms_g3d(recording_of(frames), Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0), (Doubles{1, 3}));
  EXPECT_EQ(xs(bodies, 1), (Doubles{1, 2}));
}

TEST(NtuMsG3dRule, TheLaterOfTwoEquallyEnergeticPlacesComesFirst) {
  const Bodies bodies =
      select_ms_g3d(recording_of(frames_of(2, {{1, 0.5}, {2, 0.5, 0.4, -1.6}})), Benchmark::ntu60);
  const int64_t highest_y = 24 * 3 + 1;
  EXPECT_LT(bodies.at(0, 0)[highest_y], 0);
  EXPECT_GT(bodies.at(1, 0)[highest_y], 0);
}

TEST(NtuMsG3dRule, FramesWithoutTheBodyDoNotCountAsMovement) {
  // Standing far away in half of the frames is no movement; stepping by half a metre is.
  const Bodies bodies =
      select_ms_g3d(recording_of({{{1, 1}, {2, 90}}, {{1, 1.5}}, {{1, 1}, {2, 90}}, {{1, 1.5}}}),
                    Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0), (Doubles{1, 1.5, 1, 1.5}));
}

TEST(NtuMmaction2Rule, DropsEmptyPlaces) {
  const TextFrames frames = frames_of(2, {{1, 1}});
  EXPECT_EQ(select_mmaction2(recording_of(frames), Benchmark::ntu60).persons, 1);
  EXPECT_EQ(select_ms_g3d(recording_of(frames), Benchmark::ntu60).persons, 2);
}

TEST(NtuPysklRule, DropsFramesWithoutABody) {
  const Bodies bodies =
      select_pyskl(recording_of({{}, {{1, 1}}, {}, {{1, 2}}, {}}), Benchmark::ntu60);
  EXPECT_EQ(bodies.persons, 1);
  EXPECT_EQ(xs(bodies, 0), (Doubles{1, 2}));
}

TEST(NtuPysklRule, PutsTheMostMovingPersonFirst) {
  const Bodies bodies = select_pyskl(
      recording_of(walk(12, {{1, 0, 12, 1, 0.01}, {2, 0, 12, 5, 0.1}})), Benchmark::ntu60);
  EXPECT_EQ(bodies.persons, 2);
  EXPECT_EQ(bodies.frames, 12);
  EXPECT_EQ(xs(bodies, 0)[0], 5);
  EXPECT_EQ(xs(bodies, 1)[0], 1);
}

TEST(NtuPysklRule, DropsBodiesOf11FramesWhenThereAreSeveral) {
  const auto moving_ghost = [](int frames) {
    return recording_of(walk(20, {{1, 0, 20, 1, 0}, {2, 4, frames, 5, 1}}));
  };
  EXPECT_EQ(select_pyskl(moving_ghost(11), Benchmark::ntu60).persons, 1);
  EXPECT_EQ(select_pyskl(moving_ghost(12), Benchmark::ntu60).persons, 2);
  EXPECT_EQ(select_pyskl(recording_of(walk(3, {{1, 0, 3, 1, 0}})), Benchmark::ntu60).frames, 3);
}

TEST(NtuPysklRule, DropsBodiesThatAreMostlyWide) {
  const Recording recording =
      recording_of(walk(20, {{1, 0, 20, 1, 0}, {2, 0, 20, 5, 1, /*width=*/1.4}}));
  const Bodies bodies = select_pyskl(recording, Benchmark::ntu60);
  EXPECT_EQ(bodies.persons, 1);
  EXPECT_EQ(xs(bodies, 0)[0], 1);
}

TEST(NtuPysklRule, LeavesNothingWhenAllOfSeveralBodiesAreWideOrShort) {
  EXPECT_EQ(select_pyskl(recording_of(walk(20, {{1, 0, 20, 1, 0, 1.4}, {2, 0, 20, 5, 1, 1.4}})),
                         Benchmark::ntu60)
                .persons,
            0);
  EXPECT_EQ(
      select_pyskl(recording_of(walk(20, {{1, 0, 9, 1, 0}, {2, 10, 9, 5, 1}})), Benchmark::ntu60)
          .persons,
      0);
}

TEST(NtuPysklRule, AnIdThatFollowsAnotherContinuesItsTrack) {
  const Bodies bodies = select_pyskl(
      recording_of(walk(30, {{1, 0, 15, 1, 0.01}, {2, 15, 15, 5, 0}})), Benchmark::ntu60);
  EXPECT_EQ(bodies.persons, 2);
  EXPECT_NEAR(xs(bodies, 0)[14], 1.14, 1e-6);
  EXPECT_EQ(xs(bodies, 0)[15], 5);
  EXPECT_EQ(xs(bodies, 1), Doubles(30, 0));
}

TEST(NtuPysklRule, AThirdBodyAtTheSameTimeIsDropped) {
  const Bodies bodies = select_pyskl(
      recording_of(walk(15, {{1, 0, 15, 1, 0.3}, {2, 0, 15, 2, 0.2}, {3, 0, 15, 3, 0.1}})),
      Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0)[0], 1);
  EXPECT_EQ(xs(bodies, 1)[0], 2);
}

TEST(NtuPysklRule, WhoeverIsSeenInTheFirstFrameComesFirst) {
  const Bodies bodies = select_pyskl(
      recording_of(walk(30, {{1, 0, 30, 1, 0.001}, {2, 5, 25, 5, 0.5}})), Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0)[0], 1);
  EXPECT_EQ(xs(bodies, 1)[5], 5);
}

TEST(NtuCtrGcnRule, ALoneBodyLeavesTheSecondPlaceEmptyInNtu60AndStandsInBothInNtu120) {
  const Recording recording = recording_of(walk(3, {{1, 0, 3, 1, 1}}));
  const Bodies ntu60 = select_ctr_gcn(recording, Benchmark::ntu60);
  EXPECT_EQ(xs(ntu60, 0), (Doubles{1, 2, 3}));
  EXPECT_EQ(xs(ntu60, 1), (Doubles{0, 0, 0}));
  EXPECT_EQ(xs(select_ctr_gcn(recording, Benchmark::ntu120), 1), (Doubles{1, 2, 3}));
}

TEST(NtuCtrGcnRule, KeepsTheLastBodyHoweverWideItIs) {
  const Bodies bodies = select_ctr_gcn(
      recording_of(walk(20, {{1, 0, 20, 1, 0, 1.4}, {2, 0, 20, 5, 1, 1.4}})), Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0)[0], 5);
}

TEST(NtuCtrGcnRule, LeavesNothingWhenAllOfSeveralBodiesAreShort) {
  EXPECT_EQ(
      select_ctr_gcn(recording_of(walk(20, {{1, 0, 9, 1, 0}, {2, 10, 9, 5, 1}})), Benchmark::ntu60)
          .persons,
      0);
}

TEST(NtuCtrGcnRule, TheMostMovingPersonStaysFirstWhenEnteringLate) {
  const Bodies bodies = select_ctr_gcn(
      recording_of(walk(30, {{1, 0, 30, 1, 0.001}, {2, 5, 25, 5, 0.5}})), Benchmark::ntu60);
  EXPECT_EQ(xs(bodies, 0)[0], 0);
  EXPECT_EQ(xs(bodies, 0)[5], 5);
  EXPECT_EQ(xs(bodies, 1)[0], 1);
}

TEST(NtuCtrGcnRule, IdsThatShareOneFrameAreOneActorAndTheLessMovingIsSeenThere) {
  const Bodies bodies = select_ctr_gcn(
      recording_of(walk(29, {{1, 0, 15, 1, 0.01}, {2, 14, 15, 5, 0}})), Benchmark::ntu60);
  EXPECT_EQ(bodies.frames, 29);
  EXPECT_EQ(xs(bodies, 0)[14], 5);
  EXPECT_EQ(xs(bodies, 1), Doubles(29, 0));
}

TEST(NtuCtrGcnRule, DropsFramesInWhichOnlyDroppedBodiesAreSeen) {
  const Bodies bodies =
      select_ctr_gcn(recording_of(walk(20, {{1, 0, 4, 1, 1}, {2, 4, 16, 5, 1}})), Benchmark::ntu60);
  EXPECT_EQ(bodies.frames, 16);
  EXPECT_EQ(xs(bodies, 0)[0], 5);
}

}  // namespace
}  // namespace kinegraph::ntu
