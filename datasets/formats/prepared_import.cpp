#include "datasets/formats/prepared_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

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

/// Whether coordinates are shares of the image, centred or not, rather than pixels.
bool looks_normalised(PreparedSplit& split, int64_t coordinates) {
  constexpr double kLargestShare = 2;
  if (split.num_clips() == 0) return false;
  const auto values = split.clip(0).to_doubles();
  for (size_t i = 0; i < values.size(); ++i)
    if (static_cast<int64_t>(i) % split.num_channels < coordinates &&
        std::abs(values[i]) > kLargestShare)
      return false;
  return true;
}

class PreparedImport {
 public:
  PreparedImport(std::vector<std::unique_ptr<PreparedSplit>> splits, const PreparedSource& source,
                 const PreparedOptions& options)
      : splits_(std::move(splits)), source_(source), options_(options), info_(store_info()) {}

  ImportReport run(const fs::path& store, const Importer::Context& context) {
    ImportWriter writer(source_.path, store, info_, context);
    SplitIds ids;
    int64_t num_clips = 0;
    for (const auto& split : splits_) {
      ids[split->name] = split->ids;
      num_clips += split->num_clips();
    }
    writer.set_splits(std::move(ids), num_clips);
    for (const auto& split : splits_)
      for (int64_t i = 0; i < split->num_clips() && !writer.is_full(); ++i)
        if (writer.wants(split->ids[static_cast<size_t>(i)])) add(*split, i, writer);
    return writer.finish();
  }

 private:
  StoreInfo store_info() const {
    PreparedSplit& first = *splits_.front();
    ArrayTraits traits{first.num_joints, first.num_channels - (source_.has_score_channel ? 1 : 0),
                       first.type, -1};
    for (const auto& split : splits_) {
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
    StoreInfo info = make_store_info(options_, traits, source_.path.string());
    if (options_.coordinates == "auto" && traits.num_channels == 2 &&
        looks_normalised(first, traits.num_channels))
      info.coordinates = Coordinates::normalised;
    const nlohmann::json provenance{{"importer", source_.importer},
                                    {"source", source_.path.filename().string()}};
    info.provenance = provenance.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return info;
  }

  void add(PreparedSplit& split, int64_t index, ImportWriter& writer) const {
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
    fill(split.clip(index), clip);
    writer.add(clip);
  }

  /// (M,T,V,C), with the score as the last channel or not.
  void fill(NdArray array, Clip& clip) const {
    clip.num_persons = array.shape[0];
    auto values = array.to_doubles();
    if (options_.trim) {
      array.shape[1] = frames_in_use(values, array.shape[0], array.shape[1]);
      values = array.to_doubles();
    }
    clip.num_frames = array.shape[1];
    const auto channels = static_cast<size_t>(array.shape[3]);
    const auto coordinates = static_cast<size_t>(info_.num_channels());
    if (coordinates == channels) {
      clip.keypoints = std::move(values);
      return;
    }
    for (size_t i = 0; i < values.size(); ++i)
      (i % channels < coordinates ? clip.keypoints : clip.scores).push_back(values[i]);
  }

  std::vector<std::unique_ptr<PreparedSplit>> splits_;
  const PreparedSource& source_;
  const PreparedOptions& options_;
  StoreInfo info_;
};

}  // namespace

ImportReport import_prepared(std::vector<std::unique_ptr<PreparedSplit>> splits,
                             const PreparedSource& source, const PreparedOptions& options,
                             const fs::path& store, const Importer::Context& context) {
  return PreparedImport(std::move(splits), source, options).run(store, context);
}

}  // namespace kinegraph
