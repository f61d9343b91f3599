#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "datasets/formats/clip_files.h"
#include "datasets/formats/dense_persons.h"
#include "datasets/formats/labelled_clips.h"
#include "datasets/formats/mediapipe_csv.h"
#include "datasets/formats/skeleton_json.h"
#include "framework/skeleton/skeleton.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr int64_t kBlazePoseJoints = 33;
constexpr char kBlazePoseSources[] =
    "clips as .json or .csv, or folders of them (unpack archives first)";

/// A clip in layout frame_persons and what its file says about it.
struct BlazePoseClip {
  Clip clip;
  int64_t channels = 0;  // 0: nobody is in it
  std::string label;
};

/// "walk" of "walk_12", or "".
std::string class_of_stem(const std::string& stem) {
  const size_t end = stem.find_last_not_of("0123456789");
  if (end == std::string::npos || end + 1 == stem.size() || stem[end] != '_') return "";
  return stem.substr(0, end);
}

/// P3.csv, "P3 (2).csv", cam_1/P3.csv: person and camera, as in the PosePilot yoga data.
void set_person_and_camera(const ClipFile& file, Clip* clip) {
  int person = 0, copy = 0, used = 0;
  const char* stem = file.stem.c_str();
  const bool is_copy = std::sscanf(stem, "P%6d (%6d)%n", &person, &copy, &used) == 2 &&
                       stem[used] == '\0' && copy >= 2;
  if (!is_copy && (std::sscanf(stem, "P%6d%n", &person, &used) != 1 || stem[used] != '\0')) return;
  clip->subject = person;
  clip->camera = is_copy ? copy - 1 : 0;
  int camera = 0;
  const std::string folder = fs::path(file.id).parent_path().filename().string();
  if (std::sscanf(folder.c_str(), "cam_%6d%n", &camera, &used) == 1 && folder[used] == '\0')
    clip->camera = camera;
}

/// BlazePose's 33 landmarks: MediaPipe CSV files, clips in the form of Kinetics-skeleton (with or
/// without label lists), {"frame_0": [[x, y], ...], ...}. Frames keep their distance in time.
class BlazePose : public Importer {
 public:
  struct Options {
    std::string channels = "auto", third = "z", labels = "auto", empty_frames = "keep";
    std::string precision = "float32";
    std::vector<int64_t> val_subjects;
    std::optional<int64_t> image_width, image_height;
    int64_t persons = 1, threads = 0;

