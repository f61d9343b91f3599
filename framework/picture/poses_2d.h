// Poses of a clip as they are seen from somewhere.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "framework/io/annotation_store.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// Where 3D poses are seen from, in degrees. 0, 0 is the camera's own view; a positive azimuth goes
/// to its right around the persons, a positive elevation looks down on them.
struct View {
  double azimuth = 0, elevation = 0;
};

/// An axis of the coordinates that points up: channel and sign.
struct UpAxis {
  int channel = 1;
  bool is_negative = false;
};

/// Image coordinates grow downward. Otherwise up is where heads are, seen from hips and feet, in
/// up to 16 clips of the store; y where the layout names no such joints.
UpAxis up_axis_of(const AnnotationStore& store, const Skeleton& skeleton);

/// Whether keypoints are places in an image of known size, in pixels or in shares of its sides.
bool is_in_image(const StoreInfo& info, const ClipInfo& clip);

/// A joint on a plane, x to the right, y down.
struct Point {
  double x = 0, y = 0;
  double depth = 0;  // away from the viewer
  double score = 1;
  bool is_present = false;
};

/// All poses of a clip, projected orthographically. Shares of an image become its pixels.
class Poses2d {
 public:
  Poses2d(const AnnotationStore& store, int64_t clip, const UpAxis& up, const View& view);

  int64_t num_persons() const { return persons_; }
  int64_t num_frames() const { return frames_; }
  int64_t num_joints() const { return joints_; }
  const Point& joint(int64_t person, int64_t frame, int64_t v) const {
    return points_[static_cast<size_t>((person * frames_ + frame) * joints_ + v)];
  }

  struct Box {
    double left = 0, top = 0, right = 0, bottom = 0;
    double width() const { return right - left; }
    double height() const { return bottom - top; }
  };
  /// Around all joints of frames [begin, end); a unit square when there are none.
  Box box(int64_t begin, int64_t end) const;

 private:
  int64_t persons_, frames_, joints_;
  std::vector<Point> points_;
};

}  // namespace kinegraph
