#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Multiplies each channel by 1 + u * scale, u uniform on [-1, 1], one draw per channel and clip
/// (PYSKL's RandomScale); shapes stay (M, T, V, C).
class RandomScale : public Transform {
 public:
  struct Options {
    std::vector<double> scale{0.2};

    template <class Fields>
    void describe(Fields& field) {
      field("scale", scale, "largest change: one for all channels, or one for each", Range{0, 1});
    }
  };

  RandomScale(const Options& options, const Context&) : options_(options) {
    if (options.scale.empty())
      throw ConfigError("random_scale: 'scale' is one number, or one for each channel");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    auto& values = sample.keypoints.values;
    const auto channels = static_cast<size_t>(sample.keypoints.channels);
    const bool is_shared = options_.scale.size() == 1;
    if (!is_shared && options_.scale.size() != channels)
      throw clip_error(sample, "random_scale", fmt::format("{} channels", options_.scale.size()),
                       "Give one 'scale' for all channels, or one for each.");
    for (size_t c = 0; c < channels; ++c) {
      const double factor = 1 + random.uniform(-1, 1) * options_.scale[is_shared ? 0 : c];
      for (size_t i = c; i < values.size(); i += channels) values[i] *= factor;
    }
    sample.precision = Precision::float64;
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_scale", RandomScale,
                   "PYSKL: random factor for each channel, one draw per clip")

}  // namespace
}  // namespace kinegraph
