#include <algorithm>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Subtracts one joint of one frame of the first person from every joint of every frame. Persons
/// who are not in the clip stay zero; with `keep_missing` so do joints that are missing in a frame.
/// Shapes stay (M, T, V, C). CTR-GCN: the spine of frame 0 (NW-UCLA), or of the first frame in
/// which the first person is there, missing ones kept (NTU RGB+D).
class CenterOnJoint : public Transform {
 public:
  struct Options {
    std::string joint;
    int64_t frame = 0;
    bool keep_missing = false;

    template <class Fields>
    void describe(Fields& field) {
      field("joint", joint, "name of the joint that becomes the origin", Required{});
      field("frame", frame, "frame in which it is taken", Range{0});
      field("keep_missing", keep_missing,
            "joints at (0, 0, 0) stay there, and frames count from the first in which the first "
            "person is there (CTR-GCN on NTU RGB+D)");
    }
  };

  CenterOnJoint(const Options& options, const Context& context)
      : joint_(context.skeleton.joint_index(options.joint)),
        frame_(options.frame),
        keep_missing_(options.keep_missing) {}

  void apply(Sample& sample, RandomSource&) const override {
    KeypointArray& x = sample.keypoints;
    const int64_t frame = frame_ + (keep_missing_ && x.persons > 0 ? first_frame_of_first(x) : 0);
    if (x.persons == 0 || frame >= x.frames)
      throw DataError(
          Fault{"clip " + sample.id,
                fmt::format("center_on_joint: no frame {} in {}", frame, x.shape_text()),
                "a clip that has it", "Correct the step's 'frame'."});
    const std::vector<double> origin(x.joint(0, frame, joint_),
                                     x.joint(0, frame, joint_) + x.channels);
    for (int64_t m = 0; m < x.persons; ++m) {
      if (!x.is_present(m)) continue;
      for (double* joint = x.frame(m, 0); joint != x.frame(m + 1, 0); joint += x.channels) {
        if (keep_missing_ && is_zero(joint, x.channels)) continue;
        for (size_t c = 0; c < origin.size(); ++c) joint[c] -= origin[c];
      }
    }
  }

 private:
  static bool is_zero(const double* values, int64_t count) {
    return std::all_of(values, values + count, [](double value) { return value == 0; });
  }

  static int64_t first_frame_of_first(const KeypointArray& x) {
    for (int64_t t = 0; t < x.frames; ++t)
      if (!is_zero(x.frame(0, t), x.joints * x.channels)) return t;
    return 0;
  }

  int64_t joint_, frame_;
  bool keep_missing_;
};

KINEGRAPH_REGISTER(Transform, "center_on_joint", CenterOnJoint,
                   "subtract one joint of one frame from the whole clip")

}  // namespace
}  // namespace kinegraph
