#include <gtest/gtest.h>

#include <set>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

const std::string kStill = "{type: random_move, angles: [0], scales: [1], shifts: [0]}";

/// (1, 0) in every frame.
Sample pointer(int64_t frames) {
  Doubles values;
  for (int64_t t = 0; t < frames; ++t) values.insert(values.end(), {1, 0});
  return toy_clip(1, frames, 1, 2, values);
}

TEST(RandomMove, AStillCameraChangesNothing) {
  EXPECT_EQ(values_after(kStill, pointer(3)), pointer(3).keypoints.values);
}

TEST(RandomMove, TurnsCounterClockwiseInDegrees) {
  expect_close(
      values_after("{type: random_move, angles: [90], scales: [2], shifts: [0]}", pointer(1)),
      {0, 2});
}

TEST(RandomMove, ShiftsAfterTurningAndLeavesMissingJoints) {
  expect_close(values_after("{type: random_move, angles: [0], scales: [3], shifts: [0.5]}",
                            toy_clip(1, 1, 2, 3, {1, 2, 9, 0, 0, 0})),
               {3.5, 6.5, 9, 0, 0, 0});
}

TEST(RandomMove, MovesMissingJointsAlongAsStGcnDoes) {
  expect_close(
      values_after("{type: random_move, angles: [0], scales: [3], shifts: [0.5], compat: st_gcn}",
                   toy_clip(1, 1, 2, 3, {1, 2, 9, 0, 0, 0})),
      {3.5, 6.5, 9, 0.5, 0.5, 0});
}

TEST(RandomMove, IsLinearInTimeBetweenTwoDraws) {
  std::set<std::pair<double, double>> ends;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Doubles values =
        transformed("{type: random_move, angles: [0], scales: [1, 2], shifts: [0]}", pointer(5),
                    seed)
            .keypoints.values;
    ends.insert({values[0], values[8]});
    for (size_t t = 1; t < 4; ++t)
      EXPECT_DOUBLE_EQ(values[2 * t],
                       values[0] + (values[8] - values[0]) * static_cast<double>(t) / 4);
  }
  EXPECT_EQ(ends, (std::set<std::pair<double, double>>{{1, 1}, {1, 2}, {2, 1}, {2, 2}}));
}

TEST(RandomMove, StretchesDivideTheClip) {
  bool bends = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Doubles values =
        transformed("{type: random_move, angles: [0], scales: [1, 2], shifts: [0], stretches: [2]}",
                    pointer(8), seed)
            .keypoints.values;
    // Frames 0 to 3 and 4 to 7 go from node to node; a node is reached and left.
    EXPECT_EQ(values[2 * 3], values[2 * 4]);
    bends |= values[0] == 1 && values[2 * 3] == 2 && values[2 * 7] == 1;
  }
  EXPECT_TRUE(bends);
}

TEST(RandomMove, RefusesEmptyCandidates) {
  EXPECT_EQ(thrown_message<ConfigError>([] { make_pipeline("[{type: random_move, scales: []}]"); }),
            "random_move: every list of candidates needs at least one");
}

TEST(RandomMove, RefusesASingleCoordinate) {
  EXPECT_EQ(thrown_message<DataError>([] { transformed("random_move", counting_clip(2)); }),
            "clip toy: random_move: keypoints 1x2x1x1 (M,T,V,C); expected one clip with x and y\n  "
            "It is a step of training.");
}

}  // namespace
}  // namespace kinegraph
