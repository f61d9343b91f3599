#include "datasets/synthetic/performance.h"

#include <algorithm>

namespace kinegraph::synthetic {
namespace {

constexpr double kBystanderShare = 0.25;

bool happens(double probability, Rng& rng) { return rng.uniform() < probability; }

/// An arm with nothing to do: mostly hanging, sometimes bent or held up.
Arm draw_idle_arm(const Subject& subject, Rng& rng) {
  Arm arm;
  arm.swing = rng.uniform(-0.15, 0.3);
  arm.raise = rng.uniform(0.08, 0.3);
  arm.twist = rng.uniform(-0.3, 0.3);
  arm.elbow = subject.elbow + rng.uniform(0.0, 0.4);
  arm.wrist = rng.uniform(-0.2, 0.3);
  const double habit = rng.uniform();
  if (habit < 0.3) {
    arm.swing += 0.15;
    arm.elbow += rng.uniform(0.7, 1.3);
  } else if (habit < 0.45) {
    arm.raise += rng.uniform(1.0, 1.5);
    arm.twist += rng.uniform(0.8, 1.6);
    arm.elbow += rng.uniform(0.6, 1.4);
  }
  return arm;
}

Take draw_take(const Subject& subject, double duration_s, Rng& rng) {
  Take take;
  take.duration_s = duration_s;
  take.cadence = subject.cadence * rng.uniform(0.88, 1.14);
  take.span_s = std::min(rng.uniform(0.9, 1.5) / take.cadence, 0.55 * duration_s);
  take.onset_s = rng.uniform(0, duration_s - take.span_s);
  take.phase = rng.uniform();
  take.vigour = subject.vigour * rng.uniform(0.88, 1.12);
  take.squat = rng.uniform();
  take.pivot = rng.uniform();
  take.speed = rng.uniform(-0.05, 0.4);
  take.uses_both_hands = happens(0.4, rng);
  take.holds_other_hand_up = happens(0.6, rng);
  return take;
}

/// Slow movements that people make without meaning to, about a mean posture.
class Idling {
 public:
  Idling(const Subject& subject, Rng& rng) : stoop_(subject.stoop) {
    left_ = draw_idle_arm(subject, rng);
    right_ = draw_idle_arm(subject, rng);
    stance_ = rng.uniform(0.02, 0.14);
    for (double& phase : phases_) phase = rng.uniform();
  }

  Pose at(double time_s) const {
    const auto sway = [&](size_t which, double amplitude) {
      const double frequency = 0.18 + 0.04 * static_cast<double>(which);
      return amplitude * std::sin(kTurn * (phases_[which] + frequency * time_s));
    };
    Pose pose;
    pose.left_arm = left_;
    pose.right_arm = right_;
    pose.left_arm.swing += sway(0, 0.08);
    pose.right_arm.swing += sway(1, 0.08);
    pose.left_arm.elbow += sway(2, 0.1);
    pose.right_arm.elbow += sway(3, 0.1);
    pose.bend = stoop_ + sway(4, 0.03);
    pose.lean = sway(5, 0.04);
    pose.turn = sway(6, 0.1);
    pose.look = sway(7, 0.4);
    pose.nod = stoop_ + sway(8, 0.1);
    pose.left_leg.spread = pose.right_leg.spread = stance_;
    return pose;
  }

 private:
  Arm left_, right_;
  double stoop_, stance_ = 0;
  std::array<double, 9> phases_{};
};

/// Where a person stands in the room, and which way the person faces.
struct Spot {
  Vec3 position;
  double yaw = 0;
};

JointPositions place_in_room(const Body& body, Pose pose, const Spot& spot) {
  pose.yaw += spot.yaw;
  JointPositions joints = body.place(pose);
  for (auto& joint : joints) joint = joint + spot.position;
  return joints;
}

Spot draw_spot(Rng& rng) {
  Spot spot;
  spot.position = {rng.uniform(-0.3, 0.3), 0, rng.uniform(-0.3, 0.3)};
  spot.yaw = rng.uniform(-50, 50) * kDegree;
  return spot;
}

Track act(const Action& action, const Subject& subject, int64_t frames, Rng& rng) {
  const double duration_s = static_cast<double>(frames) / kFramesPerSecond;
  const Take take = draw_take(subject, duration_s, rng);
  const Idling idling(subject, rng);
  const Spot spot = draw_spot(rng);
  const bool prefers_left = happens(subject.left_handedness, rng);
  const bool is_mirrored = action.side == Side::kEither ? prefers_left : action.side == Side::kLeft;
  const Body body(subject.proportions);
  Track track;
  for (int64_t frame = 0; frame < frames; ++frame) {
    const double passed_s = static_cast<double>(frame) / kFramesPerSecond;
    const double time_s = action.is_reversed ? duration_s - passed_s : passed_s;
    Pose pose = idling.at(time_s);
    action.move(take, time_s, pose);
    track.push_back(place_in_room(body, is_mirrored ? mirrored(pose) : pose, spot));
  }
  return track;
}

/// Somebody who is nobody's subject, so that no subject is seen in the other side's clips.
Track stand_by(int64_t frames, Rng& rng) {
  const Subject subject = draw_subject(rng);
  const Idling idling(subject, rng);
  Spot spot = draw_spot(rng);
  spot.position.x += happens(0.5, rng) ? 1.1 : -1.1;
  const Body body(subject.proportions);
  Track track;
  for (int64_t frame = 0; frame < frames; ++frame)
    track.push_back(
        place_in_room(body, idling.at(static_cast<double>(frame) / kFramesPerSecond), spot));
  return track;
}

}  // namespace

Subject draw_subject(Rng& rng) {
  const auto near_one = [&] { return std::clamp(1 + 0.05 * rng.normal(), 0.88, 1.12); };
  Subject subject;
  subject.proportions.stature_m = rng.uniform(1.5, 1.95);
  for (auto factor : {&Proportions::trunk, &Proportions::arms, &Proportions::legs,
                      &Proportions::shoulders, &Proportions::hips})
    subject.proportions.*factor = near_one();
  subject.cadence = rng.uniform(0.85, 1.18);
  subject.vigour = rng.uniform(0.8, 1.2);
  subject.stoop = rng.uniform(0.0, 0.15);
  subject.elbow = rng.uniform(0.1, 0.35);
  subject.left_handedness = rng.uniform(0.2, 0.8);
  return subject;
}

std::vector<Track> perform(const Action& action, const Subject& subject, Rng& rng) {
  const int64_t frames = rng.integer(kMinFrames, kMaxFrames);
  const bool has_bystander = happens(kBystanderShare, rng);
  std::vector<Track> tracks{act(action, subject, frames, rng)};
  if (has_bystander) tracks.push_back(stand_by(frames, rng));
  return tracks;
}

}  // namespace kinegraph::synthetic
