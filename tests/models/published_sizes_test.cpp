// Numbers of parameters that the published models have.

#include <gtest/gtest.h>

#include "tests/support/models/build_model.h"

namespace kinegraph {
namespace {

/// One backbone on one data set: `parameters` elements in `tensors` tensors.
struct Size {
  std::string backbone, skeleton;
  int64_t persons, classes, parameters;
  size_t tensors;
};

std::ostream& operator<<(std::ostream& out, const Size& size) {
  return out << size.backbone << " on " << size.skeleton << ", " << size.classes << " classes";
}

std::unique_ptr<Recognizer> build(const Size& size) {
  const bool has_two_heads = size.backbone.find("dualhead") != std::string::npos;
  const std::string heads =
      has_two_heads ? "{fine: {type: gcn, feature: fine}, coarse: {type: gcn, feature: coarse}}"
                    : "{logits: gcn}";
  return std::make_unique<Recognizer>(
      model_options(fmt::format("backbone: {{type: {}}}\nheads: {}\nloss: cross_entropy\n",
                                size.backbone, heads)),
      model_context(size.skeleton, size.persons, /*frames=*/32, size.classes));
}

const std::string kStgcn = "stgcn, graph: {partition: spatial}";
const std::string kEightScales = ", graph_scales: 8, window_scales: 8";

const std::vector<Size> kSizes{{kStgcn, "ntu25", 2, 60, 3098832, 102},
                               {kStgcn, "ntu25", 2, 120, 3114252, 102},
                               {kStgcn, "openpose18", 2, 400, 3177140, 102},
                               {"agcn", "ntu25", 2, 60, 3469510, 274},
                               {"agcn", "ntu25", 2, 120, 3484930, 274},
                               {"agcn", "openpose18", 2, 400, 3547776, 274},
                               {"aagcn", "ntu25", 2, 60, 3781668, 364},
                               {"aagcn", "ntu25", 2, 120, 3797088, 364},
                               {"aagcn", "openpose18", 2, 400, 3848670, 364},
                               {"msg3d", "ntu25", 2, 60, 3194595, 459},
                               {"msg3d", "ntu25", 2, 120, 3217695, 459},
                               {"msg3d" + kEightScales, "openpose18", 2, 400, 3144328, 459},
                               {"dualhead", "ntu25", 2, 60, 3015253, 663},
                               {"dualhead", "ntu25", 2, 120, 3049933, 663},
                               {"dualhead" + kEightScales, "openpose18", 2, 400, 3134460, 663},
                               {"ctrgcn", "ntu25", 2, 60, 1446672, 564},
                               {"ctrgcn", "ntu25", 2, 120, 1462092, 564},
                               {"ctrgcn", "kinect20", 1, 10, 1426892, 564},
                               {"shiftgcn", "ntu25", 2, 60, 693107, 174},
                               {"shiftgcn", "ntu25", 2, 120, 708527, 174},
                               {"shiftgcn", "kinect20", 1, 10, 660222, 174}};

class PublishedSize : public testing::TestWithParam<Size> {};

TEST_P(PublishedSize, IsThatOfOurModel) {
  const auto model = build(GetParam());
  EXPECT_EQ(parameter_count(*model), GetParam().parameters);
  EXPECT_EQ(model->parameters().size(), GetParam().tensors);
}

INSTANTIATE_TEST_SUITE_P(OfTheTables, PublishedSize, testing::ValuesIn(kSizes));

}  // namespace
}  // namespace kinegraph
