// What a run leaves on disk.
#include "framework/base/file.h"
#include "framework/config/yaml.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/python.h"
#include "tests/support/thrown_message.h"
#include "tests/support/tiny_training.h"

namespace kinegraph {
namespace {

namespace fs = std::filesystem;

TEST(RunFiles, LastIsOfTheLastEpochAndBestOfTheBest) {
  const TinyExperiment experiment;
  const auto trainer = trained(experiment, "run", {"train.epochs=8"});
  const Checkpoint last = read_checkpoint(experiment / "run/last.pth");
  const Checkpoint best = read_checkpoint(experiment / "run/best.pth");
  EXPECT_EQ(last.state.epoch, 8);
  EXPECT_EQ(best.state.epoch, trainer->state().best_epoch);
  EXPECT_EQ(best.state.best_value, trainer->state().best_value);
  expect_bit_equal(last.model, trainer->snapshot().model);
}

TEST(RunFiles, LastIsSavedAtTheIntervals) {
  const TinyExperiment experiment;
  std::vector<int64_t> saved;
  make_trainer(
      experiment, "run",
      {"train.epochs=2", "hooks=[{type: checkpoint, interval_epochs: 5, interval_iterations: 2}]"},
      [&](Trainer&) {
        const fs::path last = experiment / "run/last.pth";
        if (fs::exists(last)) saved.push_back(read_checkpoint(last).state.iteration);
      })
      ->run();
  EXPECT_EQ(saved, std::vector<int64_t>({2, 2, 4, 4, 6}));
}

TEST(RunFiles, CheckpointKeepsEverything) {
  const TinyExperiment experiment;
  const auto trainer = trained(experiment, "run");
  const Checkpoint written = trainer->snapshot();
  const Checkpoint read = read_checkpoint(experiment / "run/last.pth");
  EXPECT_EQ(read.config_yaml, trainer->parts().config_yaml);
  EXPECT_EQ(Skeleton::parse(read.skeleton_yaml, ""), tiny_skeleton());
  EXPECT_EQ(read.class_names, TinyStore().classes);
  EXPECT_EQ(read.data_hash, trainer->parts().train_loader->dataset().info().content_hash);
  EXPECT_EQ(read.input_shapes.at("keypoints"), std::vector<int64_t>({1, 6, 7, 3}));
  EXPECT_EQ(read.state.sums.samples, 24);
  EXPECT_EQ(read.state.sums.loss, written.state.sums.loss);
  EXPECT_EQ(read.state.sums.seconds, written.state.sums.seconds);
}

TEST(RunFiles, LogHasALineForEveryStepValidationAndEpoch) {
  const TinyExperiment experiment;
  trained(experiment, "run", {"train.epochs=1"});
  std::vector<std::string> events;
  for (const auto& line : log_of(experiment / "run")) events.push_back(line["event"]);
  EXPECT_EQ(events, std::vector<std::string>({"train", "train", "train", "val", "epoch"}));
}

TEST(RunFiles, CheckpointOpensInPythonWithWeightsOnly) {
  const Python python;
  if (!python.has_torch()) GTEST_SKIP() << python.name() << " cannot import torch";
  const TinyExperiment experiment;
  trained(experiment, "run", {"train.epochs=1"});
  const std::string path = (experiment / "run/last.pth").string();
  EXPECT_EQ(python.run("import torch\nc = torch.load('" + path + "', weights_only=True)" + R"(
assert c['format'] == 'kinegraph checkpoint 1'
weight = c['state_dict']['heads.logits.fc.weight']
assert weight.shape == (4, 8) and weight.dtype == torch.float32
assert c['optimizer']['heads.logits.fc.weight']['momentum'].shape == (4, 8)
parameters = [k for k in c['state_dict'] if k.endswith('.weight') or k.endswith('.bias')]
assert set(parameters) <= set(c['optimizer']), set(parameters) - set(c['optimizer'])
assert 'type: stgcn' in c['config'] and 'seed: 5' in c['config']
assert c['skeleton'].startswith('name: tiny')
assert c['classes'] == ['walk', 'run', 'jump', 'wave']
assert c['inputs'] == {'keypoints': [1, 6, 7, 3]}
assert c['training']['epoch'] == 1 and c['training']['iteration'] == 3
assert 0 <= c['training']['best_value'].item() <= 1
)"),
            0)
      << python.output();
}

TEST(RunFiles, ConfigReadsBackToTheSameTree) {
  const TinyExperiment experiment;
  const LoadedConfig first = load_config(experiment.config());
  const auto path = experiment.folder().write("again.yaml", dump_yaml(first.resolved));
  EXPECT_EQ(dump_yaml(load_config(path).resolved), dump_yaml(first.resolved));
}

TEST(RunFiles, ConfigReadBackTrainsTheSameWeights) {
  const TinyExperiment experiment;
  const auto first = trained(experiment, "first", {"train.epochs=1"});
  const auto path = experiment.folder().write("again.yaml", first->parts().config_yaml);
  fs::create_directories(experiment / "second");
  Trainer second(build_training(load_config(path), experiment / "second"));
  second.run();
  expect_bit_equal(first->snapshot().model, second.snapshot().model);
}

TEST(RunFiles, AFullDiskLeavesTheOldCheckpoint) {
  const TinyExperiment experiment;
  std::unique_ptr<FileSizeLimit> limit;
  const auto trainer =
      make_trainer(experiment, "run", {"hooks=[checkpoint]"}, [&](Trainer& running) {
        if (running.state().epoch == 1) limit = std::make_unique<FileSizeLimit>(3000);
      });
  const std::string message = thrown_message<DataError>([&] { trainer->run(); });
  limit.reset();
  EXPECT_NE(message.find(".pth"), message.npos) << message;
  EXPECT_NE(message.find("File too large"), message.npos) << message;
  EXPECT_EQ(read_checkpoint(experiment / "run/last.pth").state.epoch, 1);
  for (const auto& entry : fs::directory_iterator(experiment / "run"))
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
}

}  // namespace
}  // namespace kinegraph
