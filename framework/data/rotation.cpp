#include "framework/data/rotation.h"

#include <algorithm>
#include <cmath>

#include "framework/data/rounding.h"

namespace kinegraph {
namespace {

constexpr double kTiny = 1e-6;

double sum_of_magnitudes(const Vector3& x) {
  return std::abs(x[0]) + std::abs(x[1]) + std::abs(x[2]);
}

double length(const Vector3& x, Precision precision) {
  if (precision == Precision::float64) return std::sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
  // NumPy sums the squares of halves in single precision, the BLAS below it those of singles in
  // double precision.
  double sum = 0;
  for (const double value : x) {
    sum += round_to_single(value * value);
    if (precision == Precision::float16) sum = round_to_single(sum);
  }
  return round_to(precision, std::sqrt(round_to(precision, sum)));
}

Vector3 cross(const Vector3& a, const Vector3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace

Rotation operator*(const Rotation& a, const Rotation& b) {
  Rotation product;
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 3; ++column) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k) sum += a.values[3 * row + k] * b.values[3 * k + column];
      product.values[3 * row + column] = sum;
    }
  return product;
}

Rotation rotation_about(const Vector3& axis, double angle) {
  if (sum_of_magnitudes(axis) < kTiny || std::abs(angle) < kTiny) return {};
  const double scale = -std::sin(angle / 2) / length(axis, Precision::float64);
  const double a = std::cos(angle / 2), b = scale * axis[0], c = scale * axis[1],
               d = scale * axis[2];
  return {{a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c),
           2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b),
           2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c}};
}

Rotation rotation_to_axis(const Vector3& from, int axis, Precision precision) {
  if (sum_of_magnitudes(from) < kTiny) return {};
  Vector3 target{};
  target[static_cast<size_t>(axis)] = 1;
  const double cosine =
      round_to(precision, from[static_cast<size_t>(axis)] / length(from, precision));
  return rotation_about(cross(from, target), std::acos(std::clamp(cosine, -1.0, 1.0)));
}

Rotation rotation_by_angles(const Vector3& angles) {
  const double cx = std::cos(angles[0]), sx = std::sin(angles[0]), cy = std::cos(angles[1]),
               sy = std::sin(angles[1]), cz = std::cos(angles[2]), sz = std::sin(angles[2]);
  const Rotation x{{1, 0, 0, 0, cx, sx, 0, -sx, cx}};
  const Rotation y{{cy, 0, -sy, 0, 1, 0, sy, 0, cy}};
  const Rotation z{{cz, sz, 0, -sz, cz, 0, 0, 0, 1}};
  return z * (y * x);
}

}  // namespace kinegraph
