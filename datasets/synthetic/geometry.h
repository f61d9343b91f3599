// Vectors and rotations in three dimensions, right-handed.
#pragma once

#include <cmath>

namespace kinegraph::synthetic {

constexpr double kTurn = 6.28318530717958647692;  // radians
constexpr double kDegree = kTurn / 360;

struct Vec3 {
  double x = 0, y = 0, z = 0;
};

inline Vec3 operator+(const Vec3& a, const Vec3& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(const Vec3& a, const Vec3& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(double s, const Vec3& a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(const Vec3& a, const Vec3& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(const Vec3& a, const Vec3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double norm(const Vec3& a) { return std::sqrt(dot(a, a)); }
inline Vec3 normalized(const Vec3& a) { return (1 / norm(a)) * a; }

/// A rotation, by what it makes of the three axes.
struct Rotation {
  Vec3 x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
};

inline Vec3 operator*(const Rotation& r, const Vec3& v) {
  return v.x * r.x + v.y * r.y + v.z * r.z;
}
inline Rotation operator*(const Rotation& a, const Rotation& b) {
  return {a * b.x, a * b.y, a * b.z};
}
/// The inverse of `r` applied to `v`.
inline Vec3 unrotate(const Rotation& r, const Vec3& v) {
  return {dot(r.x, v), dot(r.y, v), dot(r.z, v)};
}

/// By `angle` radians: y towards z.
inline Rotation about_x(double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {{1, 0, 0}, {0, c, s}, {0, -s, c}};
}
/// z towards x.
inline Rotation about_y(double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {{c, 0, -s}, {0, 1, 0}, {s, 0, c}};
}
/// x towards y.
inline Rotation about_z(double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {{c, s, 0}, {-s, c, 0}, {0, 0, 1}};
}

}  // namespace kinegraph::synthetic
