#include "datasets/synthetic/actions.h"

#include <algorithm>

namespace kinegraph::synthetic {
namespace {

/// 0 up to 0, 1 from 1 on, with level ends.
double smooth_step(double x) {
  const double u = std::clamp(x, 0.0, 1.0);
  return u * u * (3 - 2 * u);
}

/// The part done of what is done once, 0..1.
double part_done(const Take& take, double time_s) {
  return std::clamp((time_s - take.onset_s) / take.span_s, 0.0, 1.0);
}

/// There and back: 0 at the ends of 0..1, 1 in the middle.
double there_and_back(double part) {
  const double s = std::sin(kTurn / 2 * part);
  return s * s;
}

/// Radians of a movement of `frequency` in cycles per second.
double cycle_angle(const Take& take, double frequency, double time_s) {
  return kTurn * (take.phase + take.cadence * frequency * time_s);
}

constexpr Arm kRaisedArm{0.15, 95 * kDegree, 85 * kDegree, 80 * kDegree, 0};

void wave(const Take& take, double time_s, Pose& pose) {
  if (take.holds_other_hand_up) pose.left_arm = mix(pose.left_arm, kRaisedArm, 0.95);
  const double swing = take.vigour * std::sin(cycle_angle(take, 1.6, time_s));
  pose.right_arm = mix(pose.right_arm, kRaisedArm, 0.95);
  pose.right_arm.elbow += 38 * kDegree * swing;
  pose.right_arm.raise += 6 * kDegree * swing;
}

void sit_down(const Take& take, double time_s, Pose& pose) {
  const double part = part_done(take, time_s), seated = smooth_step(part);
  for (Leg* leg : {&pose.left_leg, &pose.right_leg}) {
    leg->swing += 80 * kDegree * seated;
    leg->knee += 85 * kDegree * seated;
  }
  pose.bend += (38 * there_and_back(part) * take.vigour + 6 * seated) * kDegree;
  for (Arm* arm : {&pose.left_arm, &pose.right_arm}) arm->swing += 30 * kDegree * seated;
}

/// Down and up again, with something in the hand from the lowest moment on.
void pick_up(const Take& take, double time_s, Pose& pose) {
  const double part = part_done(take, time_s), depth = there_and_back(part);
  const double bend = (80 - 40 * take.squat) * kDegree * depth;
  for (Leg* leg : {&pose.left_leg, &pose.right_leg}) {
    leg->swing += (15 + 70 * take.squat) * kDegree * depth;
    leg->knee += (15 + 85 * take.squat) * kDegree * depth;
  }
  pose.bend += bend;
  pose.nod += 0.3 * bend;
  const Arm reaching{bend + 25 * kDegree, 8 * kDegree, 0, 10 * kDegree, 0};
  const Arm carrying{15 * kDegree, 10 * kDegree, 0, 85 * kDegree * take.vigour, 0};
  const auto use = [&](Arm& arm) {
    arm = mix(mix(arm, carrying, smooth_step(4 * part - 1.5)), reaching, depth);
  };
  use(pose.right_arm);
  if (take.uses_both_hands) use(pose.left_arm);
}

/// Wind up, over the head to the front, and down.
void throw_overhead(const Take& take, double time_s, Pose& pose) {
  const double part = part_done(take, time_s);
  const double wound = smooth_step(part / 0.4), released = smooth_step((part - 0.45) / 0.2),
               lowered = smooth_step((part - 0.65) / 0.35);
  const Arm cocked{-20 * kDegree, 95 * kDegree, 80 * kDegree, 105 * kDegree, 0};
  const Arm stretched{95 * kDegree * take.vigour, 10 * kDegree, 10 * kDegree, 12 * kDegree, 0};
  const Arm before = mix(pose.right_arm, cocked, wound);
  pose.right_arm = mix(mix(before, stretched, released), pose.right_arm, lowered);
  const double twist = (-28 * wound + 50 * released) * (1 - lowered);
  pose.turn += twist * kDegree * take.vigour;
  pose.bend += 12 * kDegree * released * (1 - lowered);
  pose.left_leg.swing += 12 * kDegree * wound * (1 - lowered);
}

/// Up at the back and down at the front.
void circle_arm(const Take& take, double time_s, Pose& pose) {
  const double angle = cycle_angle(take, 0.65, time_s);
  const auto use = [&](Arm& arm) { arm = {-angle, 14 * kDegree, 0, 12 * kDegree, 0}; };
  use(pose.right_arm);
  if (take.uses_both_hands) use(pose.left_arm);
}

/// Legs in opposite phase, and arms against them.
void step(double angle, double hip, double knee, double arm, Pose& pose) {
  const double swing = std::sin(angle), lift = std::cos(angle);
  pose.left_leg.swing += hip * swing + 0.4 * knee * std::max(0.0, lift);
  pose.right_leg.swing += -hip * swing + 0.4 * knee * std::max(0.0, -lift);
  pose.left_leg.knee += knee * std::max(0.0, lift);
  pose.right_leg.knee += knee * std::max(0.0, -lift);
  pose.left_arm.swing -= arm * swing;
  pose.right_arm.swing += arm * swing;
  pose.turn -= 0.15 * arm * swing;
}

void turn_around(const Take& take, double time_s, Pose& pose) {
  const double part = part_done(take, time_s);
  pose.yaw -= 85 * kDegree * take.vigour * (smooth_step(part) - take.pivot);
  const double angle = kTurn * (take.phase + 2 * part);
  step(angle, 8 * kDegree * there_and_back(part), 35 * kDegree * there_and_back(part), 0, pose);
}

void walk(const Take& take, double time_s, Pose& pose) {
  const double v = take.vigour * kDegree;
  step(cycle_angle(take, 0.9, time_s), 20 * v, 48 * v, 22 * v, pose);
  pose.progress += take.speed * (time_s - take.duration_s / 2);
}

void jog(const Take& take, double time_s, Pose& pose) {
  const double v = take.vigour * kDegree, angle = cycle_angle(take, 1.35, time_s);
  step(angle, 24 * v, 75 * v, 30 * v, pose);
  for (Arm* arm : {&pose.left_arm, &pose.right_arm}) arm->elbow += 30 * v;
  pose.bend += 5 * v;
  pose.hop += 0.05 * take.vigour * std::abs(std::sin(angle));
  pose.progress += take.speed * (time_s - take.duration_s / 2);
}

}  // namespace

const std::vector<Action>& all_actions() {
  constexpr bool kReversed = true;
  static const std::vector<Action> actions{
      {"wave left hand", wave, Side::kLeft},
      {"wave right hand", wave, Side::kRight},
      {"sit down", sit_down},
      {"stand up", sit_down, Side::kEither, kReversed},
      {"pick up", pick_up},
      {"put down", pick_up, Side::kEither, kReversed},
      {"throw", throw_overhead},
      {"catch", throw_overhead, Side::kEither, kReversed},
      {"circle arm forwards", circle_arm},
      {"circle arm backwards", circle_arm, Side::kEither, kReversed},
      {"turn left", turn_around, Side::kLeft},
      {"turn right", turn_around, Side::kRight},
      {"walk", walk},
      {"jog", jog}};
  return actions;
}

}  // namespace kinegraph::synthetic
