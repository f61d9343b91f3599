// The actions: what a person does, as angles over time.
#pragma once

#include <string>
#include <vector>

#include "datasets/synthetic/pose.h"

namespace kinegraph::synthetic {

/// What differs from one performance of an action to the next.
struct Take {
  double duration_s = 3;           // of the clip
  double onset_s = 1, span_s = 1;  // of what is done once; the person idles before and after
  double cadence = 1;              // factor on the frequency of what is done again and again
  double phase = 0;                // 0..1 of a cycle at the beginning
  double vigour = 1;               // factor on the size of movements
  double squat = 0.5;              // 0..1: bending down with the back or with the knees
  double pivot = 0.5;              // 0..1: the part of a turn after which the person faces ahead
  double speed = 0;                // metres per second forwards while walking and jogging
  bool uses_both_hands = false, holds_other_hand_up = false;
};

enum class Side {
  kEither,  // the person's choice
  kLeft,
  kRight
};

struct Action {
  std::string name;
  /// Alters the idle pose at `time_s` of a take; written for the right side.
  void (*move)(const Take& take, double time_s, Pose& pose);
  Side side = Side::kEither;
  bool is_reversed = false;  // time runs backwards
};

/// In pairs, one after the other, that are hard to tell apart: of the same poses in another order,
/// with the other arm, or at another pace.
const std::vector<Action>& all_actions();

}  // namespace kinegraph::synthetic
