#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "framework/data/check.h"
#include "framework/data/poses.h"
#include "framework/data/split_pairs.h"

namespace kinegraph {
namespace {

/// Random projections of a clip's poses. Their mean squared difference between two clips estimates
/// the mean squared difference of the poses (Johnson and Lindenstrauss 1984).
using Fingerprint = std::array<float, 16>;

/// Coordinates of all poses about their mean, in units of the RMS distance from it; absent joints
/// are 0. Empty when nobody is there.
using Shape = std::vector<double>;

Shape shape_of(const Clip& clip, const StoreInfo& info) {
  const Poses poses(clip, info);
  const auto coordinates = static_cast<size_t>(poses.num_coordinates());
  std::vector<double> mean(coordinates);
  std::vector<bool> is_present;
  Shape shape;
  int64_t present = 0;
  for (int64_t row = 0; row < poses.num_rows(); ++row)
    for (int64_t v = 0; v < poses.num_joints(); ++v) {
      const double* x = poses.joint(row, v);
      shape.insert(shape.end(), x, x + coordinates);
      is_present.push_back(poses.is_present(row, v));
      if (!is_present.back()) continue;
      ++present;
      for (size_t c = 0; c < coordinates; ++c) mean[c] += x[c];
    }
  if (present == 0) return {};
  for (double& value : mean) value /= static_cast<double>(present);
  double square = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] = is_present[i / coordinates] ? shape[i] - mean[i % coordinates] : 0;
    square += shape[i] * shape[i];
  }
  if (square == 0) return {};
  const double scale = std::sqrt(static_cast<double>(present) / square);
  for (double& value : shape) value *= scale;
  return shape;
}

/// x negated, left and right joints exchanged.
Shape mirrored(const Shape& shape, const Skeleton& skeleton, size_t coordinates) {
  Shape mirror = shape;
  const size_t row = skeleton.joints.size() * coordinates;
  for (size_t first = 0; first < shape.size(); first += row) {
    for (const auto& [left, right] : skeleton.left_right)
      for (size_t c = 0; c < coordinates; ++c)
        std::swap(mirror[first + static_cast<size_t>(left) * coordinates + c],
                  mirror[first + static_cast<size_t>(right) * coordinates + c]);
    for (size_t x = first; x < first + row; x += coordinates) mirror[x] = -mirror[x];
  }
  return mirror;
}

