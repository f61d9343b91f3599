// Every config that is shipped composes, builds and makes a step.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>

#include "framework/run/experiment.h"
#include "tests/support/paths.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

const fs::path kConfigs = source_dir() / "configs";

/// Bases are no configs by themselves.
std::vector<std::string> config_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(kConfigs)) {
    const std::string name = entry.path().lexically_relative(kConfigs).string();
    if (entry.path().extension() == ".yaml" && name.rfind("base/", 0) != 0) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What the data of a config look like.
struct Source {
  std::string prefix, skeleton, channels;
  int64_t persons, classes;
};

/// By the beginning of the config's file name.
Source source_of(const std::string& name) {
  const std::vector<Source> sources{{"nw_ucla", "kinect20", "xyz", 1, 10},
                                    {"synthetic", "ntu25", "xyz", 2, 14},
                                    {"ntu120", "ntu25", "xyz", 2, 120},
                                    {"ntu60", "ntu25", "xyz", 2, 60},
                                    {"kinetics", "openpose18", "xy", 2, 400}};
  const std::string file = fs::path(name).filename();
  for (const auto& source : sources)
    if (file.rfind(source.prefix, 0) == 0) return source;
  throw std::runtime_error(name + ": tell this test which data the config is for");
}

std::vector<std::string> splits_of(const LoadedConfig& config) {
  std::vector<std::string> names;
  const Node& data = *config.resolved.find("data");
  for (const char* split : {"train", "val", "test"})
    if (const Node* options = data.find(split); options && options->is_map())
      names.push_back(options->find("dataset")->find("split")->scalar);
  return names;
}

void write_store(const fs::path& path, const Source& source,
                 const std::vector<std::string>& splits) {
  TinyStore store;
  store.skeleton = shipped_skeleton(source.skeleton);
  store.channels = source.channels;
  store.persons = source.persons;
  store.clips = 2;
  store.frames = 70;
  store.classes.clear();
  for (int64_t i = 0; i < source.classes; ++i)
    store.classes.push_back("class " + std::to_string(i));
  store.splits.clear();
  for (const auto& name : splits) store.splits[name] = {0, 1};
  store.write(path);
}

class ShippedConfig : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, ShippedConfig, testing::ValuesIn(config_names()), [](const auto& info) {
  return std::regex_replace(info.param, std::regex("[^A-Za-z0-9]"), "_");
});

TEST_P(ShippedConfig, MakesAStepInEveryStream) {
  const TempDir folder;
  const std::string path = (kConfigs / GetParam()).string();
  const LoadedConfig plain = load_config(path);
  write_store(folder / "store.h5", source_of(GetParam()), splits_of(plain));
  std::vector<std::string> overrides{"train.epochs=1",
                                     "hooks=[]",
                                     "data.batch_size=2",
                                     "device=cpu",
                                     "data.workers=0",
                                     "data.eval_batch_size=2",
                                     "data.train.dataset.repeat=1"};
  for (const char* split : {"train", "val", "test"})
    if (plain.resolved.find("data")->find(split))
      overrides.push_back("data." + std::string(split) +
                          ".dataset.path=" + (folder / "store.h5").string());
  std::vector<std::string> streams = plain.options.streams.keys();
  if (streams.empty()) streams = {""};
  for (const auto& stream : streams) {
    Trainer trainer(build_training(load_config(path, stream, overrides), folder.path()));
    trainer.run();
    EXPECT_EQ(trainer.state().iteration, 1) << stream;
    for (const auto& parameter : trainer.parts().model->parameters())
      EXPECT_TRUE(parameter.isfinite().all().item<bool>()) << stream;
  }
}

/// A clip as the data set of a base gives it.
Sample clip_for(const std::string& base, const Skeleton& skeleton, int64_t frames) {
  const bool is_3d = base.find("3d") != base.npos || skeleton.name == "kinect20" || base == "yoga";
  const bool has_scores = skeleton.name != "ntu25" && skeleton.name != "kinect20";
  Sample sample;
  sample.id = "clip";
  sample.image_width = 640;
  sample.image_height = 480;
  sample.keypoints.resize(2, frames, skeleton.joint_count(), is_3d ? 3 : 2);
  Rng rng(3, 0, static_cast<uint64_t>(frames));
  for (auto& value : sample.keypoints.values) value = rng.uniform(1, 400);
  if (has_scores) sample.scores.assign(2 * frames * skeleton.joint_count(), 0.5);
  if (base == "kinetics400_2d") sample.frame_persons.assign(static_cast<size_t>(frames), 2);
  return sample;
}

/// The layouts of the data that a base is for.
std::string skeleton_of(const std::string& base) {
  if (base == "nw_ucla") return "kinect20";
  if (base == "kinetics_skeleton") return "openpose18";
  if (base.find("blazepose") != base.npos || base == "yoga") return "blazepose33";
  return base.find("_3d") != base.npos ? "ntu25" : "coco17";
}

/// Those that name a data set; the others hold what several of them share.
std::vector<std::string> data_bases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kConfigs / "base")) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.find("type: store") != text.npos) names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class DataBase : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, DataBase, testing::ValuesIn(data_bases()),
                         [](const auto& info) { return info.param; });

TEST_P(DataBase, PreparesShortAndLongClipsToOneShapeInEveryStream) {
  const TempDir folder;
  const fs::path config = folder.write(
      "config.yaml", "base: " + (kConfigs / "base" / (GetParam() + ".yaml")).string() +
                         "\nmodel: {backbone: stgcn, heads: {logits: gcn}, loss: cross_entropy}\n"
                         "train: {epochs: 1, optimizer: sgd, schedule: cosine}\n");
  const Skeleton skeleton = shipped_skeleton(skeleton_of(GetParam()));
  for (const auto& stream : load_config(config.string()).options.streams.keys()) {
    const DataOptions data = load_config(config.string(), stream).options.data;
    for (const SplitOptions* split :
         {&data.train, &data.val, data.test ? &*data.test : &data.val}) {
      const Pipeline pipeline(split->pipeline, skeleton);
      std::set<std::string> shapes;
      for (const int64_t frames : {20, 150, 290}) {
        Sample sample = clip_for(GetParam(), skeleton, frames);
        Rng rng(1, 0, 0);
        pipeline.apply(sample, rng);
        shapes.insert(sample.keypoints.shape_text());
      }
      EXPECT_EQ(shapes.size(), 1U) << stream << ": " << *shapes.begin();
    }
  }
}

TEST(DataBases, SayHowTheStoreIsMade) {
  for (const auto& name : data_bases()) {
    std::ifstream file(kConfigs / "base" / (name + ".yaml"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(text.find("kinegraph import "), text.npos) << name;
  }
}

}  // namespace
}  // namespace kinegraph
