#include "framework/data/sample.h"

#include <gtest/gtest.h>

#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

/// Two persons, three frames, one joint x, y: person 0 has 1..6, person 1 has 7..12.
Sample pair_of_persons() {
  Sample sample = toy_clip(2, 3, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  sample.scores = {.1, .2, .3, .4, .5, .6};
  return sample;
}

TEST(Sample, SelectsFramesOfEverything) {
  Sample sample = pair_of_persons();
  sample.box_scores = {1, 2, 3, 4, 5, 6};
  sample.frame_persons = {2, 1, 0};
  sample.extra_input("motion") = sample.keypoints;
  sample.select_frames({2, 0, 2});
  EXPECT_EQ(sample.keypoints.values, (Doubles{5, 6, 1, 2, 5, 6, 11, 12, 7, 8, 11, 12}));
  EXPECT_EQ(sample.extra_input("motion").values, sample.keypoints.values);
  EXPECT_EQ(sample.scores, (Doubles{.3, .1, .3, .6, .4, .6}));
  EXPECT_EQ(sample.box_scores, (Doubles{3, 1, 3, 6, 4, 6}));
  EXPECT_EQ(sample.frame_persons, (Integers{0, 2, 0}));
  EXPECT_EQ(sample.frame_indices, (Integers{2, 0, 2}));
}

TEST(Sample, SelectingAgainNamesSourceFrames) {
  Sample sample = pair_of_persons();
  sample.select_frames({2, 1});
  sample.select_frames({1, 1, 0});
  EXPECT_EQ(sample.frame_indices, (Integers{1, 1, 2}));
}

TEST(Sample, NoFrameIsAFrameOfZeros) {
  Sample sample = pair_of_persons();
  sample.frame_persons = {2, 2, 2};
  sample.select_frames({Sample::kNoFrame, 1});
  EXPECT_EQ(sample.keypoints.values, (Doubles{0, 0, 3, 4, 0, 0, 9, 10}));
  EXPECT_EQ(sample.scores, (Doubles{0, .2, 0, .5}));
  EXPECT_EQ(sample.frame_persons, (Integers{0, 2}));
  sample.select_frames({0, 1});
  EXPECT_EQ(sample.frame_indices, (Integers{Sample::kNoFrame, 1}));
}

TEST(Sample, AnExtraInputOfAnotherLengthIsLeftAsItIs) {
  Sample sample = pair_of_persons();
  sample.extra_input("short").resize(1, 2, 1, 1);
  sample.select_frames({0});
  EXPECT_EQ(sample.extra_input("short").frames, 2);
}

TEST(Sample, ResizesPersons) {
  Sample sample = pair_of_persons();
  sample.resize_persons(3);
  EXPECT_EQ(sample.keypoints.shape_text(), "3x3x1x2 (M,T,V,C)");
  EXPECT_EQ(Doubles(sample.keypoints.values.begin() + 12, sample.keypoints.values.end()),
            Doubles(6, 0));
  EXPECT_EQ(sample.scores, (Doubles{.1, .2, .3, .4, .5, .6, 0, 0, 0}));
  sample.resize_persons(1);
  EXPECT_EQ(sample.keypoints.values, (Doubles{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(sample.scores, (Doubles{.1, .2, .3}));
}

TEST(Sample, SwapsPersonsWithTheirScores) {
  Sample sample = pair_of_persons();
  sample.swap_persons(0, 1);
  EXPECT_EQ(sample.keypoints.values, (Doubles{7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(sample.scores, (Doubles{.4, .5, .6, .1, .2, .3}));
}

TEST(Sample, AppendsScoresAsTheLastChannel) {
  Sample sample = pair_of_persons();
  sample.append_scores();
  EXPECT_EQ(sample.keypoints.shape_text(), "2x3x1x3 (M,T,V,C)");
  EXPECT_EQ(sample.keypoints.values,
            (Doubles{1, 2, .1, 3, 4, .2, 5, 6, .3, 7, 8, .4, 9, 10, .5, 11, 12, .6}));
  EXPECT_TRUE(sample.scores.empty());
  EXPECT_TRUE(sample.has_score_channel);
  sample.append_scores();
  EXPECT_EQ(sample.keypoints.channels, 3);
}

TEST(Sample, ACropOfACropIsAPartOfTheWholeImage) {
  Sample sample;
  sample.image_width = 200;
  sample.image_height = 100;
  sample.crop_image(100, 0, 100, 50);
  sample.crop_image(50, 25, 25, 25);
  EXPECT_EQ(sample.crop, (std::array<double, 4>{0.75, 0.25, 0.125, 0.25}));
  EXPECT_EQ(sample.image_width, 25);
  EXPECT_EQ(sample.image_height, 25);
}

}  // namespace
}  // namespace kinegraph
