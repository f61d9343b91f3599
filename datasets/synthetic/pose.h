// What the joints of a person do at one moment, as angles.
#pragma once

#include "datasets/synthetic/geometry.h"

namespace kinegraph::synthetic {

/// Radians; all zero: the arm hangs straight down.
struct Arm {
  double swing = 0;  // forwards
  double raise = 0;  // away from the trunk
  double twist = 0;  // of the upper arm, outwards
  double elbow = 0;  // flexion
  double wrist = 0;  // flexion
};

/// Radians; all zero: the leg is straight.
struct Leg {
  double swing = 0;   // forwards
  double spread = 0;  // away from the other leg
  double knee = 0;    // flexion
};

/// A person in a frame of their own: x to the left, y up, z forwards.
struct Pose {
  Arm left_arm, right_arm;
  Leg left_leg, right_leg;
  double bend = 0, lean = 0, turn = 0;  // of the trunk: forwards, to the left, to the left
  double nod = 0, look = 0;             // of the head: down, to the left
  double yaw = 0;                       // of the whole person, to the left
  double progress = 0;                  // metres forwards of where the person started
  double hop = 0;                       // metres that the lower foot is above the floor
};

/// `a` at weight 0, `b` at weight 1.
Arm mix(const Arm& a, const Arm& b, double weight);

/// Left and right swapped.
Pose mirrored(const Pose& pose);

}  // namespace kinegraph::synthetic
