// Tiny clips, and transforms made from YAML as a config makes them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "framework/data/transform.h"
#include "tests/support/config_text.h"

namespace kinegraph {

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;

/// hip <- knee <- foot.
inline Skeleton leg_skeleton() {
  return Skeleton::parse(
      "name: leg\n"
      "joints: [hip, knee, foot]\n"
      "bones: [[knee, hip], [foot, knee]]\n"
      "center: hip\n",
      "leg.yaml");
}

/// A clip "toy" of M persons, T frames, V joints and C channels; `values` is all of it, row-major.
inline Sample toy_clip(int64_t m, int64_t t, int64_t v, int64_t c, const Doubles& values) {
  Sample sample;
  sample.id = "toy";
  sample.keypoints.resize(m, t, v, c);
  EXPECT_EQ(sample.keypoints.values.size(), values.size());
  sample.keypoints.values = values;
  return sample;
}

/// One person with one joint, whose one coordinate in frame t is t.
inline Sample counting_clip(int64_t frames) {
  Doubles values;
  for (int64_t t = 0; t < frames; ++t) values.push_back(static_cast<double>(t));
  return toy_clip(1, frames, 1, 1, values);
}

/// Steps from a YAML list. Throws ConfigError that lists their faults; locations name "c.yaml".
inline std::vector<Component<Transform>> pipeline_steps(const std::string& yaml) {
  Diagnostics diagnostics;
  std::vector<Component<Transform>> steps;
  Codec<decltype(steps)>::read(parse_yaml(yaml, "c.yaml", diagnostics), steps, diagnostics);
  diagnostics.throw_if_any();
  return steps;
}

inline Pipeline make_pipeline(const std::string& yaml, const Skeleton& skeleton = leg_skeleton()) {
  return Pipeline(pipeline_steps(yaml), skeleton);
}

/// What one step, such as "{type: stream, kind: bone}", makes of a clip.
inline Sample transformed(const std::string& step, Sample sample, uint64_t seed = 1,
                          uint64_t index = 0) {
  Rng rng(seed, 0, index);
  make_pipeline("[" + step + "]").apply(sample, rng);
  return sample;
}

inline void expect_close(const Doubles& actual, const Doubles& expected, double tolerance = 1e-12) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], tolerance) << "value " << i;
}

inline std::string shape_after(const std::string& step, const Sample& sample) {
  return transformed(step, sample).keypoints.shape_text();
}

inline Doubles values_after(const std::string& step, const Sample& sample) {
  return transformed(step, sample).keypoints.values;
}

}  // namespace kinegraph
