// Every config that is shipped composes, builds and makes a step.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "framework/config/compose.h"
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
Source source_of(const fs::path& config) {
  const std::vector<Source> sources{{"nw_ucla", "kinect20", "xyz", 1, 10},
                                    {"synthetic", "ntu25", "xyz", 2, 14},
                                    {"ntu120_2d", "coco17", "xy", 2, 120},
                                    {"ntu60_2d", "coco17", "xy", 2, 60},
                                    {"ntu120", "ntu25", "xyz", 2, 120},
                                    {"ntu60", "ntu25", "xyz", 2, 60},
                                    {"kinetics_skeleton", "openpose18", "xys", 2, 400},
                                    {"hagrid", "hand21", "xy", 1, 40},
                                    {"yoga", "blazepose33", "xyz", 1, 6}};
  const std::string file = config.filename();
  for (const auto& source : sources)
    if (file.rfind(source.prefix, 0) == 0) return source;
  throw std::runtime_error(file + ": tell this test which data the config is for");
}

/// Two clips that all of the config's splits share.
void write_store(const fs::path& path, const Source& source, const LoadedConfig& config) {
  TinyStore store;
  store.skeleton = shipped_skeleton(source.skeleton);
  store.channels = source.channels;
  store.persons = source.persons;
  store.has_scores = source.skeleton == "coco17" || source.skeleton == "blazepose33";
  store.clips = 2;
  store.frames = 12;
  store.classes.clear();
  for (int64_t i = 0; i < source.classes; ++i)
    store.classes.push_back("class " + std::to_string(i));
  store.splits.clear();
  for (const char* part : {"train", "val", "test"})
    if (const Node* options = config.resolved.find("data")->find(part);
        options && options->is_map())
      store.splits[options->find("dataset")->find("split")->scalar] = {0, 1};
  store.write(path);
}

/// The names of the config's `splits`; {""} if it has none.
std::vector<std::string> splits_of(const fs::path& config) {
  Diagnostics diagnostics;
  const Node root = load_with_bases(config, diagnostics);
  const Node* splits = root.find("splits");
  return splits ? splits->keys() : std::vector<std::string>{""};
}

/// Composes the config in every split and every stream.
void compose_everywhere(const fs::path& path) {
  for (const auto& split : splits_of(path)) {
    std::vector<std::string> overrides;
    if (!split.empty()) overrides.push_back("split=" + split);
    for (const auto& stream : load_config(path).options.streams.keys()) {
      const Node resolved = load_config(path, stream, overrides).resolved;
      for (const char* part : {"train", "val", "test"}) {
        const Node* options = resolved.find("data")->find(part);
        if (!options || !options->is_map()) continue;
        EXPECT_EQ(options->find("dataset")->find("split")->scalar.rfind(split, 0), 0U) << part;
        const auto& steps = options->find("pipeline")->items;
        EXPECT_TRUE(std::any_of(steps.begin(), steps.end(), [&](const Node& step) {
          const Node* kind = step.find("kind");
          return kind && kind->scalar == stream;
        })) << part;
      }
    }
  }
}

/// Fewer frames, an eighth of the channels, two clips; the structure stays.
std::vector<std::string> shrinking_overrides(const LoadedConfig& config, const fs::path& store) {
  const std::map<std::string, std::vector<std::string>> kShorter{
      {"pad", {"length=16"}},
      {"random_choose", {"length=8"}},
      {"crop_resize", {"length=16", "min_length=8"}},
      {"uniform_sample", {"clip_length=16"}},
      {"select_frames", {"num_frames=16"}}};
  std::vector<std::string> overrides{
      "train.epochs=1", "hooks=[]",   "data.batch_size=2",          "data.eval_batch_size=2",
      "data.workers=0", "device=cpu", "data.train.dataset.repeat=1"};
  for (const std::string part : {"train", "val", "test"}) {
    const Node* options = config.resolved.find("data")->find(part);
    if (!options || !options->is_map()) continue;
    overrides.push_back("data." + part + ".dataset.path=" + store.string());
    for (const auto& step : options->find("pipeline")->items)
      if (const auto found = kShorter.find(step.find("type")->scalar); found != kShorter.end())
        for (const auto& assignment : found->second)
          overrides.push_back("data." + part + ".pipeline." + found->first + "." + assignment);
  }
  const Node& backbone = *config.resolved.find("model")->find("backbone");
  std::string channels;
  if (const Node* list = backbone.find("channels"))
    for (const auto& width : list->items)
      channels += (channels.empty() ? "" : ", ") + std::to_string(std::stoi(width.scalar) / 8);
  overrides.push_back(channels.empty() ? "model.backbone.width=12"
                                       : "model.backbone.channels=[" + channels + "]");
  return overrides;
}

