// What reads files that are no source of an import, on damaged ones.
#include <gtest/gtest.h>

#include "datasets/formats/store_cache.h"
#include "datasets/ntu/missing_list.h"
#include "framework/base/file.h"
#include "framework/config/compose.h"
#include "framework/config/yaml.h"
#include "framework/data/check.h"
#include "framework/eval/scores.h"
#include "framework/eval/training_log.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/skeleton/graph.h"
#include "tests/datasets/run_import.h"
#include "tests/framework/eval/toy_run.h"
#include "tests/support/fuzz/fuzz.h"
#include "tests/support/toy_clips.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class ReaderFuzz : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    choose_temporary_folder();
    setenv("KINEGRAPH_HOME", source_dir().c_str(), 1);
  }

  const TempDir seed_;
};

StoreInfo leg_store(PersonLayout layout) {
  StoreInfo info;
  info.skeleton = "leg";
  info.skeleton_layout = leg_skeleton().to_yaml();
  info.num_joints = 3;
  info.channels = "xy";
  info.coordinates = Coordinates::pixels;
  info.person_layout = layout;
  info.precision = layout == PersonLayout::dense ? Precision::float32 : Precision::float16;
  info.class_names = {"walk", "run"};
  return info;
}

/// With every field that a clip can have.
Clip leg_clip(int64_t index, PersonLayout layout) {
  const bool is_dense = layout == PersonLayout::dense;
  Clip clip;
  clip.id = "clip" + std::to_string(index);
  clip.labels = {index % 2};
  clip.num_frames = 3 + index;
  clip.num_persons = 2;
  if (!is_dense) clip.frame_persons.assign(static_cast<size_t>(clip.num_frames), 1);
  if (!is_dense) clip.frame_persons[0] = 2;
  const auto tracks = static_cast<size_t>(is_dense ? 2 : clip.num_frames + 1);
  const size_t rows = is_dense ? 2 * static_cast<size_t>(clip.num_frames) : tracks;
  for (size_t i = 0; i < rows * 3 * 2; ++i) clip.keypoints.push_back(static_cast<double>(i));
  clip.scores.assign(rows * 3, 0.5);
  clip.timestamps.assign(static_cast<size_t>(clip.num_frames), 0.04);
  clip.track_ids.assign(tracks, 7);
  clip.box_scores.assign(tracks, 0.9);
  clip.subject = index;
  clip.camera = 1;
  clip.fps = 30;
  clip.image_width = 640;
  clip.image_height = 480;
  return clip;
}

void write_leg_store(const fs::path& path, PersonLayout layout) {
  AnnotationStoreWriter writer(path, leg_store(layout));
  for (int64_t clip = 0; clip < 3; ++clip) writer.add(leg_clip(clip, layout));
  writer.set_split("train", {0, 2});
  writer.set_split("val", {1});
  writer.set_extra_field("weather", std::vector<std::string>{"sun", "rain", "sun"});
  writer.set_extra_field("weight", std::vector<double>{1, 2, 3});
  writer.finish();
}

std::vector<Component<Check>> all_checks() {
  std::vector<Component<Check>> checks;
  for (const auto& name : Registry<Check>::instance().names()) {
    Diagnostics diagnostics;
    Component<Check> check;
    check.read(Node::make_scalar(name, {}), diagnostics);
    diagnostics.throw_if_any();
    checks.push_back(check);
  }
  return checks;
}

/// As `kinegraph doctor` and a loader read it.
void read_store(const fs::path& path) {
  const auto store = AnnotationStore::open(path, AnnotationStore::Labels::any);
  std::vector<double> values;
  for (int64_t clip = 0; clip < store.num_clips(); ++clip) {
    constexpr int64_t kPersons = 2;
    values.resize(static_cast<size_t>(kPersons * store.num_frames(clip) * store.info().num_joints *
                                      store.info().num_channels()));
    store.read_keypoints(clip, values.data(), kPersons);
    if (store.has_scores()) store.read_scores(clip, values.data(), kPersons);
    if (store.has_box_scores()) store.read_box_scores(clip, values.data(), kPersons);
  }
  describe(store);
  store.computed_sha256();
  const auto skeleton =
      Skeleton::parse(store.info().skeleton_layout, path.string() + ": /skeleton_layout");
  if (skeleton.joint_count() == store.info().num_joints)
    find_faults({store, skeleton}, all_checks(), 1);
}

TEST_F(ReaderFuzz, Store) {
  write_leg_store(seed_ / "a.h5", PersonLayout::dense);
  DamagedSource source(seed_.path());
  fuzz("store", source, [&] { read_store(source.path()); });
}