/// A bit for each projection (Steele, Lea and Flood 2014: SplitMix64).
uint64_t signs_of(uint64_t index) {
  uint64_t z = (index + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

Fingerprint fingerprint_of(const Shape& shape) {
  std::array<double, std::tuple_size<Fingerprint>::value> sums{};
  for (size_t i = 0; i < shape.size(); ++i) {
    uint64_t signs = signs_of(i);
    for (double& sum : sums) {
      sum += (signs & 1) != 0 ? shape[i] : -shape[i];
      signs >>= 1;
    }
  }
  Fingerprint fingerprint;
  const double scale = 1 / std::sqrt(static_cast<double>(shape.size()));
  for (size_t k = 0; k < sums.size(); ++k) fingerprint[k] = static_cast<float>(sums[k] * scale);
  return fingerprint;
}

double mean_square(const Fingerprint& a, const Fingerprint& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum / static_cast<double>(a.size());
}

/// What of the coordinates is motion: their distance from the mean of the `frames` of a person.
/// `frames` divides the number of poses, each of `pose` coordinates.
Shape motion_of(Shape shape, size_t frames, size_t pose) {
  for (size_t person = 0; person < shape.size(); person += frames * pose)
    for (size_t i = person; i < person + pose; ++i) {
      double mean = 0;
      for (size_t t = 0; t < frames; ++t) mean += shape[i + t * pose];
      mean /= static_cast<double>(frames);
      for (size_t t = 0; t < frames; ++t) shape[i + t * pose] -= mean;
    }
  return shape;
}

double mean_size(const Shape& a) {
  double sum = 0;
  for (const double value : a) sum += std::abs(value);
  return sum / static_cast<double>(a.size());
}

double mean_difference(const Shape& a, const Shape& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

/// Test clips that are in the training split too under another id, as they are or mirrored, even
/// if their poses were estimated anew. Position and size do not count. People who stand still look
/// much alike, so what little they move must agree, too.
class Twins : public Check {
 public:
  struct Options {
    double tolerance_2d = 0.15, tolerance_3d = 0.02, motion = 0.5;

    template <class Fields>
    void describe(Fields& field) {
      field("tolerance_2d", tolerance_2d,
            "mean difference of coordinates up to which clips are the same, in body sizes (RMS "
            "distance from the mean); poses may have been estimated anew in a mirrored video",
            Range{0, 1});
      field("tolerance_3d", tolerance_3d,
            "the same in 3D, where different persons come closer and copies are exact but for "
            "rounding",
            Range{0, 1});
      field("motion", motion,
            "the same for what moves about the mean pose, as a share of the motion", Range{0, 10});
    }
  };
  Twins(const Options& options, const Context& context)
      : context_(context),
        tolerance_(context.store.info().num_coordinates() == 2 ? options.tolerance_2d
                                                               : options.tolerance_3d),
        motion_(options.motion),
        prints_(static_cast<size_t>(context.store.num_clips())) {}

  Conclusion examine(int64_t index, const Clip& clip) override {
    const Shape shape = shape_of(clip, context_.store.info());
    if (shape.empty()) return {};
    const Prints prints{static_cast<int64_t>(shape.size()), clip.num_frames, fingerprint_of(shape),
                        fingerprint_of(mirror_of(shape))};
    return [this, index, prints] { prints_[static_cast<size_t>(index)] = prints; };
  }

  std::vector<Finding> findings() override {
    std::vector<Finding> findings;
    for (const SplitPair& pair : split_pairs(context_.store.info().splits)) compare(pair, findings);
    return findings;
  }

 private:
  struct Prints {
    int64_t size = 0, frames = 0;  // size 0: nothing to compare
    Fingerprint plain{}, mirrored{};
  };
  struct Twin {
    int64_t clip = -1;
    double difference = std::numeric_limits<double>::infinity();
  };
  using Groups = std::unordered_map<int64_t, std::vector<int64_t>>;  // clips by size

  Shape mirror_of(const Shape& shape) const {
    return mirrored(shape, context_.skeleton,
                    static_cast<size_t>(context_.store.info().num_coordinates()));
  }
  const Prints& prints(int64_t clip) const { return prints_[static_cast<size_t>(clip)]; }

  void compare(const SplitPair& pair, std::vector<Finding>& findings) const {
    Groups groups;
    for (const int64_t clip : context_.store.split(pair.train))
      if (prints(clip).size > 0) groups[prints(clip).size].push_back(clip);
    FaultCount same, mirrors;
    for (const int64_t clip : context_.store.split(pair.test)) {
      const auto group = groups.find(prints(clip).size);
      if (group == groups.end()) continue;
      const Twin twin = find_twin(clip, group->second, &Prints::plain);
      const Twin mirror = find_twin(clip, group->second, &Prints::mirrored);
      const bool is_mirrored = mirror.difference < twin.difference;
      const Twin& nearest = is_mirrored ? mirror : twin;
      if (nearest.clip >= 0) (is_mirrored ? mirrors : same).add(example(clip, nearest.clip));
    }
    const std::string remedy = "Test results on them mean little. Take them out of " + pair.train +
                               ", or make the split anew.";
    same.report(Severity::error,
                fmt::format("clips of {} that {} has under another id", pair.test, pair.train),
                remedy, findings);
    mirrors.report(Severity::error,
                   fmt::format("clips of {} whose mirror image is in {}", pair.test, pair.train),
                   remedy, findings);
  }

  std::string example(int64_t clip, int64_t twin) const {
    return fmt::format("{} = {}", context_.store.id(clip), context_.store.id(twin));
  }

  /// The nearest candidate that is a twin. The estimate only says which are worth being read again.
  Twin find_twin(int64_t clip, const std::vector<int64_t>& candidates,
                 Fingerprint Prints::*print) const {
    const Prints& own = prints(clip);
    const double near = 9 * tolerance_ * tolerance_;
    Twin nearest;
    Shape shape;
    for (const int64_t other : candidates) {
      if (other == clip || prints(other).frames != own.frames) continue;
      if (mean_square(own.plain, prints(other).*print) > near) continue;
      if (shape.empty()) shape = shape_again(clip);
      Shape twin = shape_again(other);
      if (print == &Prints::mirrored) twin = mirror_of(twin);
      const double difference = mean_difference(shape, twin);
      if (difference <= tolerance_ && difference < nearest.difference &&
          moves_alike(shape, twin, own.frames))
        nearest = {other, difference};
    }
    return nearest;
  }

  bool moves_alike(const Shape& a, const Shape& b, int64_t frames) const {
    const StoreInfo& info = context_.store.info();
    const auto pose = static_cast<size_t>(info.num_joints * info.num_coordinates());
    const bool is_dense = info.person_layout == PersonLayout::dense;
    const size_t length = is_dense ? static_cast<size_t>(frames) : a.size() / pose;
    const Shape x = motion_of(a, length, pose), y = motion_of(b, length, pose);
    const double rounding = 1e-3;  // halves of pixels, in body sizes
    return mean_difference(x, y) <= rounding + motion_ * (mean_size(x) + mean_size(y)) / 2;
  }

  Shape shape_again(int64_t clip) const {
    return shape_of(context_.store.read(clip), context_.store.info());
  }

  Context context_;
  double tolerance_, motion_;
  std::vector<Prints> prints_;
};

KINEGRAPH_REGISTER(Check, "twins", Twins,
                   "test clips that are trained on under another id, as they are or mirrored")

}  // namespace
}  // namespace kinegraph
