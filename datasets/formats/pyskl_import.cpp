#include "datasets/formats/pyskl_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "datasets/formats/extra_columns.h"
#include "datasets/formats/import_clips.h"
#include "datasets/formats/pyskl_clip.h"
#include "datasets/formats/pyskl_pickle.h"
#include "framework/io/pickle_numpy.h"
#include "framework/skeleton/skeleton.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// The keypoint file that is open now; clips are read file by file. PYSKL's have many clips each,
/// by name; MMAction2's are called like their clip.
class KeypointFiles {
 public:
  explicit KeypointFiles(fs::path folder) : folder_(std::move(folder)) {
    std::error_code ignored;
    is_there_ = fs::is_directory(folder_, ignored);
  }

  /// Where an annotation keeps its keypoints: "" in itself, else the name of a keypoint file.
  std::string file_of(const PysklAnnotation& annotation, const std::string& id) const {
    if (annotation.find("keypoint")) return "";
    const pickle::Ref raw_file = annotation.find("raw_file");
    const auto path = raw_file ? pickle::to_text(*raw_file) : std::nullopt;
    // The folder in it is one of the machine that wrote it.
    if (path) return fs::path(*path).filename().string();
    return is_there_ ? fs::path(id).filename().string() + ".pkl" : "";
  }

  /// The annotation, together with its share of the file. Throws UnusableClip, or the DataError of
  /// a damaged file.
  PysklAnnotation complete(const PysklAnnotation& annotation, const std::string& id,
                           const std::string& file, const std::string& where) {
    if (file.empty()) return annotation;
    open(file, where);
    const auto* clips = file_->root().get<pickle::Dict>();
    if (clips && pickle::find(*clips, "keypoint"))
      return PysklAnnotation(&annotation.fields(), clips);
    const pickle::Ref key = annotation.find("key");
    const auto name = key ? pickle::to_text(*key) : std::nullopt;
    const pickle::Ref share = clips ? pickle::find(*clips, name.value_or(id)) : nullptr;
    const auto* fields = share ? share->get<pickle::Dict>() : nullptr;
    if (!fields)
      throw UnusableClip(
          "no entry in its keypoint file",
          Fault{where,
                fmt::format("no dict '{}' in {}", name.value_or(id), (folder_ / file).string()),
                "the keypoints of the clip", "Download the keypoint files again."});
    return PysklAnnotation(&annotation.fields(), fields);
  }

 private:
  void open(const std::string& file, const std::string& where) {
    if (file == name_ && error_) throw DataError(*error_);
    if (file == name_ && file_) return;
    file_.reset();
    error_.reset();
    std::error_code ignored;
    if (!fs::is_regular_file(folder_ / file, ignored))
      throw UnusableClip("its keypoint file is missing",
                         Fault{where, fmt::format("no file {}", (folder_ / file).string()),
                               "the keypoint file that 'raw_file' names",
                               "Name its folder in the option 'kpfiles'."});
    name_ = file;
    try {
      file_ = std::make_unique<PickleFile>(folder_ / file);
    } catch (const DataError& error) {
      error_ = error;
      throw;
    }
  }

  fs::path folder_;
  bool is_there_ = false;
  std::string name_;
  std::unique_ptr<PickleFile> file_;
  std::optional<DataError> error_;  // of opening it, for the other clips in it
};

class PysklImport {
 public:
  PysklImport(const fs::path& source, const PysklOptions& options, const Importer::Context& context)
      : source_(source),
        options_(options),
        context_(context),
        pickle_(source),
        keypoint_files_(options.kpfiles.empty() ? source.parent_path() / "kpfiles"
                                                : fs::path(options.kpfiles)) {
    order_clips();
  }

  ImportReport run(const fs::path& store) {
    describe_clips();
    ImportWriter writer(source_, store, store_info(), context_);
    set_splits(writer);
    for (const int64_t clip : order_)
      if (writer.wants(pickle_.id(clip))) add(clip, writer);
    for (auto& [name, values] : columns_.columns()) writer.set_extra_field(name, values);
    if (options_.labels_start_at == 0 && min_label_ > 0 && traits_.max_label >= min_label_)
      writer.add_note(
          fmt::format("no clip has label 0: the labels are {} to {}; labels_start_at=1 counts the "
                      "classes from 1",
                      min_label_, traits_.max_label));
    return writer.finish();
  }

