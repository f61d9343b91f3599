#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Moves every joint in a random direction, by a normal amount of standard deviation sigma times
/// the size of the body (PYSKL's RandomGaussianNoise); shapes stay (M, T, V, C).
///
/// The size is the diagonal of the box of the joints: of each person in each frame, or of all boxes
/// of the clip together. A box with a corner at the origin (sum of squared minima up to 1e-4) is
/// that of an absent person, who is left alone. Draws: all amounts (M, T, V), then all directions
/// (C, M, T, V), each component uniform on [-1, 1], then normalised; `shared` draws (V) and (C, V)
/// for all persons and frames.
class RandomGaussianNoise : public Transform {
 public:
  struct Options {
    double sigma = 0.01;
    std::string base = "frame";
    bool shared = false;

    template <class Fields>
    void describe(Fields& field) {
      field("sigma", sigma, "standard deviation as a share of the body's size", Range{0, 1});
      field("base", base, "size in each frame, or over the clip", OneOf{{"frame", "video"}});
      field("shared", shared, "the same noise in all frames; needs base: video");
    }
  };

  RandomGaussianNoise(const Options& options, const Context&) : options_(options) {
    if (options.shared && options.base != "video")
      throw ConfigError("random_gaussian_noise: 'shared' needs base: video");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    KeypointArray& x = sample.keypoints;
    if (x.values.empty()) return;
    const auto sizes = body_sizes(x);
    const int64_t channels = x.channels, points = x.persons * x.frames * x.joints;
    const int64_t drawn = options_.shared ? x.joints : points;
    std::vector<double> amounts(static_cast<size_t>(drawn));
    for (auto& amount : amounts) amount = random.normal() * options_.sigma;
    std::vector<double> directions(static_cast<size_t>(drawn * channels));  // (C, drawn)
    for (auto& component : directions) component = random.uniform(-1, 1);
    for (int64_t point = 0; point < points; ++point) {
      const double size = sizes[static_cast<size_t>(point / x.joints)];
      const int64_t draw = point % drawn;
      double square = 0;
      for (int64_t c = 0; c < channels; ++c) {
        const double component = directions[static_cast<size_t>(c * drawn + draw)];
        square += component * component;
      }
      const double factor = amounts[static_cast<size_t>(draw)] * size / std::sqrt(square);
      for (int64_t c = 0; c < channels; ++c)
        x.values[static_cast<size_t>(point * channels + c)] +=
            factor * directions[static_cast<size_t>(c * drawn + draw)];
    }
    sample.precision = Precision::float64;
  }

 private:
  struct Box {
    std::vector<double> least, most;

    explicit Box(int64_t channels)
        : least(static_cast<size_t>(channels), std::numeric_limits<double>::infinity()),
          most(static_cast<size_t>(channels), -std::numeric_limits<double>::infinity()) {}
    void add(const double* point) {
      for (size_t c = 0; c < least.size(); ++c) {
        least[c] = std::min(least[c], point[c]);
        most[c] = std::max(most[c], point[c]);
      }
    }
    bool is_of_a_body() const {
      double square = 0;
      for (const double value : least) square += value * value;
      return square > 1e-4;
    }
    double diagonal() const {
      double square = 0;
      for (size_t c = 0; c < least.size(); ++c)
        square += (most[c] - least[c]) * (most[c] - least[c]);
      return std::sqrt(square);
    }
  };

  /// (M * T) size of each person in each frame; 0 for absent ones.
  std::vector<double> body_sizes(const KeypointArray& x) const {
    std::vector<double> sizes(static_cast<size_t>(x.persons * x.frames));
    Box video(x.channels);
    for (int64_t m = 0; m < x.persons; ++m)
      for (int64_t t = 0; t < x.frames; ++t) {
        Box frame(x.channels);
        for (int64_t v = 0; v < x.joints; ++v) frame.add(x.joint(m, t, v));
        if (!frame.is_of_a_body()) continue;
        sizes[static_cast<size_t>(m * x.frames + t)] = frame.diagonal();
        video.add(frame.least.data());
        video.add(frame.most.data());
      }
    if (options_.base == "video")
      for (auto& size : sizes)
        if (size > 0) size = video.diagonal();
    return sizes;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_gaussian_noise", RandomGaussianNoise,
                   "PYSKL: joints move by a random amount relative to the body's size")

}  // namespace
}  // namespace kinegraph
