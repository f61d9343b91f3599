#include <algorithm>

#include "datasets/transforms/image_crop.h"

namespace kinegraph {
namespace {

/// Mirrors the clip left to right with some probability: x becomes W - x or -x, and left and right
/// joints of the skeleton change places, with their scores; shapes stay (M, T, V, C) (Flip of PYSKL
/// and MMAction2). Draws one number. x = 0 is missing and stays.
class Flip : public Transform {
 public:
  struct Options {
    double probability = 0.5;
    std::string about = "image";
    bool swap_joints = true;
    std::vector<std::vector<int64_t>> label_map;

    template <class Fields>
    void describe(Fields& field) {
      field("probability", probability, "share of the clips", Range{0, 1});
      field("about", about, "mirror about the middle of the image, or about x = 0",
            OneOf{{"image", "origin"}});
      field("swap_joints", swap_joints, "left and right joints change places");
      field("label_map", label_map, "[label, label of the mirrored clip] where they differ");
    }
  };

  Flip(const Options& options, const Context& context)
      : options_(options), pairs_(context.skeleton.left_right) {
    for (const auto& pair : options.label_map)
      if (pair.size() != 2) throw ConfigError("flip: 'label_map' lists pairs of labels");
    if (options.swap_joints && pairs_.empty())
      throw ConfigError("flip: skeleton '" + context.skeleton.name +
                        "' has no left_right pairs; add them, or set swap_joints: false");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    if (options_.about == "image") require_image(sample, "flip");
    if (!(random.uniform() < options_.probability)) return;
    KeypointArray& x = sample.keypoints;
    const double width = options_.about == "image" ? static_cast<double>(sample.image_width) : 0.0;
    for (size_t i = 0; i < x.values.size(); i += static_cast<size_t>(x.channels))
      if (x.values[i] != 0) x.values[i] = width - x.values[i];
    if (options_.swap_joints) {
      swap_sides(x.values, x.channels, x.joints);
      swap_sides(sample.scores, 1, x.joints);
    }
    for (auto& label : sample.labels) label = mirrored(label);
  }

 private:
  /// values: (..., V, row).
  void swap_sides(std::vector<double>& values, int64_t row, int64_t joints) const {
    const auto count = static_cast<int64_t>(values.size());
    for (int64_t frame = 0; frame < count; frame += joints * row)
      for (const auto& [left, right] : pairs_)
        std::swap_ranges(values.begin() + frame + left * row,
                         values.begin() + frame + (left + 1) * row,
                         values.begin() + frame + right * row);
  }

  int64_t mirrored(int64_t label) const {
    for (const auto& pair : options_.label_map)
      if (pair[0] == label) return pair[1];
    return label;
  }

  Options options_;
  std::vector<JointPair> pairs_;
};

KINEGRAPH_REGISTER(Transform, "flip", Flip, "mirror left to right with some probability")

}  // namespace
}  // namespace kinegraph
