#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/init.h>

#include <cmath>

#include "framework/base/error.h"
#include "models/kernels/temporal_shift.h"
#include "models/layers/unit_trunk.h"

namespace kinegraph {
namespace {

struct ShiftgcnOptions {
  std::vector<int64_t> channels = ten_unit_channels();
  bool exact_position_gradient = false;

  template <class Fields>
  void describe(Fields& field) {
    field("channels", channels, "width of each unit; a unit that widens halves the frames",
          Range{1, 4096});
    field("exact_position_gradient", exact_position_gradient,
          "learn temporal shifts by their derivative; false: by its sign, as published");
  }
};

/// index[v * C + c] = ((v + direction * c) mod V) * C + c.
at::Tensor rotation(int64_t joints, int64_t channels, int64_t direction) {
  const auto v = at::arange(joints).view({joints, 1}), c = at::arange(channels);
  return (at::remainder(v + direction * c, joints) * channels + c).reshape({-1});
}

/// Non-local shift graph convolution: channel c of joint v comes from joint v + c, a matrix mixes
/// the channels of every joint, and channel c goes back by c joints. No skeleton is involved.
/// Between them every (joint, channel) has a factor in (0, 2), and after them a BatchNorm.
class ShiftGraphConv : public Layer {
 public:
  ShiftGraphConv(int64_t joints, const UnitShape& shape) : joints_(joints) {
    const int64_t in = shape.in_channels, out = shape.out_channels;
    weight_ = register_parameter("Linear_weight", at::empty({in, out}));
    torch::nn::init::normal_(weight_, 0, std::sqrt(1.0 / static_cast<double>(out)));
    bias_ = register_parameter("Linear_bias", at::zeros({1, 1, out}));
    mask_ = register_parameter("Feature_Mask", at::zeros({1, joints, in}));
    shift_in_ = register_buffer("const_shift_in", rotation(joints, in, 1));
    shift_out_ = register_buffer("const_shift_out", rotation(joints, out, -1));
    if (in != out) {
      down_ = register_module("down", Projection(in, out));
      init_fan_out(down_->conv);
    }
    bn_ = register_module("bn", torch::nn::BatchNorm1d(joints * out));
  }

  at::Tensor forward(const at::Tensor& x) override {
    const int64_t n = x.size(0), in = x.size(1), t = x.size(2), v = x.size(3);
    const int64_t out = weight_.size(1), rows = n * t;
    TORCH_CHECK(v == joints_, "shift graph convolution: ", v, " joints instead of ", joints_);
    const auto a =
        x.permute({0, 2, 3, 1}).reshape({rows, v * in}).index_select(1, shift_in_.to(at::kLong));
    const auto masked = a.view({rows, v, in}) * (at::tanh(mask_) + 1);
    const auto b = at::addmm(bias_.view({out}), masked.view({rows * v, in}), weight_);
    const auto d = bn_(b.view({rows, v * out}).index_select(1, shift_out_.to(at::kLong)));
    const auto y = d.view({n, t, v, out}).permute({0, 3, 1, 2});
    return (y + (down_ ? down_(x) : x)).relu_();
  }

 private:
  int64_t joints_;
  at::Tensor weight_, bias_, mask_, shift_in_, shift_out_;
  Projection down_{nullptr};
  torch::nn::BatchNorm1d bn_{nullptr};
};

/// The two positions of every channel of one shift.
class Shift : public torch::nn::Module {
 public:
  explicit Shift(int64_t channels) {
    xpos = register_parameter("xpos", at::empty({channels}).uniform_(-1e-8, 1e-8));
    ypos = register_parameter("ypos", at::empty({channels}).uniform_(-1, 1));
  }

  at::Tensor xpos, ypos;
};

/// BatchNorm, shift, 1x1 convolution, ReLU, shift with the stride, BatchNorm.
class ShiftTemporalConv : public Layer {
 public:
  ShiftTemporalConv(const ShiftgcnOptions& options, const UnitShape& shape)
      : stride_(shape.stride),
        gradient_(options.exact_position_gradient ? PositionGradient::kExact
                                                  : PositionGradient::kSign) {
    const int64_t channels = shape.out_channels;
    bn_in_ = register_module("bn", torch::nn::BatchNorm2d(channels));
    bn_out_ = register_module("bn2", torch::nn::BatchNorm2d(channels));
    in_ = register_module("shift_in", std::make_shared<Shift>(channels));
    out_ = register_module("shift_out", std::make_shared<Shift>(channels));
    linear_ = register_module("temporal_linear", pointwise_conv(channels, channels));
    torch::nn::init::kaiming_normal_(linear_->weight, 0, torch::kFanOut);
  }

  at::Tensor forward(const at::Tensor& x) override {
    const auto shifted = temporal_shift(bn_in_(x), in_->xpos, in_->ypos, /*stride=*/1, gradient_);
    const auto y = linear_(shifted).relu_();
    return bn_out_(temporal_shift(y, out_->xpos, out_->ypos, stride_, gradient_));
  }

 private:
  int64_t stride_;
  PositionGradient gradient_;
  torch::nn::BatchNorm2d bn_in_{nullptr}, bn_out_{nullptr};
  std::shared_ptr<Shift> in_, out_;
  torch::nn::Conv2d linear_{nullptr};
};

class Shiftgcn : public TrunkBackbone {
 public:
  using Options = ShiftgcnOptions;

  Shiftgcn(const Options& options, const Context& context) {
    set_trunk(make_trunk(options, context));
  }

 private:
  UnitTrunk make_trunk(const Options& options, const Context& context) {
    const InputShape& input = context.input("keypoints");
    require_even_frames(input.frames, options.channels);
    UnitTrunkParts parts;
    parts.channels = options.channels;
    parts.make_spatial = [&](const UnitShape& shape) {
      return std::make_shared<ShiftGraphConv>(input.joints, shape);
    };
    parts.make_temporal = [&](const UnitShape& shape) {
      return std::make_shared<ShiftTemporalConv>(options, shape);
    };
    parts.init_projection = [](TemporalConv& projection) { init_fan_out(projection->conv); };
    return UnitTrunk(*this, input, parts, "shiftgcn");
  }

  /// A strided shift drops an odd last frame, the residual beside it does not.
  static void require_even_frames(int64_t frames, const std::vector<int64_t>& channels) {
    int64_t factor = 1;
    for (size_t i = 1; i < channels.size(); ++i)
      if (channels[i] > channels[i - 1]) factor *= 2;
    if (frames % factor != 0)
      throw ConfigError(Fault{"backbone 'shiftgcn'", fmt::format("{} frames", frames),
                              fmt::format("a multiple of {}", factor),
                              "Change the number of frames in the pipelines."});
  }
};

KINEGRAPH_REGISTER(Backbone, "shiftgcn", Shiftgcn,
                   "Shift-GCN: shifts in place of graph and temporal convolutions (CVPR 2020)")

}  // namespace
}  // namespace kinegraph