 private:
  /// File by file, in the order in which the annotations name them.
  void order_clips() {
    std::unordered_map<std::string, int64_t> rank_of;
    std::vector<int64_t> ranks;
    for (int64_t clip = 0; clip < pickle_.num_clips(); ++clip) {
      files_.push_back(keypoint_files_.file_of(pickle_.annotation(clip), pickle_.id(clip)));
      const auto next = static_cast<int64_t>(rank_of.size());
      ranks.push_back(rank_of.emplace(files_.back(), next).first->second);
      order_.push_back(clip);
    }
    std::stable_sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) {
      return ranks[static_cast<size_t>(a)] < ranks[static_cast<size_t>(b)];
    });
  }

  PysklAnnotation annotation(int64_t clip) {
    return keypoint_files_.complete(pickle_.annotation(clip), pickle_.id(clip),
                                    files_[static_cast<size_t>(clip)], pickle_.where(clip));
  }

  /// Looks at all clips once for what the store must know before the first: labels and types.
  void describe_clips() {
    form_ = first_form();
    form_.labels_start_at = options_.labels_start_at;
    traits_.num_joints = form_.num_joints;
    traits_.num_channels = form_.num_channels;
    for (const int64_t clip : order_) {
      if (const auto type = keypoint_type(pickle_.annotation(clip)))
        traits_.type = wider_type(traits_.type, *type);
      for (const int64_t label : labels_or_none(clip)) {
        traits_.max_label = std::max(traits_.max_label, label);
        min_label_ = std::min(min_label_, label);
      }
    }
  }

  std::vector<int64_t> labels_or_none(int64_t clip) const {
    try {
      return read_labels(pickle_.annotation(clip), options_.labels_start_at, pickle_.where(clip));
    } catch (const UnusableClip&) {
      return {};  // told when the clip itself is read
    }
  }

  /// Of the first clip that has one; its fault when none has.
  PysklForm first_form() {
    const auto form_of = [&](size_t i) {
      const PysklAnnotation first = annotation(order_[i]);
      const PysklForm form = PysklForm::of(first, pickle_.where(order_[i]));
      traits_.type = keypoint_type(first).value();
      return std::optional(form);
    };
    return first_usable(order_.size(), context_.is_strict, form_of).value();
  }

  StoreInfo store_info() const {
    StoreInfo info = make_store_info(completed_options(), traits_, source_.string());
    info.person_layout = form_.layout;
    const nlohmann::json provenance{{"importer", "pyskl"},
                                    {"source", source_.filename().string()},
                                    {"labels_start_at", options_.labels_start_at}};
    info.provenance = provenance.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return info;
  }

  /// What the options leave open, as the export of a store says.
  StoreOptions completed_options() const {
    StoreOptions options = options_;
    if (options.class_names.empty() && options.class_file.empty())
      options.class_names = pickle_.class_names();
    const auto shipped = Skeleton::shipped_names();
    const std::string skeleton = pickle_.text("skeleton"), space = pickle_.text("coordinates");
    if (options.skeleton.empty() &&
        std::find(shipped.begin(), shipped.end(), skeleton) != shipped.end())
      options.skeleton = skeleton;
    if (options.coordinates == "auto" && !space.empty()) options.coordinates = space;
    return options;
  }

  void set_splits(ImportWriter& writer) const {
    SplitIds splits = pickle_.splits();
    // A store without splits could not be trained on.
    if (!pickle_.has_splits())
      for (int64_t clip = 0; clip < pickle_.num_clips(); ++clip)
        splits["all"].push_back(pickle_.id(clip));
    writer.set_splits(std::move(splits), pickle_.num_clips());
    for (const auto& [split, absent] : pickle_.absent())
      writer.add_note(fmt::format("{} clips of split '{}' have no annotation (such as {})",
                                  absent.first, split, absent.second));
  }

  void add(int64_t clip, ImportWriter& writer) {
    const std::string& id = pickle_.id(clip);
    const std::string where = pickle_.where(clip);
    const auto found = writer.try_read(id, [&] {
      if (writer.has(id))
        throw UnusableClip("a name that an earlier clip has",
                           Fault{where, "a name that an earlier clip has", "names that differ",
                                 "Is a clip listed twice?"});
      return read(clip, where);
    });
    if (found && writer.add(found->first)) columns_.add(found->second, where);
  }

  std::pair<Clip, FieldsOfClip> read(int64_t clip, const std::string& where) {
    const PysklAnnotation whole = annotation(clip);
    check_form(whole, where);
    FieldsOfClip fields = read_other_fields(whole, options_.leave_out, where);
    return {read_clip(whole, pickle_.id(clip), form_, where), std::move(fields)};
  }

  void check_form(const PysklAnnotation& annotation, const std::string& where) const {
    const bool is_by_frame = lists_persons_by_frame(annotation);
    if (is_by_frame == (form_.layout == PersonLayout::frame_persons)) return;
    throw UnusableClip(
        "another layout of persons",
        Fault{where, is_by_frame ? "'frame_inds'" : "no 'frame_inds'",
              is_by_frame ? "none, as in earlier clips" : "them, as in earlier clips",
              "Import the two kinds of clips into two stores."});
  }

  fs::path source_;
  const PysklOptions& options_;
  const Importer::Context& context_;
  PysklPickle pickle_;
  KeypointFiles keypoint_files_;
  std::vector<std::string> files_;
  std::vector<int64_t> order_;
  PysklForm form_;
  ArrayTraits traits_;
  int64_t min_label_ = std::numeric_limits<int64_t>::max();
  ExtraColumns columns_;
};

}  // namespace

ImportReport import_pyskl(const fs::path& source, const fs::path& store,
                          const PysklOptions& options, const Importer::Context& context) {
  return PysklImport(source, options, context).run(store);
}

}  // namespace kinegraph
