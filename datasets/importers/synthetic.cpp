#include <fmt/format.h>

#include "datasets/synthetic/depth_camera.h"
#include "framework/data/import_writer.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {
namespace {

using synthetic::DepthCamera;

/// Streams of random numbers that do not touch each other.
enum RandomStream : uint64_t { kSubjectStream, kPerformanceStream, kSensorStream };

/// Subjects, actions and repetitions count from 0; ids and fields of the store from 1.
struct Recording {
  int64_t subject = 0, action = 0, repetition = 0;

  int64_t setup() const { return (subject + repetition) % DepthCamera::kSetups; }
  std::string id(int64_t view) const {
    return fmt::format("S{:03}C{:03}P{:03}R{:03}A{:03}", setup() + 1, view + 1, subject + 1,
                       repetition + 1, action + 1);
  }
  /// For random numbers: no two recordings share it, whatever the options are.
  uint64_t key() const {
    return static_cast<uint64_t>((subject * 1000 + action) * 1000 + repetition);
  }
};

/// Human motion by forward kinematics, seen by three depth cameras: 14 actions in pairs that differ
/// in order, side or pace rather than in poses. Joints, bones and splits are as in NTU RGB+D:
/// xsub keeps every third subject for validation, xview camera 1.
class Synthetic : public Importer {
 public:
  struct Options {
    int64_t seed = 1, subjects = 15, repetitions = 3;
    double noise = 1, lost_joints = 1;

    template <class Fields>
    void describe(Fields& field) {
      field("seed", seed, "the same seed gives the same bits", Range{0});
      field("subjects", subjects, "people; every third is kept for xsub_val", Range{3, 999});
      field("repetitions", repetitions, "of each action by each subject", Range{1, 999});
      field("noise", noise, "factor on the cameras' noise of one to three centimetres",
            Range{0, 100});
      field("lost_joints", lost_joints, "factor on how often hands and feet are lost",
            Range{0, 100});
    }
  };

  Synthetic(const Options& options, const Context& context)
      : options_(options), context_(context) {}

  bool needs_source() const override { return false; }

  ImportReport import(const std::filesystem::path&,
                      const std::filesystem::path& store) const override {
    const auto recordings = all_recordings();
    ImportWriter writer("synthetic", store, store_info(), context_);
    writer.set_splits(splits_of(recordings),
                      static_cast<int64_t>(recordings.size()) * DepthCamera::kViews);
    for (const Recording& recording : recordings)
      if (!writer.is_full()) add_views(recording, writer);
    return writer.finish();
  }

 private:
  /// Subject by subject, action by action.
  std::vector<Recording> all_recordings() const {
    std::vector<Recording> recordings;
    const auto actions = static_cast<int64_t>(synthetic::all_actions().size());
    for (int64_t subject = 0; subject < options_.subjects; ++subject)
      for (int64_t action = 0; action < actions; ++action)
        for (int64_t repetition = 0; repetition < options_.repetitions; ++repetition)
          recordings.push_back({subject, action, repetition});
    return recordings;
  }

  static SplitIds splits_of(const std::vector<Recording>& recordings) {
    SplitIds splits;
    for (const Recording& recording : recordings)
      for (int64_t view = 0; view < DepthCamera::kViews; ++view) {
        const std::string id = recording.id(view);
        splits[recording.subject % 3 == 2 ? "xsub_val" : "xsub_train"].push_back(id);
        splits[view == 0 ? "xview_val" : "xview_train"].push_back(id);
      }
    return splits;
  }

  /// One performance, seen by all cameras at once.
  void add_views(const Recording& recording, ImportWriter& writer) const {
    const auto seed = static_cast<uint64_t>(options_.seed);
    Rng subject_rng(seed, kSubjectStream, static_cast<uint64_t>(recording.subject));
    Rng rng(seed, kPerformanceStream, recording.key());
    const auto tracks = perform(synthetic::all_actions()[static_cast<size_t>(recording.action)],
                                synthetic::draw_subject(subject_rng), rng);
    for (int64_t view = 0; view < DepthCamera::kViews; ++view) {
      if (!writer.wants(recording.id(view))) continue;
      Rng sensor_rng(seed, kSensorStream,
                     recording.key() * DepthCamera::kViews + static_cast<uint64_t>(view));
      writer.add(see(recording, view, tracks, sensor_rng));
    }
  }

  Clip see(const Recording& recording, int64_t view, const std::vector<synthetic::Track>& tracks,
           Rng& rng) const {
    Clip clip;
    clip.id = recording.id(view);
    clip.labels = {recording.action};
    clip.setup = recording.setup() + 1;
    clip.camera = view + 1;
    clip.subject = recording.subject + 1;
    clip.replication = recording.repetition + 1;
    clip.fps = synthetic::kFramesPerSecond;
    clip.num_frames = static_cast<int64_t>(tracks.front().size());
    clip.num_persons = static_cast<int64_t>(tracks.size());
    const DepthCamera camera(recording.setup(), view);
    for (const auto& track : tracks) {
      const auto sighting = camera.watch(track, {options_.noise, options_.lost_joints}, rng);
      for (const auto& joint : sighting.joints)
        clip.keypoints.insert(clip.keypoints.end(), {joint.x, joint.y, joint.z});
      clip.scores.insert(clip.scores.end(), sighting.scores.begin(), sighting.scores.end());
    }
    return clip;
  }

  StoreInfo store_info() const {
    const Skeleton skeleton = Skeleton::load("ntu25");
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = skeleton.joint_count();
    info.coordinates = Coordinates::metres;
    info.precision = Precision::float32;
    for (const auto& action : synthetic::all_actions()) info.class_names.push_back(action.name);
    info.provenance =
        fmt::format(R"({{"importer": "synthetic", "seed": {}, "subjects": {}, "repetitions": {}, )"
                    R"("noise": {}, "lost_joints": {}}})",
                    options_.seed, options_.subjects, options_.repetitions, options_.noise,
                    options_.lost_joints);
    return info;
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "synthetic", Synthetic,
                   "made-up human motion: 14 actions, 3 views, ntu25 joints; needs no source")

}  // namespace
}  // namespace kinegraph
