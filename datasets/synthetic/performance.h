// People who perform the actions, each in a way of their own.
#pragma once

#include <vector>

#include "datasets/synthetic/actions.h"
#include "datasets/synthetic/body.h"
#include "framework/base/random.h"

namespace kinegraph::synthetic {

constexpr double kFramesPerSecond = 30;
constexpr int64_t kMinFrames = 48, kMaxFrames = 120;

/// What all performances of a person have in common.
struct Subject {
  Proportions proportions;
  double cadence = 1, vigour = 1;  // factors on tempo and on the size of movements
  double stoop = 0;                // bend of the idle trunk, radians
  double elbow = 0.2;              // flexion of the idle arm, radians
  double left_handedness = 0.1;    // how often the left side does what either could do
};

Subject draw_subject(Rng& rng);

/// One person, frame by frame. Metres in the room: y up, floor at y = 0; who has yaw 0 looks along
/// z.
using Track = std::vector<JointPositions>;

/// The track of the actor and, in a quarter of all takes, that of a bystander. The number of frames
/// (kMinFrames..kMaxFrames) and of persons is drawn without regard to the action.
std::vector<Track> perform(const Action& action, const Subject& subject, Rng& rng);

}  // namespace kinegraph::synthetic
