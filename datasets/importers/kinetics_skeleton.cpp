#include <fmt/format.h>

#include "datasets/formats/clip_files.h"
#include "datasets/formats/dense_persons.h"
#include "datasets/formats/labelled_clips.h"
#include "datasets/formats/skeleton_json.h"
#include "framework/skeleton/skeleton.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr int64_t kKineticsJoints = 18;

/// Clips without a list: a folder of them, or one. Their own labels name the classes; a faulty file
/// gives none.
LabelledClips find_plain_clips(const fs::path& source, SkeletonJsonForm form, bool is_strict) {
  form.with_frames = false;
  LabelledClips found;
  for (const auto& file :
       find_clip_files(source, {".json"},
                       "kinetics_train/ and kinetics_train_label.json (and the same for val), a "
                       "folder of clip files, or one of them")) {
    const auto clip = peek(is_strict, [&] { return read_skeleton_json(file.path, form); });
    const auto label = clip ? clip->label_index : std::nullopt;
    if (label) found.classes.add(*label, clip->label, file.path.string());
    found.clips.push_back({file.id, file.path, label, true});
    found.splits["all"].push_back(file.id);
  }
  return found;
}

/// Kinetics-skeleton (Yan et al. 2018): OpenPose's 18 key points of every clip, as MS-G3D, 2s-AGCN,
/// DualHead-Net and ST-GCN prepare them. Rows are frame_index, so the first one is usually empty.
class KineticsSkeleton : public Importer {
 public:
  struct Options {
    int64_t num_person_in = 5, num_person_out = 2, max_frames = 300, threads = 0;
    std::string y_axis = "up", channels = "xys", precision = "float32";
    bool center = true, zero_unscored = true;

    template <class Fields>
    void describe(Fields& field) {
      field("num_person_in", num_person_in, "persons considered: the first of each frame",
            Range{1, 100});
      field("num_person_out", num_person_out,
            "persons kept: those with the largest sum of scores, frame by frame", Range{1, 100});
      field("max_frames", max_frames, "frames from this on are left out", Range{1, 250'000});
      field("y_axis", y_axis,
            "up negates y after centring (2s-AGCN, MS-G3D, DualHead-Net); down does not (ST-GCN)",
            OneOf{{"up", "down"}});
      field("center", center, "move the middle of the image, (0.5, 0.5), to the origin");
      field("zero_unscored", zero_unscored,
            "every joint with score 0 is set to (0, 0), not only one that was there");
      field("channels", channels,
            "xys: the score is the third channel, as published; xy: scores are kept apart",
            OneOf{{"xys", "xy"}});
      field("precision", precision, "of keypoints and scores in the store",
            OneOf{{"float64", "float32", "float16"}});
      field("threads", threads, "threads that read clips; 0: one for each processor",
            Range{0, 1024});
    }
  };

  KineticsSkeleton(const Options& options, const Context& context)
      : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    LabelledClips found = find_labelled_clips(source);
    const bool are_listed = !found.clips.empty();
    if (!are_listed) found = find_plain_clips(source, form(), context_.is_strict);
    ImportWriter writer(source, store, store_info(found), context_);
    writer.set_splits(found.splits, static_cast<int64_t>(found.clips.size()));
    import_labelled_clips(writer, found.clips, are_listed, options_.threads,
                          [&](const LabelledClip& clip) { return read(clip); });
    if (options_.zero_unscored && writer.num_empty() > 0)
      writer.add_note(fmt::format(
          "all scores are 0 in {} clip{} (such as {}), so their joints became zero; "
          "zero_unscored=false leaves them where they are",
          writer.num_empty(), writer.num_empty() == 1 ? "" : "s", writer.first_empty()));
    return writer.finish();
  }

 private:
  SkeletonJsonForm form() const {
    SkeletonJsonForm form;
    form.joints = kKineticsJoints;
    form.max_frames = options_.max_frames;
    return form;
  }

  StoreInfo store_info(const LabelledClips& source) const {
    const Skeleton skeleton = Skeleton::load("openpose18");
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = kKineticsJoints;
    info.channels = options_.channels;
    info.coordinates = Coordinates::normalised;
    info.precision = precision_named(options_.precision);
    info.class_names = source.classes.names();
    info.provenance = fmt::format(
        R"({{"importer": "kinetics_skeleton", "y_axis": "{}", "center": {}, "zero_unscored": {}}})",
        options_.y_axis, options_.center, options_.zero_unscored);
    return info;
  }

  Clip read(const LabelledClip& source) const {
    SkeletonJson json = read_skeleton_json(source.file, form());
    if (source.label && json.label_index && json.label_index != source.label)
      throw DataError(Fault{source.file.string(), fmt::format("label_index {}", *json.label_index),
                            fmt::format("{}, as in the label list", *source.label),
                            "Take clips and list of the same edition."});
    if (json.clip.num_frames == 0)
      throw UnusableClip("no frames",
                         Fault{source.file.string(), "no frames", "at least one",
                               "Download the file again, or import without --strict."});
    Clip clip = std::move(json.clip);
    clip.id = source.id;
    if (source.label) clip.labels = {*source.label};
    normalise(&clip);
    if (options_.center || options_.y_axis == "up") clip.image_width = clip.image_height = {};
    make_dense(&clip, kKineticsJoints, 2, {options_.num_person_in, options_.num_person_out, true});
    if (options_.channels == "xys") scores_to_channel(&clip);
    return clip;
  }

  void normalise(Clip* clip) const {
    const double middle = options_.center ? 0.5 : 0.0, sign = options_.y_axis == "up" ? -1.0 : 1.0;
    for (size_t i = 0; i < clip->scores.size(); ++i) {
      double& x = clip->keypoints[2 * i];
      double& y = clip->keypoints[2 * i + 1];
      const bool is_missing =
          clip->scores[i] == 0 && (options_.zero_unscored || (x == 0 && y == 0));
      x = is_missing ? 0 : x - middle;
      y = is_missing ? 0 : sign * (y - middle);
    }
  }

  static void scores_to_channel(Clip* clip) {
    std::vector<double> joined;
    joined.reserve(clip->scores.size() * 3);
    for (size_t i = 0; i < clip->scores.size(); ++i)
      joined.insert(joined.end(),
                    {clip->keypoints[2 * i], clip->keypoints[2 * i + 1], clip->scores[i]});
    clip->keypoints = std::move(joined);
    clip->scores.clear();
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "kinetics_skeleton", KineticsSkeleton,
                   "Kinetics-skeleton: kinetics_{train,val}/ with *_label.json, or clip files")

}  // namespace
}  // namespace kinegraph
