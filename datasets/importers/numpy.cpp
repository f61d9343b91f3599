#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "datasets/formats/prepared_arrays.h"
#include "datasets/formats/store_options.h"
#include "framework/data/import_writer.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// Frames up to the last that is not zero throughout, at least one. `values` are (M,T,V*C).
int64_t frames_in_use(const std::vector<double>& values, int64_t persons, int64_t frames) {
  if (values.empty()) return frames;
  const auto frame_values = static_cast<int64_t>(values.size()) / (persons * frames);
  int64_t last = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i)
    if (values[static_cast<size_t>(i)] != 0) last = std::max(last, i / frame_values % frames);
  return last + 1;
}

/// Arrays that other code has prepared for training. What was done to them (padding, centring,
/// rotation) stays in them.
class Numpy : public Importer {
 public:
  struct Options : StoreOptions {
    std::string third_channel = "auto";
    bool trim = false;
    int64_t npz_joints = 25;

    template <class Fields>
    void describe(Fields& field) {
      StoreOptions::describe(field);
      field("third_channel", third_channel,
            "what it is; auto: the score for 17 and 18 joints, as in Kinetics-skeleton",
            OneOf{{"auto", "coordinate", "score"}});
      field("trim", trim, "whether frames of zeros at the end of a clip are left out");
      field("npz_joints", npz_joints, "joints of a person in an .npz file", Range{1, 4096});
    }
  };

  Numpy(const Options& options, const Context& context) : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    const auto splits = open_prepared_splits(source, options_.npz_joints);
    const StoreInfo info = store_info(splits, source);
    ImportWriter writer(source, store, info, context_);
    SplitIds ids;
    int64_t num_clips = 0;
    for (const auto& split : splits) {
      ids[split->name] = split->ids;
      num_clips += split->num_clips();
    }
    writer.set_splits(std::move(ids), num_clips);
    for (const auto& split : splits)
      for (int64_t i = 0; i < split->num_clips() && !writer.is_full(); ++i)
        if (writer.wants(split->ids[static_cast<size_t>(i)])) add(*split, i, info, writer);
    return writer.finish();
  }

 private:
  bool has_score_channel(const PreparedSplit& split) const {
    if (options_.third_channel != "auto") return options_.third_channel == "score";
    return split.num_channels == 3 && (split.num_joints == 17 || split.num_joints == 18);
  }

  StoreInfo store_info(const std::vector<std::unique_ptr<PreparedSplit>>& splits,
                       const fs::path& source) const {
    const PreparedSplit& first = *splits.front();
    ArrayTraits traits{first.num_joints, first.num_channels - (has_score_channel(first) ? 1 : 0),
                       first.type, -1};
    for (const auto& split : splits) {
      if (split->num_joints != first.num_joints || split->num_channels != first.num_channels)
        throw DataError(
            Fault{split->source,
                  fmt::format("{} joints of {} values", split->num_joints, split->num_channels),
                  fmt::format("{} of {}, as in split '{}'", first.num_joints, first.num_channels,
                              first.name),
                  "Import the splits of one data set together."});
      traits.type = wider_type(traits.type, split->type);
      traits.max_label = std::max(traits.max_label, split->num_classes - 1);
      for (const int64_t label : split->labels)
        traits.max_label = std::max(traits.max_label, label - options_.labels_start_at);
    }
    StoreInfo info = make_store_info(options_, traits, source.string());
    const nlohmann::json provenance{{"importer", "numpy"}, {"source", source.filename().string()}};
    info.provenance = provenance.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return info;
  }

  void add(PreparedSplit& split, int64_t index, const StoreInfo& info, ImportWriter& writer) const {
    Clip clip;
    clip.id = split.ids[static_cast<size_t>(index)];
    const std::string where = fmt::format("{}: clip {} ({})", split.source, index, clip.id);
    const int64_t label = split.labels[static_cast<size_t>(index)] - options_.labels_start_at;
    if (label < 0)
      return writer.reject(clip.id, fmt::format("a label below {}", options_.labels_start_at),
                           Fault{where, fmt::format("label {}", label + options_.labels_start_at),
                                 fmt::format("{} or more", options_.labels_start_at),
                                 "Correct the option labels_start_at."});
    if (writer.has(clip.id))
      return writer.reject(clip.id, "a name that an earlier clip has",
                           Fault{where, "a name that an earlier clip has", "names that differ",
                                 "Is a clip listed twice?"});
    clip.labels = {label};
    NdArray array = split.clip(index);
    clip.num_persons = array.shape[0];
    if (options_.trim)
      array.shape[1] = frames_in_use(array.to_doubles(), array.shape[0], array.shape[1]);
    clip.num_frames = array.shape[1];
    const auto values = array.to_doubles();
    const auto channels = static_cast<size_t>(array.shape[3]);
    const auto coordinates = static_cast<size_t>(info.num_channels());
    for (size_t i = 0; i < values.size(); ++i)
      (i % channels < coordinates ? clip.keypoints : clip.scores).push_back(values[i]);
    writer.add(clip);
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "numpy", Numpy,
                   "arrays prepared for ST-GCN, 2s-AGCN, MS-G3D (.npy) or CTR-GCN (.npz)")

}  // namespace
}  // namespace kinegraph
