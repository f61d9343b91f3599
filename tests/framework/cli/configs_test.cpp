// Every config that is shipped composes, builds and makes a step.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <regex>

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

}  // namespace
}  // namespace kinegraph
