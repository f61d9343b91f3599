#include "framework/io/store_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/io/pickle.h"

namespace kinegraph {

std::string_view name_of(Coordinates coordinates) {
  constexpr std::string_view kNames[] = {"pixels", "metres", "normalised"};
  return kNames[static_cast<int>(coordinates)];
}

std::string_view name_of(PersonLayout layout) {
  return layout == PersonLayout::dense ? "dense" : "frame_persons";
}

std::string_view name_of(Precision precision) {
  constexpr std::string_view kNames[] = {"float16", "float32", "float64"};
  return kNames[static_cast<int>(precision)];
}

Precision precision_named(std::string_view name) {
  for (const auto precision : {Precision::float16, Precision::float32, Precision::float64})
    if (name_of(precision) == name) return precision;
  throw std::invalid_argument(fmt::format("no precision is called '{}'", name));
}

namespace store_format {
namespace {

constexpr int64_t kMostJoints = 4096;
constexpr int64_t kMostFrames = int64_t{1} << 24;
constexpr int64_t kMostPersons = int64_t{1} << 16;
constexpr int64_t kMostClipValues = int64_t{1} << 28;  // 2 GiB of double
constexpr size_t kLongestName = 255;

void require_no_nul(const std::string& text, const std::string& what, const std::string& where) {
  if (text.find('\0') != std::string::npos)
    throw DataError(Fault{where, fmt::format("a NUL byte in {}", what), "text",
                          "HDF5 texts end at a NUL; remove it."});
}

std::string_view type_of(const std::vector<int64_t>&) { return "int64"; }
std::string_view type_of(const std::vector<double>&) { return "float64"; }
std::string_view type_of(const std::vector<std::string>&) { return "text"; }

template <class T>
std::string digest(const std::vector<T>& values) {
  Sha256 hash;
  hash.update(values.data(), values.size() * sizeof(T));
  return hash.hex();
}

std::string digest(const std::vector<std::string>& texts) {
  Sha256 hash;
  for (const auto& text : texts) hash.update(text.c_str(), text.size() + 1);
  return hash.hex();
}

}  // namespace

ElementType part_type(Part part, const StoreInfo& info) {
  if (part == kFramePersons || part == kTrackIds) return ElementType::int64;
  if (part == kTimestamps || part == kBoxScores) return ElementType::float64;
  constexpr ElementType kTypes[] = {ElementType::float16, ElementType::float32,
                                    ElementType::float64};
  return kTypes[static_cast<int>(info.precision)];
}

std::vector<int64_t> part_shape(Part part, const StoreInfo& info, const Totals& totals) {
  if (part == kKeypoints) return {totals.person_frames, info.num_joints, info.num_channels()};
  if (part == kScores) return {totals.person_frames, info.num_joints};
  if (part == kFramePersons || part == kTimestamps) return {totals.frames};
  return {info.person_layout == PersonLayout::dense ? totals.persons : totals.person_frames};
}

void check_info(const StoreInfo& info, const std::string& where) {
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw DataError(Fault{where, found, expected, "Correct the description of the data set."});
  };
  if (info.skeleton.empty()) refuse("no skeleton name", "the name of a joint layout");
  if (info.num_joints < 1 || info.num_joints > kMostJoints)
    refuse(fmt::format("{} joints", info.num_joints), fmt::format("1..{}", kMostJoints));
  if (info.channels.size() < 2 || info.channels.size() > 3)
    refuse(fmt::format("channels '{}'", info.channels), "2 or 3 letters, such as xy or xyz");
  require_no_nul(info.skeleton, "the skeleton name", where);
  require_no_nul(info.channels, "the channels", where);
  require_no_nul(info.skeleton_layout, "the skeleton layout", where);
  require_no_nul(info.provenance, "the provenance", where);
  for (const auto& name : info.class_names) require_no_nul(name, "a class name", where);
}

void check_name(const std::string& name, const std::string& kind, const std::string& where) {
  const bool is_plain = std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\x7f' || static_cast<unsigned char>(c) < 0x20;
  });
  if (!name.empty() && name != "." && name.size() <= kLongestName && is_plain) return;
  throw DataError(Fault{where, fmt::format("{} name {}", kind, pickle::printable(name)),
                        fmt::format("1..{} bytes without '/' and control characters", kLongestName),
                        fmt::format("Rename the {}.", kind)});
}

void check_splits(const StoreInfo& info, int64_t num_clips, const std::string& where) {
  for (const auto& [name, clips] : info.splits) {
    check_name(name, "split", where);
    for (const int64_t clip : clips)
      if (clip < 0 || clip >= num_clips)
        throw DataError(Fault{where, fmt::format("clip index {} in split '{}'", clip, name),
                              fmt::format("an index in 0..{}", num_clips - 1),
                              "Make the split from the same clips as the store."});
  }
}

void check_extra_field(const std::string& name, const FieldValues& values, int64_t num_clips,
                       const std::string& where) {
  check_name(name, "field", where);
  std::vector<std::string> own = {"id", "num_frames", "num_persons", "fps"};
  for (const auto& field : kIntegerFields) own.emplace_back(field.name);
  if (std::find(own.begin(), own.end(), name) != own.end())
    throw DataError(Fault{where, fmt::format("'{}' as the name of an extra field", name),
                          "a name other than " + join(own),
                          "Set it in each clip, or rename the field."});
  const size_t size = std::visit([](const auto& column) { return column.size(); }, values);
  if (size != static_cast<size_t>(num_clips))
    throw DataError(Fault{where, fmt::format("{} values in field '{}'", size, name),
                          fmt::format("{}, one for each clip", num_clips),
                          "Give the field a value for every clip."});
  if (const auto* texts = std::get_if<std::vector<std::string>>(&values))
    for (const auto& text : *texts) require_no_nul(text, "field '" + name + "'", where);
}

void check_clip_size(const StoreInfo& info, int64_t num_frames, int64_t num_persons,
                     const std::string& where) {
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw DataError(Fault{where, found, expected, "Cut the clip, or leave it out."});
  };
  if (num_frames < 1 || num_frames > kMostFrames)
    refuse(fmt::format("{} frames", num_frames), fmt::format("1..{}", kMostFrames));
  if (num_persons < 0 || num_persons > kMostPersons)
    refuse(fmt::format("{} persons", num_persons), fmt::format("0..{}", kMostPersons));
  if (num_persons * num_frames > kMostClipValues / (info.num_joints * info.num_channels()))
    refuse(fmt::format("{} persons x {} frames x {} joints x {} channels", num_persons, num_frames,
                       info.num_joints, info.num_channels()),
           fmt::format("at most {} values", kMostClipValues));
}

Manifest::Manifest(const StoreInfo& info, const ClipTable& table) {
  visit_attributes(info, [this](const std::string& name, const auto& value) {
    using T = std::decay_t<decltype(value)>;
    const std::vector<T> values = {value};
    add("@" + name, type_of(values), {}, digest(values));
  });
  visit_arrays(info, table, [this](const std::string& path, const auto& values) {
    add(path, type_of(values), {static_cast<int64_t>(values.size())}, digest(values));
  });
}

void Manifest::add(const std::string& name, std::string_view type,
                   const std::vector<int64_t>& shape, const std::string& sha256) {
  lines_[name] = fmt::format("{} {} [{}] {}\n", name, type, fmt::join(shape, ","), sha256);
}

std::string Manifest::sha256() const {
  Sha256 hash;
  for (const auto& [name, line] : lines_) hash.update(line);
  return hash.hex();
}

}  // namespace store_format
}  // namespace kinegraph
