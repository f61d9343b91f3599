// The readers of checkpoints on damaged ones.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include "framework/optim/optimizer.h"
#include "framework/run/checkpoint.h"
#include "framework/run/foreign_state.h"
#include "tests/support/fuzz/fuzz.h"
#include "tests/support/paths.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

class CheckpointFuzz : public testing::Test {
 protected:
  static void SetUpTestSuite() { choose_temporary_folder(); }

  static void read_foreign(const std::string& seed) {
    DamagedSource source(source_dir() / "tests/fuzz/checkpoint/seeds" / seed);
    fuzz("checkpoint, " + seed, source,
         [&] { find_foreign_state(read_checkpoint_file(source.path()), source.path().string()); });
  }
};

TEST_F(CheckpointFuzz, Zip) { read_foreign("zip.pth"); }
TEST_F(CheckpointFuzz, Legacy) { read_foreign("legacy.pth"); }

/// What a training has that goes on from a checkpoint.
class Training {
 public:
  Training() {
    at::manual_seed(1);
    Diagnostics diagnostics;
    Component<Optimizer> optimizer;
    optimizer.read(Node::make_scalar("adam", {}), diagnostics);
    Optimizer::Context context;
    for (const auto& parameter : model_->named_parameters())
      context.parameters.emplace_back(parameter.key(), parameter.value());
    optimizer_ = optimizer.build(context);
    optimizer_->set_learning_rate(0.1);
    step();
  }

  void write(const std::filesystem::path& path) const {
    Checkpoint checkpoint;
    for (const auto& parameter : model_->named_parameters())
      checkpoint.model.emplace_back(parameter.key(), parameter.value());
    checkpoint.optimizer = optimizer_->state();
    checkpoint.state = {3, 2, 17, 0.5, 1, {2.5, 0.1, 3, 4, 2}};
    checkpoint.rng = at::detail::getDefaultCPUGenerator().get_state();
    checkpoint.config_yaml = "train: {epochs: 62}\n";
    checkpoint.skeleton_yaml = leg_skeleton().to_yaml();
    checkpoint.class_names = {"walk", "run"};
    checkpoint.input_shapes = {{"keypoints", {1, 4, 3, 2}}};
    checkpoint.data_hash = "0123456789abcdef";
    write_checkpoint(path, checkpoint);
  }

  void restore(const std::filesystem::path& path) {
    const std::string source = path.string();
    const Checkpoint checkpoint = read_checkpoint(path);
    require_same_task(checkpoint, source, leg_skeleton(), {"walk", "run"}, "leg.h5");
    load_model_state(*model_, checkpoint.model, source);
    optimizer_->load_state(checkpoint.optimizer, source);
    if (checkpoint.rng.defined())
      restore_generator(at::detail::getDefaultCPUGenerator(), checkpoint.rng, source);
    step();
  }

 private:
  void step() {
    optimizer_->zero_grad();
    model_->forward(at::ones({1, 3})).sum().backward();
    optimizer_->step();
  }

  torch::nn::Linear model_{3, 2};
  std::shared_ptr<Optimizer> optimizer_;
};

TEST_F(CheckpointFuzz, Own) {
  Training training;
  const TempDir seed;
  training.write(seed / "last.pth");
  DamagedSource source(seed.path());
  fuzz("checkpoint, own", source, [&] { training.restore(source.path()); });
}

}  // namespace
}  // namespace kinegraph
