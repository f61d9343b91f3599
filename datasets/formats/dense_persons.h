// From persons listed frame by frame to the fixed number of persons that models take.
#pragma once

#include "framework/io/store_info.h"

namespace kinegraph {

/// Which of the persons of a frame are kept.
struct PersonChoice {
  int64_t considered = 5;   // the first so many of a frame
  int64_t kept = 2;         // of these; absent ones are zero
  bool is_by_score = true;  // those with the largest sum of scores first; equal ones stay in order
};

/// Turns `clip` from the layout frame_persons, with V joints and C channels, into a dense one of
/// choice.kept persons. Every frame is chosen for itself: persons are not linked.
void make_dense(Clip* clip, int64_t joints, int64_t channels, const PersonChoice& choice);

}  // namespace kinegraph