TEST_F(ReaderFuzz, StoreOfFramePersons) {
  write_leg_store(seed_ / "a.h5", PersonLayout::frame_persons);
  DamagedSource source(seed_.path());
  fuzz("store, frame_persons", source, [&] { read_store(source.path()); });
}

TEST_F(ReaderFuzz, Scores) {
  write_scores(imbalanced_scores(), seed_ / "scores.h5");
  DamagedSource source(seed_.path());
  fuzz("scores", source, [&] { softmax(read_scores(source.path())); });
}

TEST_F(ReaderFuzz, Report) {
  write_file(seed_ / "report.json", report_json(named_report({"walk", "run", "stand"})));
  DamagedSource source(seed_.path());
  fuzz("report", source, [&] { format_report(read_report(source.path())); });
}

TEST_F(ReaderFuzz, TrainingLog) {
  seed_.write("log.jsonl", toy_log());
  DamagedSource source(seed_.path());
  fuzz("log", source, [&] { read_training_log(source.path()); });
}

TEST_F(ReaderFuzz, Layout) {
  DamagedSource source(source_dir() / "datasets/skeletons/openpose18.yaml");
  fuzz("layout", source, [&] {
    const auto skeleton = Skeleton::load(source.path().string());
    Skeleton::parse(skeleton.to_yaml(), "again");
    for (const auto& partition : GraphOptions::partition_names()) {
      GraphOptions options;
      options.partition = partition;
      try {
        build_graph(skeleton, options);
      } catch (const ConfigError&) {  // names the skeleton: edges may leave it in parts
      }
    }
  });
}

constexpr char kBaseConfig[] =
    "data:\n"
    "  train:\n"
    "    dataset: {type: store, path: data/ucla.h5, split: train}\n"
    "    pipeline:\n"
    "      - {type: center_on_joint, joint: hip}\n"
    "      - {type: random_view, angle_x: [-60, 60], scale: [0.5, 1.5]}\n"
    "      - {type: min_max_normalize}\n"
    "      - {type: select_frames, num_frames: 5, rule: random}\n"
    "      - {type: stream, kind: joint}\n"
    "  batch_size: 16\n"
    "streams:\n"
    "  joint: {}\n"
    "  bone: {data: {train: {pipeline: {stream: {kind: bone}}}}}\n";

constexpr char kConfig[] =
    "base: base.yaml\n"
    "data:\n"
    "  train:\n"
    "    pipeline: {select_frames: {num_frames: 4}, random_view: null}\n"
    "split: b  # of those below\n"
    "splits:\n"
    "  a: {data: {batch_size: 1}}\n"
    "  b: &b {data: {batch_size: 2}}\n"
    "train: {epochs: 62, optimizer: {type: sgd, learning_rate: 0.1, weight_decay: 2e-4}}\n"
    "note: \"quoted: \\x41\"\n"
    "text: |\n"
    "  two\n"
    "  lines\n";

/// As far as the engine reads a config before it opens the data.
void read_config(const fs::path& path) {
  Diagnostics diagnostics;
  Node root = load_with_bases(path, diagnostics);
  apply_split(root, diagnostics);
  const Node* streams = root.find("streams");
  if (streams && streams->find("bone")) apply_stream(root, "bone", diagnostics);
  const Node *data = root.find("data"), *train = data ? data->find("train") : nullptr;
  const Node* pipeline = train ? train->find("pipeline") : nullptr;
  std::vector<Component<Transform>> steps;
  if (pipeline) Codec<decltype(steps)>::read(*pipeline, steps, diagnostics);
  diagnostics.throw_if_any();
  const std::string text = dump_yaml(root, true);
  parse_yaml(text, "again", diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << text;
}

TEST_F(ReaderFuzz, Config) {
  seed_.write("base.yaml", kBaseConfig);
  seed_.write("c.yaml", kConfig);
  DamagedSource source(seed_.path());
  fuzz("config", source, [&] { read_config(source.path() / "c.yaml"); });
}

TEST_F(ReaderFuzz, MissingList) {
  seed_.write(
      "missing.txt",
      "302 samples with missing skeletons:\n\nS001C002P005R002A008\nS001C003P002R001A055\n");
  DamagedSource source(seed_.path());
  fuzz("missing list", source, [&] { ntu::read_missing_list(source.path()); });
}

TEST_F(ReaderFuzz, StoreCache) {
  seed_.write("clips.pkl", "as PysklDataset has it");
  const auto make = [](const fs::path& store) { write_leg_store(store, PersonLayout::dense); };
  const fs::path store = cached_store(seed_ / "clips.pkl", "options", make);
  fs::remove(store.string() + ".lock");
  DamagedSource source(seed_.path());
  fuzz("store cache", source,
       [&] { AnnotationStore::open(cached_store(source.path() / "clips.pkl", "options", make)); });
}

}  // namespace
}  // namespace kinegraph