/// A training step and a validation of the config in small, on its bones where it has streams.
void make_step(const fs::path& path) {
  const TempDir folder;
  const std::string stream = load_config(path).options.streams.find("bone") ? "bone" : "";
  const LoadedConfig plain = load_config(path, stream);
  write_store(folder / "store.h5", source_of(path), plain);
  Trainer trainer(build_training(
      load_config(path, stream, shrinking_overrides(plain, folder / "store.h5")), folder.path()));
  trainer.run();
  EXPECT_EQ(trainer.state().iteration, 1);
  for (const auto& parameter : trainer.parts().model->named_parameters())
    EXPECT_TRUE(parameter.value().isfinite().all().item<bool>()) << parameter.key();
}

class ShippedConfig : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, ShippedConfig, testing::ValuesIn(config_names()), [](const auto& info) {
  return std::regex_replace(info.param, std::regex("[^A-Za-z0-9]"), "_");
});

TEST_P(ShippedConfig, ComposesInEverySplitAndStream) { compose_everywhere(kConfigs / GetParam()); }

TEST_P(ShippedConfig, MakesAStep) { make_step(kConfigs / GetParam()); }

/// Folder of configs; `init` of its backbone, "" for backbones that start in one way; `init` of its
/// heads, and the deviation of "normal".
struct Start {
  std::string folder, backbone, head;
  double deviation = 0.01;
};

const std::vector<Start> kStarts{{"pyskl/stgcn/", "pyskl", "normal"},
                                 {"pyskl/aagcn/", "pyskl", "normal"},
                                 {"pyskl/agcn/", "authors", "normal"},  // MMAction2's
                                 {"pyskl/ctrgcn/", "pyskl", "normal"},
                                 {"pyskl/msg3d/", "", "normal"},
                                 {"stgcnpp/", "", "normal"},
                                 {"dgstgcn/", "", "normal"},
                                 {"stgcn/", "authors", "normal", 0.02},
                                 {"stgcn_two_stream/", "authors", "normal", 0.02},
                                 {"agcn/", "authors", "classes"},
                                 {"aagcn/", "authors", "classes"},
                                 {"ctrgcn/", "authors", "classes"},
                                 {"shiftgcn/", "", "classes"},
                                 {"msg3d/", "", "default"},
                                 {"dualhead/", "", "default"}};

TEST_P(ShippedConfig, StartsAsInTheSourceOfItsForm) {
  const auto start = std::find_if(kStarts.begin(), kStarts.end(), [](const Start& known) {
    return GetParam().rfind(known.folder, 0) == 0;
  });
  ASSERT_NE(start, kStarts.end()) << "tell this test whose initialisation the folder has";
  const ModelOptions model = load_config(kConfigs / GetParam()).options.model;
  const Node* init = model.backbone.resolved().find("init");
  EXPECT_EQ(init ? init->scalar : "", start->backbone);
  for (const auto& [name, head] : model.heads) {
    EXPECT_EQ(head.resolved().find("init")->scalar, start->head) << name;
    EXPECT_EQ(std::stod(head.resolved().find("init_std")->scalar), start->deviation) << name;
  }
}

/// That the first two tests above can fail.
class FaultyConfig : public testing::Test {
 protected:
  fs::path write(const std::string& text) {
    return folder_.write("ntu60.yaml",
                         "base: " + (kConfigs / "stgcn/ntu60.yaml").string() + "\n" + text);
  }

 private:
  TempDir folder_;
};

TEST_F(FaultyConfig, DoesNotComposeForAMisspelledKey) {
  const fs::path path = write("model: {backbone: {droput: 0}}\n");
  EXPECT_THROW(compose_everywhere(path), ConfigError);
}

TEST_F(FaultyConfig, DoesNotComposeForAFaultInOneSplitAlone) {
  const fs::path path = write("splits: {xview: {train: {epohcs: 3}}}\n");
  EXPECT_THROW(compose_everywhere(path), ConfigError);
}

TEST_F(FaultyConfig, MakesNoStepWithAHeadOnAFeatureThatIsNotThere) {
  const fs::path path = write("model: {heads: {logits: {feature: fine}}}\n");
  EXPECT_NO_THROW(compose_everywhere(path));
  EXPECT_THROW(make_step(path), ConfigError);
}

/// A clip as the data set of a base gives it.
Sample clip_for(const std::string& base, const Skeleton& skeleton, int64_t frames) {
  const bool is_3d = base.find("3d") != base.npos || skeleton.name == "kinect20" ||
                     base == "yoga" || base == "synthetic";
  const bool has_scores =
      skeleton.name != "ntu25" && skeleton.name != "kinect20" && skeleton.name != "hand21";
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
  if (base == "hagrid") return "hand21";
  if (base == "synthetic") return "ntu25";
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
