#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "datasets/formats/clip_files.h"
#include "datasets/formats/dense_persons.h"
#include "datasets/formats/import_clips.h"
#include "datasets/formats/label_list.h"
#include "datasets/formats/openpose_frames.h"
#include "framework/skeleton/skeleton.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// Coordinates up to this are shares of the image, beyond it pixels: OpenPose's --keypoint_scale.
constexpr double kLargestNormalised = 2;

/// OpenPose's JSON files, one for each frame: a folder for each clip, in folders that name the
/// class or with a label list. Persons are not linked from frame to frame.
class OpenPose : public Importer {
 public:
  struct Options {
    std::string layout = "auto", labels = "folder", label_list, coordinates = "auto";
    std::string precision = "float32";
    std::optional<int64_t> image_width, image_height;
    int64_t persons = 2, threads = 0;

    template <class Fields>
    void describe(Fields& field) {
      field("layout", layout, "openpose18 takes BODY_25 too; auto: what the first clip has",
            OneOf{{"auto", "body25", "openpose18"}});
      field("labels", labels, "folder: clips lie in folders called like their class",
            OneOf{{"folder", "none"}});
      field("label_list", label_list,
            "file {\"<clip>\": {\"label\", \"label_index\"}}; it takes the place of 'labels'");
      field("coordinates", coordinates, "auto: normalised where the first clip stays below 2",
            OneOf{{"auto", "pixels", "normalised"}});
      field("image_width", image_width, "pixels, of all clips", Range{1, 100'000});
      field("image_height", image_height, "pixels, of all clips", Range{1, 100'000});
      field("persons", persons, "persons kept of each frame, by the sum of scores", Range{1, 100});
      field("precision", precision, "of keypoints and scores in the store",
            OneOf{{"float64", "float32", "float16"}});
      field("threads", threads, "threads that read clips; 0: one for each processor",
            Range{0, 1024});
    }
  };

  OpenPose(const Options& options, const Context& context) : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    const auto clips = find_openpose_clips(source);
    const Labels labels = labels_of(clips);
    const StoreInfo info = store_info(source, clips, labels.classes);
    ImportWriter writer(source, store, info, context_);
    std::vector<std::string> ids;
    for (const auto& clip : clips) ids.push_back(clip.id);
    writer.set_splits({{"all", ids}}, static_cast<int64_t>(ids.size()));
    import_clips(writer, ids, options_.threads, [&](size_t i) -> Clip {
      if (!options_.label_list.empty() && !labels.of_clip[i])
        refuse(clips[i], "not in the label list", "an entry for it",
               "Complete the list, or import without --strict.");
      return read(clips[i], labels.of_clip[i], info);
    });
    return writer.finish();
  }

 private:
  struct Labels {
    std::vector<std::string> classes;
    std::vector<std::optional<int64_t>> of_clip;
  };

  [[noreturn]] static void refuse(const OpenPoseClipFiles& files, const std::string& found,
                                  const std::string& expected, const std::string& remedy) {
    const fs::path folder = files.frames.front().path.parent_path();
    throw UnusableClip(found, Fault{folder.string(), found, expected, remedy});
  }

  Labels labels_of(const std::vector<OpenPoseClipFiles>& clips) const {
    if (!options_.label_list.empty()) return listed_labels(clips);
    Labels labels;
    std::vector<std::string> names;
    for (const auto& clip : clips)
      if (options_.labels == "folder" && !clip.folder.empty()) names.push_back(clip.folder);
    labels.classes = sorted_classes(names);
    for (const auto& clip : clips) {
      const auto at = std::find(labels.classes.begin(), labels.classes.end(), clip.folder);
      labels.of_clip.emplace_back();
      if (at != labels.classes.end()) labels.of_clip.back() = at - labels.classes.begin();
    }
    return labels;
  }

  Labels listed_labels(const std::vector<OpenPoseClipFiles>& clips) const {
    Labels labels;
    IndexedClasses classes;
    std::unordered_map<std::string, int64_t> index_of;
    for (const auto& entry : read_label_list(options_.label_list)) {
      classes.add(entry.label_index, entry.label, options_.label_list);
      index_of.emplace(entry.id, entry.label_index);
    }
    labels.classes = classes.names();
    for (const auto& clip : clips) {
      const auto found = index_of.find(fs::path(clip.id).filename().string());
      labels.of_clip.emplace_back();
      if (found != index_of.end()) labels.of_clip.back() = found->second;
    }
    return labels;
  }

  Clip read(const OpenPoseClipFiles& files, std::optional<int64_t> label,
            const StoreInfo& info) const {
    OpenPoseClip found = read_openpose_clip(files);
    Clip& clip = found.clip;
    if (found.joints == 0)
      refuse(files, "no person in any frame", "at least one",
             "Remove the folder, or import without --strict.");
    if (found.joints == 25 && info.num_joints == 18)
      body25_to_openpose18(&clip);
    else if (found.joints != info.num_joints)
      refuse(files, fmt::format("{} joints", found.joints),
             fmt::format("the {} of {}", info.num_joints, info.skeleton),
             "Import with --set layout=openpose18.");
    if (label) clip.labels = {*label};
    clip.image_width = options_.image_width;
    clip.image_height = options_.image_height;
    make_dense(&clip, info.num_joints, 2, {1000, options_.persons, true});
    return std::move(clip);
  }

  StoreInfo store_info(const fs::path& source, const std::vector<OpenPoseClipFiles>& clips,
                       std::vector<std::string> classes) const {
    const OpenPoseClip first = first_with_person(source, clips);
    const std::string own = first.joints == 25 ? "body25" : "openpose18";
    const Skeleton skeleton = Skeleton::load(options_.layout == "auto" ? own : options_.layout);
    const auto& values = first.clip.keypoints;
    const bool is_normalised =
        options_.coordinates == "auto"
            ? *std::max_element(values.begin(), values.end()) <= kLargestNormalised
            : options_.coordinates == "normalised";
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = skeleton.joint_count();
    info.channels = "xy";
    info.coordinates = is_normalised ? Coordinates::normalised : Coordinates::pixels;
    info.precision = precision_named(options_.precision);
    info.class_names = std::move(classes);
    info.provenance = R"({"importer": "openpose"})";
    return info;
  }

  OpenPoseClip first_with_person(const fs::path& source,
                                 const std::vector<OpenPoseClipFiles>& clips) const {
    auto found = first_usable(clips.size(), context_.is_strict, [&](size_t i) {
      OpenPoseClip clip = read_openpose_clip(clips[i]);
      return clip.joints == 0 ? std::nullopt : std::optional(std::move(clip));
    });
    if (found) return std::move(*found);
    throw DataError(Fault{source.string(), "nobody in any frame of any clip",
                          "folders with OpenPose's frames", "Is the source the right one?"});
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "openpose", OpenPose,
                   "OpenPose's JSON files, one for each frame, in a folder for each clip")

}  // namespace
}  // namespace kinegraph
