// Rotations of points in space.
#pragma once

#include <array>

#include "framework/io/store_info.h"

namespace kinegraph {

using Vector3 = std::array<double, 3>;

/// A 3 x 3 matrix, row-major, that acts on column vectors: x' = R x.
struct Rotation {
  std::array<double, 9> values{1, 0, 0, 0, 1, 0, 0, 0, 1};

  Vector3 operator()(const Vector3& x) const {
    const auto& r = values;
    return {r[0] * x[0] + r[1] * x[1] + r[2] * x[2], r[3] * x[0] + r[4] * x[1] + r[5] * x[2],
            r[6] * x[0] + r[7] * x[1] + r[8] * x[2]};
  }
};

/// First b, then a.
Rotation operator*(const Rotation& a, const Rotation& b);

/// Right-handed turn by `angle` about `axis` (Euler-Rodrigues); none when the axis or the angle is
/// below 1e-6.
Rotation rotation_about(const Vector3& axis, double angle);

/// Turns the direction of `from` to coordinate axis `axis` (0, 1, 2: x, y, z), about the
/// perpendicular of both; none for a `from` below 1e-6. `precision` rounds its length and direction
/// as the Python originals do, which work in the precision of the data up to there.
Rotation rotation_to_axis(const Vector3& from, int axis, Precision precision = Precision::float64);

/// Rz Ry Rx for angles about x, y, z in radians, each of the form [c s; -s c] (left-handed), as in
/// the random rotations of CTR-GCN and PYSKL.
Rotation rotation_by_angles(const Vector3& angles);

}  // namespace kinegraph
