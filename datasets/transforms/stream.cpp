#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// bone[v] = x[v] - x[parent(v)]; zero at the root.
void to_bones(KeypointArray& x, const Skeleton& skeleton) {
  const KeypointArray joints = x;
  for (int64_t m = 0; m < x.persons; ++m)
    for (int64_t t = 0; t < x.frames; ++t)
      for (int64_t v = 0; v < x.joints; ++v) {
        const int64_t parent = skeleton.parents[static_cast<size_t>(v)];
        const double* from = joints.joint(m, t, parent < 0 ? v : parent);
        double* to = x.joint(m, t, v);
        for (int64_t c = 0; c < x.channels; ++c) to[c] -= from[c];
      }
}

/// motion[t] = x[t+1] - x[t]; zero in the last frame (of each test clip).
void to_motion(KeypointArray& x, int64_t num_clips) {
  const int64_t row = x.joints * x.channels, clip_frames = x.frames / num_clips;
  for (int64_t m = 0; m < x.persons; ++m)
    for (int64_t t = 0; t < x.frames; ++t) {
      double* to = x.frame(m, t);
      const bool is_last = (t + 1) % clip_frames == 0;
      for (int64_t i = 0; i < row; ++i) to[i] = is_last ? 0 : to[row + i] - to[i];
    }
}

/// Replaces joints by bones, motion, or motion of bones; shapes stay (M, T, V, C). It may stand
/// anywhere in a pipeline: before sampling motion is between source frames, after it between
/// sampled ones (as NW-UCLA does).
class Stream : public Transform {
 public:
  struct Options {
    std::string kind = "joint";
    std::string output;

    template <class Fields>
    void describe(Fields& field) {
      field("kind", kind, "what the model sees",
            OneOf{{"joint", "bone", "joint_motion", "bone_motion"}});
      field("output", output,
            "name of a further input that takes the result; empty: replaces the keypoints");
    }
  };

  Stream(const Options& options, const Context& context)
      : options_(options), skeleton_(context.skeleton) {
    if (options.output == "keypoints")
      throw ConfigError(
          "stream: the output 'keypoints' is what the stream is made from; leave 'output' out to "
          "replace it, or choose another name");
  }

  void apply(Sample& sample, Rng&) const override {
    if (sample.keypoints.joints != skeleton_.joint_count())
      throw DataError(
          Fault{"clip " + sample.id, "stream: keypoints " + sample.keypoints.shape_text(),
                fmt::format("the {} joints of {}", skeleton_.joint_count(), skeleton_.name), ""});
    KeypointArray* target = &sample.keypoints;
    if (!options_.output.empty()) {
      KeypointArray copy = sample.keypoints;
      target = &sample.extra_input(options_.output);
      *target = std::move(copy);
    }
    if (options_.kind == "bone" || options_.kind == "bone_motion") to_bones(*target, skeleton_);
    if (options_.kind == "joint_motion" || options_.kind == "bone_motion")
      to_motion(*target, sample.num_clips);
  }

 private:
  Options options_;
  Skeleton skeleton_;
};

KINEGRAPH_REGISTER(Transform, "stream", Stream,
                   "joint, bone, joint motion or bone motion, on the fly")

}  // namespace
}  // namespace kinegraph
