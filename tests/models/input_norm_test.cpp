#include "models/layers/input_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "framework/model/output_trace.h"

namespace kinegraph {
namespace {

constexpr int64_t kClips = 3, kPersons = 2, kFrames = 4, kJoints = 5, kChannels = 3;

/// The second person is empty in clips 0 and 2, the first one in clip 1.
at::Tensor clips_with_empty_persons() {
  at::manual_seed(1);
  auto x = at::randn({kClips, kPersons, kFrames, kJoints, kChannels});
  x[0][1].zero_();
  x[1][0].zero_();
  x[2][1].zero_();
  return x;
}

class PersonRowsOf : public testing::TestWithParam<InputNorm> {
 protected:
  PersonRowsOf() {
    const at::NoGradGuard no_grad;
    norm_->eval();
    norm_->running_mean.uniform_(-1, 1);
    norm_->running_var.uniform_(0.5, 2);
  }

  PersonRows rows() { return PersonRows(norm_, GetParam(), x_); }

  const at::Tensor x_ = clips_with_empty_persons();
  torch::nn::BatchNorm1d norm_ =
      make_input_norm({kPersons, kFrames, kJoints, kChannels}, GetParam());
};

TEST_P(PersonRowsOf, OneEmptyPersonStandsForAllOfItsPlace) {
  const auto whole = rows();
  ASSERT_EQ(whole.rows().size(0), kClips * kPersons);
  const at::NoGradGuard no_grad;
  const auto shared = rows();
  EXPECT_EQ(shared.rows().sizes(), (std::vector<int64_t>{5, kChannels, kFrames, kJoints}));
  EXPECT_TRUE(shared.rows().is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(shared.per_clip(shared.rows()), whole.per_clip(whole.rows())));
}

TEST_P(PersonRowsOf, EveryPersonHasItsRowInTrainingAndUnderATrace) {
  const at::NoGradGuard no_grad;
  {
    const OutputTrace trace([](const torch::nn::Module&, const at::Tensor&) {});
    EXPECT_EQ(rows().rows().size(0), kClips * kPersons);
  }
  norm_->train();
  EXPECT_EQ(rows().rows().size(0), kClips * kPersons);
}

INSTANTIATE_TEST_SUITE_P(InputNorm, PersonRowsOf,
                         testing::Values(InputNorm::kShared, InputNorm::kPerPerson),
                         [](const auto& info) {
                           return info.param == InputNorm::kShared ? "Shared" : "PerPerson";
                         });

}  // namespace
}  // namespace kinegraph
