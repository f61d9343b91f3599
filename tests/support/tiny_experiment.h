// A data set and a config so small that training takes less than a second.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "framework/base/random.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/skeleton/skeleton.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {

/// One of the shipped layouts, wherever the test was built.
inline Skeleton shipped_skeleton(const std::string& name) {
  return Skeleton::load((source_dir() / "datasets/skeletons" / (name + ".yaml")).string());
}

inline Skeleton tiny_skeleton() {
  return Skeleton::parse(
      "name: tiny\n"
      "joints: [hip, neck, head, left_hand, right_hand, left_foot, right_foot]\n"
      "bones: [[neck, hip], [head, neck], [left_hand, neck], [right_hand, neck],\n"
      "        [left_foot, hip], [right_foot, hip]]\n"
      "left_right: [[left_hand, right_hand], [left_foot, right_foot]]\n"
      "center: hip\n",
      "tiny.yaml");
}

/// Clips "clip00", "clip01", ... of classes 0, 1, 2, ... in turn: a pose of the class with noise.
struct TinyStore {
  Skeleton skeleton = tiny_skeleton();
  std::vector<std::string> classes{"walk", "run", "jump", "wave"};
  std::string channels = "xyz";
  int64_t clips = 32, frames = 8, persons = 1;
  /// By default `few`, `train` and `val`: the first 8, the first 24, the others.
  std::map<std::string, std::vector<int64_t>> splits{
      {"few", range(0, 8)}, {"train", range(0, 24)}, {"val", range(24, 32)}, {"empty", {}}};
  int64_t nan_clip = -1, unlabeled_clip = -1;
  bool has_labels = true, has_scores = false;

  static std::vector<int64_t> range(int64_t begin, int64_t end) {
    std::vector<int64_t> numbers;
    for (int64_t i = begin; i < end; ++i) numbers.push_back(i);
    return numbers;
  }

  Clip clip(int64_t index) const {
    const int64_t label = index % std::max(static_cast<int64_t>(classes.size()), int64_t{1});
    Clip clip;
    clip.id = (index < 10 ? "clip0" : "clip") + std::to_string(index);
    if (has_labels && index != unlabeled_clip) clip.labels = {label};
    clip.num_frames = frames;
    clip.num_persons = persons;
    Rng rng(7, 0, static_cast<uint64_t>(index));
    const int64_t count = skeleton.joint_count() * static_cast<int64_t>(channels.size());
    for (int64_t i = 0; i < persons * frames * count; ++i) {
      const auto coordinate = static_cast<double>(i % count);
      const double pose = std::sin(1.7 * static_cast<double>(label + 1) * (coordinate + 1));
      clip.keypoints.push_back(pose + rng.uniform(-0.3, 0.3));
    }
    if (has_scores)
      clip.scores.assign(static_cast<size_t>(persons * frames * skeleton.joint_count()), 0.75);
    if (index == nan_clip) clip.keypoints[0] = std::nan("");
    return clip;
  }

  void write(const std::filesystem::path& path) const {
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = skeleton.joint_count();
    info.channels = channels;
    info.class_names = classes;
    AnnotationStoreWriter writer(path, info);
    for (int64_t i = 0; i < clips; ++i) writer.add(clip(i));
    for (const auto& [name, indices] : splits) writer.set_split(name, indices);
    writer.finish();
  }
};

/// With everything random that training has. An epoch has three batches.
inline std::string tiny_config(const std::filesystem::path& store) {
  const std::string path = store.string();
  return "seed: 5\n"
         "device: cpu\n"
         "data:\n"
         "  train:\n"
         "    dataset: {type: store, path: " +
         path +
         ", split: train}\n"
         "    pipeline:\n"
         "      - {type: random_view, angle_x: [-20, 20], angle_y: [-20, 20], scale: [0.9, 1.1]}\n"
         "      - {type: select_frames, num_frames: 6, rule: random}\n"
         "  val:\n"
         "    dataset: {type: store, path: " +
         path +
         ", split: val}\n"
         "    pipeline:\n"
         "      - {type: select_frames, num_frames: 6, rule: linspace}\n"
         "  batch_size: 8\n"
         "model:\n"
         "  backbone: {type: stgcn, channels: [8, 8], temporal_kernel: 3, dropout: 0.3}\n"
         "  heads: {logits: gcn}\n"
         "  loss: cross_entropy\n"
         "train:\n"
         "  epochs: 3\n"
         "  optimizer: {type: sgd, learning_rate: 0.05}\n"
         "  schedule: cosine\n"
         "hooks:\n"
         "  - checkpoint\n"
         "  - {type: json_log, interval: 1}\n";
}

/// A folder with store.h5 and tiny.yaml, which names it.
class TinyExperiment {
 public:
  explicit TinyExperiment(const TinyStore& store = {}) {
    store.write(this->store());
    folder_.write("tiny.yaml", tiny_config(this->store()));
  }

  const TempDir& folder() const { return folder_; }
  std::filesystem::path store() const { return folder_ / "store.h5"; }
  std::filesystem::path config() const { return folder_ / "tiny.yaml"; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  TempDir folder_;
};

}  // namespace kinegraph
