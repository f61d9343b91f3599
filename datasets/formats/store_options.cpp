#include "datasets/formats/store_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {
namespace {

/// Shipped layouts with that number of joints. OpenPose knows no depth: 25 joints in space are
/// NTU's, in the plane they may be either's.
std::vector<std::string> fitting_skeletons(const ArrayTraits& traits) {
  std::vector<std::string> fitting;
  for (const auto& name : Skeleton::shipped_names())
    if (Skeleton::load(name).joint_count() == traits.num_joints &&
        !(traits.num_channels == 3 && name == "body25"))
      fitting.push_back(name);
  return fitting;
}

Skeleton choose_skeleton(const StoreOptions& options, const ArrayTraits& traits,
                         const std::string& source) {
  const std::string found =
      fmt::format("{} joints of {} coordinates", traits.num_joints, traits.num_channels);
  if (!options.skeleton.empty()) {
    Skeleton skeleton = Skeleton::load(options.skeleton);
    if (skeleton.joint_count() != traits.num_joints)
      throw DataError(Fault{
          source, found,
          fmt::format("{} joints, as skeleton '{}' has", skeleton.joint_count(), skeleton.name),
          "Correct the option 'skeleton'."});
    return skeleton;
  }
  const auto fitting = fitting_skeletons(traits);
  if (fitting.size() == 1) return Skeleton::load(fitting[0]);
  if (fitting.empty())
    throw DataError(Fault{source, found, "a number of joints that a shipped skeleton has",
                          "Set the option 'skeleton', such as --set skeleton=my_joints.yaml."});
  throw DataError(Fault{source, found, "joints that only one of these has: " + join(fitting),
                        "Say which with the option 'skeleton'."});
}

std::vector<std::string> lines_of(const std::string& path) {
  constexpr size_t kMaxBytes = 16 << 20;
  std::vector<std::string> lines = split(read_file(path, kMaxBytes), '\n');
  for (auto& line : lines)
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> choose_class_names(const StoreOptions& options, const ArrayTraits& traits,
                                            const std::string& source) {
  constexpr int64_t kMaxClasses = 1'000'000;
  if (traits.max_label >= kMaxClasses)
    throw DataError(Fault{source, fmt::format("label {}", traits.max_label),
                          fmt::format("labels below {}", kMaxClasses),
                          "The file is damaged or has no class labels."});
  auto names = options.class_file.empty() ? options.class_names : lines_of(options.class_file);
  if (names.empty())
    for (int64_t label = 0; label <= traits.max_label; ++label)
      names.push_back(fmt::format("class {}", label));
  if (static_cast<int64_t>(names.size()) > traits.max_label) return names;
  throw DataError(Fault{
      source, fmt::format("label {} (from 0) with {} class names", traits.max_label, names.size()),
      "a name for each class",
      "Correct class_names or class_file; with labels from 1, set "
      "labels_start_at: 1."});
}

Precision choose_precision(const StoreOptions& options, const NdType& type) {
  const std::string name = options.precision == "auto" ? type.name() : options.precision;
  for (const Precision precision : {Precision::float16, Precision::float32})
    if (name == name_of(precision)) return precision;
  return Precision::float64;
}

}  // namespace

NdType wider_type(const NdType& a, const NdType& b) {
  const auto floating = [](const NdType& type) {
    // float32 is exact up to 2^24, that is for integers of two bytes.
    return type.is_floating() ? type.width : type.width <= 2 ? 4 : 8;
  };
  return {'f', std::max(floating(a), floating(b)), false};
}

StoreInfo make_store_info(const StoreOptions& options, const ArrayTraits& traits,
                          const std::string& source) {
  if (traits.num_channels != 2 && traits.num_channels != 3)
    throw DataError(Fault{source, fmt::format("{} coordinates a joint", traits.num_channels),
                          "2 or 3", "Is the source the right one?"});
  const Skeleton skeleton = choose_skeleton(options, traits, source);
  StoreInfo info;
  info.skeleton = skeleton.name;
  info.skeleton_layout = skeleton.to_yaml();
  info.num_joints = traits.num_joints;
  info.channels = traits.num_channels == 2 ? "xy" : "xyz";
  info.coordinates = traits.num_channels == 2 ? Coordinates::pixels : Coordinates::metres;
  for (const auto known : {Coordinates::pixels, Coordinates::metres, Coordinates::normalised})
    if (options.coordinates == name_of(known)) info.coordinates = known;
  info.precision = choose_precision(options, wider_type(traits.type, traits.type));
  info.class_names = choose_class_names(options, traits, source);
  return info;
}

}  // namespace kinegraph
