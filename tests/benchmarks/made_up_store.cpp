#include "tests/benchmarks/made_up_store.h"

#include <fmt/format.h>

#include "framework/base/random.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {
namespace {

StoreInfo store_info(const MadeUpClips& clips) {
  const Skeleton layout = Skeleton::load(clips.layout);
  StoreInfo info;
  info.skeleton = layout.name;
  info.skeleton_layout = layout.to_yaml();
  info.num_joints = layout.joint_count();
  info.channels = clips.is_3d ? "xyz" : "xy";
  info.coordinates = clips.is_3d ? Coordinates::metres : Coordinates::pixels;
  info.precision = Precision::float16;
  info.class_names = {"some action"};
  return info;
}

}  // namespace

void write_made_up_store(const std::filesystem::path& path, const MadeUpClips& clips) {
  const StoreInfo info = store_info(clips);
  const int64_t largest = 2 * clips.most_frames * info.num_joints * info.num_channels();
  Rng rng(1, 0, 0);
  // Clips are overlapping parts of these, for drawing 860 MB would take long.
  std::vector<double> places, scores;
  for (int64_t i = 0; i < 2 * largest; ++i) {
    places.push_back(clips.is_3d ? rng.uniform(-1, 1) : rng.uniform(1, 1000));
    scores.push_back(rng.uniform());
  }
  AnnotationStoreWriter writer(path, info);
  for (int64_t i = 0; i < clips.count; ++i) {
    Clip clip;
    clip.id = fmt::format("clip{}", i);
    clip.labels = {0};
    clip.num_frames = rng.integer(clips.least_frames, clips.most_frames);
    const int64_t pairs = clips.pairs_of_hundred;
    clip.num_persons = 1 + (i + 1) * pairs / 100 - i * pairs / 100;
    const int64_t joints = clip.num_persons * clip.num_frames * info.num_joints;
    const int64_t first = rng.integer(0, largest);
    const auto place = places.begin() + first;
    clip.keypoints.assign(place, place + joints * info.num_channels());
    if (!clips.is_3d) {
      clip.image_width = 1920;
      clip.image_height = 1080;
      clip.scores.assign(scores.begin() + first, scores.begin() + first + joints);
    }
    writer.add(clip);
  }
  writer.finish();
}

}  // namespace kinegraph
