#include "datasets/formats/own_clips.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/formats/clip_files.h"
#include "framework/base/parallel.h"
#include "framework/base/text.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// What the first reading finds.
struct OwnSource {
  std::vector<ClipFile> files;
  std::vector<std::string> ids, labels;  // of all clips, in order
  SplitIds splits;
  int64_t channels = 0;
};

OwnSource survey(const fs::path& source, const std::string& extension, int64_t threads,
                 const OwnClipsReader& read) {
  OwnSource found;
  found.files = find_clip_files(source, {extension},
                                fmt::format("a file *{0}, or a folder of them", extension));
  const auto read_file = [&](int64_t i) {
    const ClipFile& file = found.files[static_cast<size_t>(i)];
    return read(file.path, file.id, i == 0);
  };
  const auto note = [&](int64_t, const std::vector<OwnClip>& clips) {
    for (const auto& clip : clips) {
      if (found.channels == 0) found.channels = clip.channels;
      found.ids.push_back(clip.clip.id);
      if (!clip.label.empty()) found.labels.push_back(clip.label);
      for (const auto& split : clip.splits)
        if (split != "all") found.splits[split].push_back(clip.clip.id);
    }
  };
  ordered_parallel(static_cast<int64_t>(found.files.size()), static_cast<int>(threads), read_file,
                   note);
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

/// Turns the label into a class and checks the channels.
void settle(OwnClip* found, const StoreInfo& info) {
  if (found->channels != info.num_channels())
    throw DataError(Fault{found->where, fmt::format("{} channels", found->channels),
                          fmt::format("{}, as in the first clip", info.num_channels()),
                          "All clips of a store have x and y, or all have x, y and z."});
  if (found->label.empty()) return;
  const auto& classes = info.class_names;
  const auto at = std::find(classes.begin(), classes.end(), found->label);
  if (at == classes.end())
    throw DataError(
        Fault{found->where,
              fmt::format("label '{}'{}", found->label, near_name_hint(found->label, classes)),
              "one of: " + join(classes), "Correct the label, or 'classes'."});
  found->clip.labels = {at - classes.begin()};
}

}  // namespace

ImportReport import_own_clips(const fs::path& source, const fs::path& store,
                              const std::string& extension, const Skeleton& skeleton,
                              const OwnDataOptions& options, const Importer::Context& context,
                              const std::string& provenance, const OwnClipsReader& read) {
  const OwnSource found = survey(source, extension, options.threads, read);
  const StoreInfo info = store_info_of(found, skeleton, options, provenance);
  ImportWriter writer(source, store, info, context);
  writer.set_splits(found.splits, static_cast<int64_t>(found.ids.size()));
  const auto read_file = [&](int64_t i) {
    const ClipFile& file = found.files[static_cast<size_t>(i)];
    return read(file.path, file.id, true);
  };
  const auto add = [&](int64_t, std::vector<OwnClip> clips) {
    for (auto& clip : clips) {
      if (!writer.wants(clip.clip.id)) continue;
      settle(&clip, info);
      writer.add(clip.clip);
    }
  };
  ordered_parallel(static_cast<int64_t>(found.files.size()), static_cast<int>(options.threads),
                   read_file, add);
  return writer.finish();
}

}  // namespace kinegraph
