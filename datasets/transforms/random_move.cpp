#include <cmath>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// A random camera that turns, zooms and pans slowly: [x, y]' = s R(angle) [x, y] + [dx, dy] in
/// each frame, all four linear in time between random nodes (random_move of ST-GCN's feeder);
/// shapes stay (M, T, V, C), further channels stay. Joints at (0, 0) are missing and stay there.
///
/// Draws: number of stretches, then for all nodes the angles, scales, dx, dy.
class RandomMove : public Transform {
 public:
  struct Options {
    std::vector<double> angles{-10, -5, 0, 5, 10}, scales{0.9, 1, 1.1},
        shifts{-0.2, -0.1, 0, 0.1, 0.2};
    std::vector<int64_t> stretches{1};
    std::string compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("angles", angles, "candidates in degrees");
      field("scales", scales, "candidates");
      field("shifts", shifts, "candidates of dx and dy, in units of the keypoints");
      field("stretches", stretches, "candidates: stretches of linear movement", Range{1, 1000});
      field("compat", compat, "none: as above; st_gcn: missing joints move along",
            OneOf{{"none", "st_gcn"}});
    }
  };

  RandomMove(const Options& options, const Context&) : options_(options) {
    if (options.angles.empty() || options.scales.empty() || options.shifts.empty() ||
        options.stretches.empty())
      throw ConfigError("random_move: every list of candidates needs at least one");
  }

  void apply(Sample& sample, RandomSource& random) const override {
    KeypointArray& x = sample.keypoints;
    if (x.channels < 2 || x.frames == 0 || sample.num_clips != 1)
      throw clip_error(sample, "random_move", "one clip with x and y", "It is a step of training.");
    const auto nodes = draw_nodes(x.frames, random);
    const auto count = nodes.size();
    const auto angle = along(nodes, draw(options_.angles, count, random));
    const auto scale = along(nodes, draw(options_.scales, count, random));
    const auto dx = along(nodes, draw(options_.shifts, count, random));
    const auto dy = along(nodes, draw(options_.shifts, count, random));
    for (int64_t t = 0; t < x.frames; ++t) {
      const auto at = static_cast<size_t>(t);
      const double c = scale[at] * std::cos(angle[at] * M_PI / 180);
      const double s = scale[at] * std::sin(angle[at] * M_PI / 180);
      for (int64_t m = 0; m < x.persons; ++m)
        for (int64_t v = 0; v < x.joints; ++v) {
          double* const joint = x.joint(m, t, v);
          const double across = joint[0], down = joint[1];
          if (across == 0 && down == 0 && options_.compat == "none") continue;
          joint[0] = c * across - s * down + dx[at];
          joint[1] = s * across + c * down + dy[at];
        }
    }
  }

 private:
  template <class T>
  static T pick(const std::vector<T>& candidates, RandomSource& random) {
    const auto last = static_cast<int64_t>(candidates.size()) - 1;
    return candidates[static_cast<size_t>(random.integer(0, last))];
  }

  static std::vector<double> draw(const std::vector<double>& candidates, size_t count,
                                  RandomSource& random) {
    std::vector<double> drawn(count);
    for (auto& value : drawn) value = pick(candidates, random);
    return drawn;
  }

  /// First frames of the stretches, and the number of frames.
  std::vector<int64_t> draw_nodes(int64_t frames, RandomSource& random) const {
    const int64_t stretches = pick(options_.stretches, random);
    std::vector<int64_t> nodes;
    for (int64_t i = 0; i < stretches; ++i)
      nodes.push_back(static_cast<int64_t>(
          std::nearbyint(static_cast<double>(i * frames) / static_cast<double>(stretches))));
    nodes.push_back(frames);
    return nodes;
  }

  /// Linear from node to node, both ends of a stretch included.
  static std::vector<double> along(const std::vector<int64_t>& nodes,
                                   const std::vector<double>& values) {
    std::vector<double> line;
    for (size_t i = 0; i + 1 < nodes.size(); ++i) {
      const int64_t count = nodes[i + 1] - nodes[i];
      const double step =
          count > 1 ? (values[i + 1] - values[i]) / static_cast<double>(count - 1) : 0;
      for (int64_t k = 0; k < count; ++k) line.push_back(values[i] + static_cast<double>(k) * step);
    }
    return line;
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "random_move", RandomMove,
                   "ST-GCN: a random camera that turns, zooms and pans slowly")

}  // namespace
}  // namespace kinegraph
