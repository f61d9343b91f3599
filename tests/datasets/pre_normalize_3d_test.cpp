#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/torso.h"

namespace kinegraph {
namespace {

Doubles joined(std::initializer_list<Doubles> parts) {
  Doubles all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Doubles kNobody(12, 0);

TEST(PreNormalize3d, TurnsTheSpineToZAndTheShouldersToX) {
  const Sample clip = toy_clip(1, 1, 4, 3, upright_torso());
  expect_close(on_torso(torso_step("pre_normalize_3d"), clip).keypoints.values,
               {0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0});
}

TEST(PreNormalize3d, TurnsTheShouldersAfterTheSpine) {
  // The shoulders point along z; the spine's turn makes -y of it, the shoulders' turn x.
  const Sample clip = toy_clip(1, 1, 4, 3, {1, 1, 1, 1, 2, 1, 1, 2, 3, 1, 2, -1});
  expect_close(on_torso(torso_step("pre_normalize_3d"), clip).keypoints.values,
               {0, 0, -1, 0, 0, 0, 2, 0, 0, -2, 0, 0});
}

TEST(PreNormalize3d, EachPartCanBeLeftOut) {
  const Sample clip = toy_clip(1, 1, 4, 3, upright_torso());
  const auto values = [&](const std::string& more) {
    return on_torso(torso_step("pre_normalize_3d", more), clip).keypoints.values;
  };
  expect_close(values(", align_spine: false, align_shoulders: false"),
               {0, -1, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0});
  expect_close(values(", align_center: false, align_shoulders: false"),
               {1, -1, 1, 1, -1, 2, 2, -1, 2, 0, -1, 2});
  expect_close(values(", align_center: false, align_spine: false, align_shoulders: false"),
               upright_torso());
}

TEST(PreNormalize3d, TakesOriginAndDirectionFromTheFirstFrame) {
  Doubles moved = upright_torso();
  for (auto& value : moved) value += 1;
  const Sample clip = toy_clip(1, 2, 4, 3, joined({upright_torso(), moved}));
  const Doubles values = on_torso(torso_step("pre_normalize_3d"), clip).keypoints.values;
  expect_close(Doubles(values.begin() + 12, values.end()),
               {1, -1, 0, 1, -1, 1, 2, -1, 1, 0, -1, 1});
}

TEST(PreNormalize3d, MissingJointsStayZero) {
  Doubles values = upright_torso();
  std::fill_n(values.begin() + 9, 3, 0.0);
  const Sample turned = on_torso(torso_step("pre_normalize_3d", ", align_shoulders: false"),
                                 toy_clip(1, 1, 4, 3, values));
  expect_close(turned.keypoints.values, {0, 0, -1, 0, 0, 0, 1, 0, 0, 0, 0, 0});
}

TEST(PreNormalize3d, DropsFramesWithoutTheMainPerson) {
  Sample clip = toy_clip(1, 3, 4, 3, joined({upright_torso(), kNobody, upright_torso()}));
  const Sample turned = on_torso(torso_step("pre_normalize_3d"), clip);
  EXPECT_EQ(turned.keypoints.shape_text(), "1x2x4x3 (M,T,V,C)");
  EXPECT_EQ(turned.frame_indices, (Integers{0, 2}));
}

TEST(PreNormalize3d, ThePersonOfMostFramesBecomesTheFirst) {
  const Doubles other{5, 5, 5, 5, 7, 5, 6, 7, 5, 4, 7, 5};
  const Sample clip = toy_clip(2, 2, 4, 3, joined({upright_torso(), kNobody, other, other}));
  const Sample turned = on_torso(torso_step("pre_normalize_3d"), clip);
  EXPECT_EQ(turned.keypoints.shape_text(), "2x2x4x3 (M,T,V,C)");
  const Doubles& values = turned.keypoints.values;
  expect_close(Doubles(values.begin(), values.begin() + 12),
               {0, 0, -2, 0, 0, 0, 1, 0, 0, -1, 0, 0});
  expect_close(Doubles(values.begin() + 24, values.begin() + 36),
               {-4, 4, -6, -4, 4, -5, -3, 4, -5, -5, 4, -5});
  expect_close(Doubles(values.begin() + 36, values.end()), kNobody);
}

TEST(PreNormalize3d, LeavesAClipOfNobodyAsItIs) {
  const Sample clip = toy_clip(2, 3, 4, 3, Doubles(72, 0));
  EXPECT_EQ(on_torso(torso_step("pre_normalize_3d"), clip).keypoints.values, clip.keypoints.values);
}

TEST(PreNormalize3d, CompatRoundsTheCentredValuesToThePrecisionOfTheData) {
  Sample clip = toy_clip(1, 1, 4, 3, {0.1, 0.1, 0.1, 1000, 1000, 1000, 2, 2, 1, 0, 2, 1});
  clip.precision = Precision::float16;
  const std::string step =
      torso_step("pre_normalize_3d", ", align_spine: false, align_shoulders: false, compat: ");
  const auto first = [&](const std::string& compat) {
    std::string with = step;
    with.replace(with.size() - 1, 1, compat + "}");
    return on_torso(with, clip).keypoints.values[0];
  };
  EXPECT_EQ(first("none"), 0.1 - 1000);
  EXPECT_EQ(first("mmaction2"), -1000);
}

TEST(PreNormalize3d, RefusesOtherChannelsAndSampledClips) {
  EXPECT_EQ(thrown_message<DataError>([] {
              on_torso(torso_step("pre_normalize_3d"), toy_clip(1, 1, 4, 2, Doubles(8, 1)));
            }),
            "clip toy: pre_normalize_3d: keypoints 1x1x4x2 (M,T,V,C); expected 3 channels (x, y, "
            "z)\n  Use pre_normalize_2d for 2D data.");
  Sample sampled = toy_clip(1, 2, 4, 3, Doubles(24, 1));
  sampled.num_clips = 2;
  EXPECT_EQ(
      thrown_message<DataError>([&] { on_torso(torso_step("pre_normalize_3d"), sampled); }),
      "clip toy: pre_normalize_3d: 2 test clips; expected the whole clip\n  Put it before the "
      "step that samples frames.");
}

TEST(PreNormalize3d, RefusesWhatThePublishedCodeCannotDo) {
  EXPECT_EQ(thrown_message<ConfigError>([] {
              on_torso(torso_step("pre_normalize_3d", ", align_center: false, compat: pyskl"), {});
            }),
            "pre_normalize_3d: with align_center: false the code of pyskl fails; use compat: none");
  EXPECT_EQ(thrown_message<ConfigError>([] { make_pipeline("[pre_normalize_3d]"); }),
            "skeleton 'leg': no joint 'spine_mid'; expected one of: hip, knee, foot");
}

}  // namespace
}  // namespace kinegraph
