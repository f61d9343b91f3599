#include "framework/data/rotation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kinegraph {
namespace {

void expect_vector(const Vector3& actual, const Vector3& expected, double tolerance = 1e-15) {
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(actual[i], expected[i], tolerance) << i;
}

TEST(Rotation, TurnsRightHandedAboutAnAxis) {
  expect_vector(rotation_about({0, 0, 5}, M_PI / 2)({1, 0, 7}), {0, 1, 7});
  expect_vector(rotation_about({2, 0, 0}, M_PI / 2)({0, 1, 0}), {0, 0, 1});
}

TEST(Rotation, IsNoneForATinyAxisOrAngle) {
  EXPECT_EQ(rotation_about({0, 0, 1e-7}, 1).values, Rotation{}.values);
  EXPECT_EQ(rotation_about({0, 0, 1}, 1e-7).values, Rotation{}.values);
  EXPECT_EQ(rotation_to_axis({0, 0, 0}, 2).values, Rotation{}.values);
}

TEST(Rotation, TurnsADirectionToAnAxis) {
  for (int axis = 0; axis < 3; ++axis) {
    Vector3 expected{};
    expected[static_cast<size_t>(axis)] = std::sqrt(14.0);
    expect_vector(rotation_to_axis({1, -2, 3}, axis)({1, -2, 3}), expected, 1e-14);
  }
}

TEST(Rotation, LeavesThePerpendicularOfBothDirections) {
  // The perpendicular of (1, 1, 0) and z is (1, -1, 0).
  expect_vector(rotation_to_axis({1, 1, 0}, 2)({3, -3, 0}), {3, -3, 0});
}

TEST(Rotation, RoundsTheDirectionToThePrecision) {
  // The cosine 3 / sqrt(14) is 0.80178 and 0.8018 in half precision; both lengths round to 3.742.
  const Vector3 from{1, -2, 3};
  const Vector3 turned = rotation_to_axis(from, 2, Precision::float16)(from);
  EXPECT_NEAR(turned[2], std::sqrt(14.0), 1e-5);
  EXPECT_GT(std::abs(turned[0]), 1e-5);
}

TEST(Rotation, AppliesTheRightFactorFirst) {
  const Rotation x = rotation_about({1, 0, 0}, M_PI / 2), z = rotation_about({0, 0, 1}, M_PI / 2);
  expect_vector((z * x)({0, 0, 1}), {1, 0, 0});
  expect_vector((x * z)({0, 0, 1}), {0, -1, 0});
}

TEST(Rotation, ByAnglesTurnsLeftHandedAboutXThenYThenZ) {
  expect_vector(rotation_by_angles({M_PI / 2, 0, 0})({0, 0, 1}), {0, 1, 0});
  expect_vector(rotation_by_angles({0, M_PI / 2, 0})({1, 0, 0}), {0, 0, 1});
  expect_vector(rotation_by_angles({0, 0, M_PI / 2})({0, 1, 0}), {1, 0, 0});
  expect_vector(rotation_by_angles({M_PI / 2, 0, M_PI / 2})({0, 0, 1}), {1, 0, 0});
}

}  // namespace
}  // namespace kinegraph
