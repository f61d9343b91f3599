// The shift of Shift-GCN, by hand and against the published operation.
#include "models/kernels/temporal_shift.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/golden.h"
#include "tests/support/models/golden_model.h"

namespace kinegraph {
namespace {

/// One clip, one channel, one joint: frames 1, 2, 3, 4, shifted along time.
std::vector<double> shifted(double ypos, int64_t stride = 1) {
  const auto x = at::tensor({1.0, 2.0, 3.0, 4.0}, at::kDouble).view({1, 1, 4, 1});
  const auto y = temporal_shift(x, at::zeros({1}, at::kDouble), at::full({1}, ypos, at::kDouble),
                                stride, PositionGradient::kSign)
                     .reshape({-1});
  return {y.data_ptr<double>(), y.data_ptr<double>() + y.numel()};
}

using Frames = std::vector<double>;

TEST(TemporalShift, APositivePositionReadsTheFuture) {
  EXPECT_EQ(shifted(1), (Frames{2, 3, 4, 0}));
  EXPECT_EQ(shifted(-1), (Frames{0, 1, 2, 3}));
}

TEST(TemporalShift, InterpolatesBetweenFrames) {
  EXPECT_EQ(shifted(0.25), (Frames{1.25, 2.25, 3.25, 3}));
}

TEST(TemporalShift, StrideTwoReadsBetweenThePairs) { EXPECT_EQ(shifted(0, 2), (Frames{1.5, 3.5})); }

TEST(TemporalShift, ReadsZerosBeyondTheClip) {
  EXPECT_EQ(shifted(100), (Frames{0, 0, 0, 0}));
  EXPECT_EQ(shifted(-1e30), (Frames{0, 0, 0, 0}));
}

/// The published operation, forward and backward, in float64.
class ShiftOp : public testing::Test {
 protected:
  void SetUp() override {
    const auto path = shared_dir() / "golden" / "shiftgcn_ntu.h5";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
    file_.emplace(Hdf5File::open(path));
  }

  at::Tensor read(const std::string& name) const { return read_tensor(*file_, "shift_op/" + name); }

  /// The gradients of input, xpos and ypos of one case.
  std::vector<at::Tensor> gradients(const std::string& name, PositionGradient kind) const {
    const auto leaf = [&](const char* what) {
      return read(name + "/" + what).detach().set_requires_grad(true);
    };
    const auto x = leaf("input"), xpos = leaf("xpos"), ypos = leaf("ypos");
    const auto y = temporal_shift(x, xpos, ypos, read(name + "/stride").item<int64_t>(), kind);
    const auto difference = (y - read(name + "/output")).abs().max().item<double>();
    EXPECT_LT(difference, 1e-15) << name;
    y.backward(read(name + "/grad_output"));
    return {x.grad(), xpos.grad(), ypos.grad()};
  }

  std::optional<Hdf5File> file_;
};

void expect_equal(const at::Tensor& actual, const at::Tensor& expected, double tolerance) {
  EXPECT_LE((actual - expected).abs().max().item<double>(), tolerance);
}

TEST_F(ShiftOp, GivesThePublishedOutputsAndGradients) {
  for (const auto& name : file_->list("shift_op")) {
    SCOPED_TRACE(name);
    const auto found = gradients(name, PositionGradient::kSign);
    expect_equal(found[0], read(name + "/grad_input"), 1e-15);
    expect_equal(found[1], read(name + "/grad_xpos"), 0);
    expect_equal(found[2], read(name + "/grad_ypos"), 0);
  }
}

TEST_F(ShiftOp, GivesTheDerivativeWhereAskedFor) {
  for (const auto& name : file_->list("shift_op")) {
    SCOPED_TRACE(name);
    const auto found = gradients(name, PositionGradient::kExact);
    const auto rows = static_cast<double>(read(name + "/input").size(0));  // theirs is their mean
    expect_equal(found[1] / rows, read(name + "/raw_grad_xpos"), 1e-13);
    expect_equal(found[2] / rows, read(name + "/raw_grad_ypos"), 1e-13);
  }
}

}  // namespace
}  // namespace kinegraph