    template <class Fields>
    void describe(Fields& field) {
      field("channels", channels, "kept of each landmark; auto: what the first clip has",
            OneOf{{"auto", "xyz", "xy"}});
      field("third", third, "what the third value of a landmark is in JSON files",
            OneOf{{"z", "visibility"}});
      field("labels", labels,
            "where classes come from without a label list; own: class column or \"label\"; auto: "
            "own, else folder, else <class>_<number>.json",
            OneOf{{"auto", "own", "folder", "file_name", "none"}});
      field("val_subjects", val_subjects,
            "persons of split val, where files are called by person (P3.csv); []: the last quarter",
            Range{0, 1'000'000});
      field("empty_frames", empty_frames, "frames without a person: kept as zeros, or dropped",
            OneOf{{"keep", "drop"}});
      field("image_width", image_width, "pixels, of clips that do not say", Range{1, 100'000});
      field("image_height", image_height, "pixels, of clips that do not say", Range{1, 100'000});
      field("persons", persons, "persons kept of each frame, by visibility", Range{1, 100});
      field("precision", precision, "of keypoints and scores in the store",
            OneOf{{"float64", "float32", "float16"}});
      field("threads", threads, "threads that read clips; 0: one for each processor",
            Range{0, 1024});
    }
  };

  BlazePose(const Options& options, const Context& context)
      : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    const LabelledClips listed = find_labelled_clips(source);
    return listed.clips.empty() ? import_files(source, store)
                                : import_listed(source, store, listed);
  }

 private:
  ImportReport import_listed(const fs::path& source, const fs::path& store,
                             const LabelledClips& found) const {
    std::vector<ClipFile> files;
    for (const auto& clip : found.clips)
      if (clip.has_file) files.push_back({clip.file, clip.id, "", clip.id});
    const int64_t channels = channels_of(source, files);
    ImportWriter writer(source, store, store_info(channels, found.classes.names()), context_);
    writer.set_splits(found.splits, static_cast<int64_t>(found.clips.size()));
    import_labelled_clips(
        writer, found.clips, true, options_.threads, [&](const LabelledClip& clip) {
          return prepare(read(clip.file), clip.file, clip.id, clip.label, channels);
        });
    return writer.finish();
  }

  ImportReport import_files(const fs::path& source, const fs::path& store) const {
    const auto files = find_clip_files(source, {".json", ".csv"}, kBlazePoseSources);
    const int64_t channels = channels_of(source, files);
    const auto labels = labels_of(files);
    std::vector<std::string> named, ids;
    std::copy_if(labels.begin(), labels.end(), std::back_inserter(named),
                 [](const std::string& label) { return !label.empty(); });
    const auto classes = sorted_classes(named);
    for (const auto& file : files) ids.push_back(file.id);
    ImportWriter writer(source, store, store_info(channels, classes), context_);
    writer.set_splits(splits_of(files), static_cast<int64_t>(files.size()));
    import_clips(writer, ids, options_.threads, [&](size_t i) {
      const auto at = std::find(classes.begin(), classes.end(), labels[i]);
      std::optional<int64_t> label;
      if (at != classes.end()) label = at - classes.begin();
      BlazePoseClip clip = read(files[i].path);
      set_person_and_camera(files[i], &clip.clip);
      return prepare(std::move(clip), files[i].path, files[i].id, label, channels);
    });
    return writer.finish();
  }

  BlazePoseClip read(const fs::path& path, bool with_frames = true) const {
    if (path.extension() == ".csv") {
      MediaPipeCsv csv = read_mediapipe_csv(path);
      return {std::move(csv.clip), csv.channels, csv.label};
    }
    SkeletonJsonForm form;
    form.joints = kBlazePoseJoints;
    form.max_channels = 3;
    form.needs_scores = false;
    form.starts_at_first = true;
    form.with_frames = with_frames;
    SkeletonJson json = read_skeleton_json(path, form);
    if (options_.third == "visibility" && json.channels == 3) {
      split_visibility(&json.clip);
      json.channels = 2;
    }
    return {std::move(json.clip), json.channels, json.label};
  }

  static void split_visibility(Clip* clip) {
    std::vector<double> places;
    clip->scores.clear();
    for (size_t i = 0; i < clip->keypoints.size(); ++i)
      (i % 3 == 2 ? clip->scores : places).push_back(clip->keypoints[i]);
    clip->keypoints = std::move(places);
  }

  Clip prepare(BlazePoseClip found, const fs::path& path, const std::string& id,
               std::optional<int64_t> label, int64_t channels) const {
    Clip& clip = found.clip;
    clip.id = id;
    if (label) clip.labels = {*label};
    if (!clip.image_width) clip.image_width = options_.image_width;
    if (!clip.image_height) clip.image_height = options_.image_height;
    const auto unusable = [&](const std::string& reason, const std::string& expected,
                              const std::string& remedy) {
      return UnusableClip(reason, Fault{path.string(), reason, expected, remedy});
    };
    if (found.channels == 0)
      throw unusable("no person in any frame", "at least one",
                     "Remove the file, or import without --strict.");
    if (found.channels < channels)
      throw unusable("landmarks without z", "x, y and z, as in the first clip",
                     "Import with --set channels=xy, or without --strict.");
    if (options_.empty_frames == "drop") drop_empty_frames(&clip);
    make_dense(&clip, kBlazePoseJoints, found.channels, {1000, options_.persons, true});
    if (found.channels > channels) drop_z(&clip);
    return std::move(clip);
  }

  static void drop_empty_frames(Clip* clip) {
    auto& counts = clip->frame_persons;
    counts.erase(std::remove(counts.begin(), counts.end(), 0), counts.end());
    clip->num_frames = static_cast<int64_t>(counts.size());
  }

  static void drop_z(Clip* clip) {
    size_t kept = 0;
    for (size_t i = 0; i < clip->keypoints.size(); ++i)
      if (i % 3 != 2) clip->keypoints[kept++] = clip->keypoints[i];
    clip->keypoints.resize(kept);
  }

  /// Channels of the store.
  int64_t channels_of(const fs::path& source, const std::vector<ClipFile>& files) const {
    if (options_.channels != "auto") return static_cast<int64_t>(options_.channels.size());
    const auto found = first_usable(files.size(), context_.is_strict, [&](size_t i) {
      const int64_t channels = read(files[i].path).channels;
      return channels == 0 ? std::nullopt : std::optional(channels);
    });
    if (found) return *found;
    throw DataError(Fault{source.string(), "nobody in any frame of any clip", kBlazePoseSources,
                          "Is the source the right one?"});
  }

  /// For each file, or ""; that of a faulty file makes no class.
  std::vector<std::string> labels_of(const std::vector<ClipFile>& files) const {
    const std::string& rule = options_.labels;
    const bool reads_files = rule == "auto" || rule == "own";
    std::vector<std::string> labels;
    const auto own_label = [&](int64_t i) {
      return peek(context_.is_strict, [&] {
        return reads_files ? read(files[static_cast<size_t>(i)].path, false).label : std::string();
      });
    };
    const auto add = [&](int64_t i, const std::optional<std::string>& own) {
      const ClipFile& file = files[static_cast<size_t>(i)];
      if (!own || !own->empty() || rule == "own")
        labels.push_back(own.value_or(""));
      else if (rule == "folder" || (rule == "auto" && !file.folder.empty()))
        labels.push_back(file.folder);
      else
        labels.push_back(rule == "none" ? "" : class_of_stem(file.stem));
    };
    ordered_parallel(static_cast<int64_t>(files.size()), static_cast<int>(options_.threads),
                     own_label, add);
    return labels;
  }

  /// `all`, and by person `train` and `val` where every file names its person.
  SplitIds splits_of(const std::vector<ClipFile>& files) const {
    SplitIds splits;
    std::set<int64_t> persons;
    for (const auto& file : files) {
      splits["all"].push_back(file.id);
      if (const auto person = person_of(file)) persons.insert(*person);
    }
    std::set<int64_t> val(options_.val_subjects.begin(), options_.val_subjects.end());
    if (val.empty())
      val.insert(std::next(persons.begin(), static_cast<int64_t>((persons.size() * 3 + 3) / 4)),
                 persons.end());
    for (const auto& file : files) {
      const auto person = person_of(file);
      if (!person) return {{"all", splits["all"]}};
      splits[val.count(*person) ? "val" : "train"].push_back(file.id);
    }
    return splits;
  }

  static std::optional<int64_t> person_of(const ClipFile& file) {
    Clip clip;
    set_person_and_camera(file, &clip);
    return clip.subject;
  }

  StoreInfo store_info(int64_t channels, std::vector<std::string> classes) const {
    const Skeleton skeleton = Skeleton::load("blazepose33");
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = kBlazePoseJoints;
    info.channels = channels == 2 ? "xy" : "xyz";
    info.coordinates = Coordinates::normalised;
    info.precision = precision_named(options_.precision);
    info.class_names = std::move(classes);
    info.provenance = R"({"importer": "blazepose"})";
    return info;
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "blazepose", BlazePose,
                   "BlazePose's 33 landmarks: MediaPipe CSV, or JSON as Kinetics-skeleton's")

}  // namespace
}  // namespace kinegraph
