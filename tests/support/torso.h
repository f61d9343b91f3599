// A skeleton with a spine and shoulders.
#pragma once

#include "tests/support/toy_clips.h"

namespace kinegraph {

/// base <- mid <- right, left.
inline Skeleton torso_skeleton() {
  return Skeleton::parse(
      "name: torso\n"
      "joints: [base, mid, right, left]\n"
      "bones: [[mid, base], [right, mid], [left, mid]]\n"
      "left_right: [[left, right]]\n"
      "center: mid\n",
      "torso.yaml");
}

inline Sample on_torso(const std::string& step, Sample sample, uint64_t seed = 1) {
  Rng rng(seed, 0, 0);
  make_pipeline("[" + step + "]", torso_skeleton()).apply(sample, rng);
  return sample;
}

/// "{type: TYPE, <the torso's joints>, MORE}" for the steps that turn spine and shoulders.
inline std::string torso_step(const std::string& type, const std::string& more = "") {
  return "{type: " + type + ", center: mid, spine: [base, mid], shoulders: [right, left]" + more +
         "}";
}

/// Base, mid, right, left of someone who stands along y and faces z.
inline Doubles upright_torso() { return {1, 1, 1, 1, 2, 1, 2, 2, 1, 0, 2, 1}; }

}  // namespace kinegraph
