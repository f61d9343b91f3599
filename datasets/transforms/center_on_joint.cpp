#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Subtracts one joint of one frame of the first person from every joint of every frame. Persons
/// who are not in the clip stay zero. Shapes stay (M, T, V, C). NW-UCLA: the spine of frame 0
/// (CTR-GCN's feeder).
class CenterOnJoint : public Transform {
 public:
  struct Options {
    std::string joint;
    int64_t frame = 0;

    template <class Fields>
    void describe(Fields& field) {
      field("joint", joint, "name of the joint that becomes the origin", Required{});
      field("frame", frame, "frame in which it is taken", Range{0});
    }
  };

  CenterOnJoint(const Options& options, const Context& context)
      : joint_(context.skeleton.joint_index(options.joint)), frame_(options.frame) {}

  void apply(Sample& sample, RandomSource&) const override {
    KeypointArray& x = sample.keypoints;
    if (x.persons == 0 || frame_ >= x.frames)
      throw DataError(
          Fault{"clip " + sample.id,
                fmt::format("center_on_joint: no frame {} in {}", frame_, x.shape_text()),
                "a clip that has it", "Correct the step's 'frame'."});
    const std::vector<double> origin(x.joint(0, frame_, joint_),
                                     x.joint(0, frame_, joint_) + x.channels);
    for (int64_t m = 0; m < x.persons; ++m) {
      if (!x.is_present(m)) continue;
      for (double* joint = x.frame(m, 0); joint != x.frame(m + 1, 0); joint += x.channels)
        for (size_t c = 0; c < origin.size(); ++c) joint[c] -= origin[c];
    }
  }

 private:
  int64_t joint_, frame_;
};

KINEGRAPH_REGISTER(Transform, "center_on_joint", CenterOnJoint,
                   "subtract one joint of one frame from the whole clip")

}  // namespace
}  // namespace kinegraph
