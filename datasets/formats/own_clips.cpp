#include "datasets/formats/own_clips.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/formats/clip_files.h"
#include "datasets/formats/import_clips.h"
#include "framework/base/text.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// What the first reading finds.
struct OwnSource {
  std::vector<ClipFile> files;
  std::vector<std::string> ids, labels;  // of all clips, in order
  SplitIds splits;
  int64_t channels = 0;    // of the first clip
  int64_t num_faulty = 0;  // files
};

int64_t first_channels(const std::vector<ClipFile>& files, bool is_strict,
                       const OwnClipsReader& read) {
  const auto channels = first_usable(files.size(), is_strict, [&](size_t i) {
    const auto clips = read(files[i].path, files[i].id, true);
    return clips.empty() ? std::nullopt : std::optional(clips.front().channels);
  });
  return channels.value_or(0);
}

/// Passes over faulty files, unless `is_strict`.
OwnSource survey(const fs::path& source, const std::string& extension, int64_t threads,
                 bool is_strict, const OwnClipsReader& read) {
  OwnSource found;
  found.files = find_clip_files(source, {extension},
                                fmt::format("a file *{0}, or a folder of them", extension));
  const auto read_file = [&](int64_t i) {
    const ClipFile& file = found.files[static_cast<size_t>(i)];
    return peek(is_strict, [&] { return read(file.path, file.id, i == 0); });
  };
  const auto note = [&](int64_t, const std::optional<std::vector<OwnClip>>& clips) {
    found.num_faulty += clips ? 0 : 1;
    if (!clips) return;
    for (const auto& clip : *clips) {
      if (found.channels == 0) found.channels = clip.channels;
      found.ids.push_back(clip.clip.id);
      if (!clip.label.empty()) found.labels.push_back(clip.label);
      for (const auto& split : clip.splits)
        if (split != "all") found.splits[split].push_back(clip.clip.id);
    }
  };
  ordered_parallel(static_cast<int64_t>(found.files.size()), static_cast<int>(threads), read_file,
                   note);
  if (found.channels == 0) found.channels = first_channels(found.files, is_strict, read);
  found.splits["all"] = found.ids;
  return found;
}

StoreInfo store_info_of(const OwnSource& source, const Skeleton& skeleton,
                        const OwnDataOptions& options, const std::string& provenance) {
  StoreInfo info;
  info.skeleton = skeleton.name;
  info.skeleton_layout = skeleton.to_yaml();
  info.num_joints = skeleton.joint_count();
  info.channels = source.channels == 3 ? "xyz" : "xy";
  for (const auto unit : {Coordinates::pixels, Coordinates::metres, Coordinates::normalised})
    if (name_of(unit) == options.coordinates) info.coordinates = unit;
  info.precision = precision_named(options.precision);
  info.class_names = options.classes.empty() ? sorted_classes(source.labels) : options.classes;
  info.provenance = provenance;
  return info;
}

void add(OwnClip* found, const StoreInfo& info, ImportWriter& writer) {
  if (found->channels != info.num_channels())
    return writer.reject(found->clip.id, "another number of channels than the first clip",
                         Fault{found->where, fmt::format("{} channels", found->channels),
                               fmt::format("{}, as in the first clip", info.num_channels()),
                               "All clips of a store have x and y, or all have x, y and z."});
  if (!found->label.empty()) {
    const auto& classes = info.class_names;
    const auto at = std::find(classes.begin(), classes.end(), found->label);
    if (at == classes.end())
      return writer.reject(
          found->clip.id,
          DataError(Fault{
              found->where,
              fmt::format("label '{}'{}", found->label, near_name_hint(found->label, classes)),
              "one of: " + join(classes), "Correct the label, or 'classes'."}));
    found->clip.labels = {at - classes.begin()};
  }
  writer.add(found->clip);
}

}  // namespace

ImportReport import_own_clips(const fs::path& source, const fs::path& store,
                              const std::string& extension, const Skeleton& skeleton,
                              const OwnDataOptions& options, const Importer::Context& context,
                              const std::string& provenance, const OwnClipsReader& read) {
  const OwnSource found = survey(source, extension, options.threads, context.is_strict, read);
  const StoreInfo info = store_info_of(found, skeleton, options, provenance);
  ImportWriter writer(source, store, info, context);
  writer.set_splits(found.splits, static_cast<int64_t>(found.ids.size()) + found.num_faulty);
  const auto read_file = [&](int64_t i) {
    const ClipFile& file = found.files[static_cast<size_t>(i)];
    return outcome_of([&] { return read(file.path, file.id, true); });
  };
  const auto add_file = [&](int64_t i, std::future<std::vector<OwnClip>> outcome) {
    if (writer.is_full()) return;
    auto clips =
        writer.try_read(found.files[static_cast<size_t>(i)].id, [&] { return outcome.get(); });
    if (!clips) return;
    for (auto& clip : *clips)
      if (writer.wants(clip.clip.id)) add(&clip, info, writer);
  };
  ordered_parallel(static_cast<int64_t>(found.files.size()), static_cast<int>(options.threads),
                   read_file, add_file);
  return writer.finish();
}

}  // namespace kinegraph
