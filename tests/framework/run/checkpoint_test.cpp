// How a checkpoint meets a model and a task.
#include "framework/run/checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "framework/model/recognizer.h"
#include "framework/run/checkpoint_file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"
#include "tests/support/tiny_experiment.h"

namespace kinegraph {
namespace {

using NamedState = std::vector<std::pair<std::string, at::Tensor>>;

class ToyModel : public torch::nn::Module {
 public:
  ToyModel() {
    register_parameter("weight", at::zeros({2, 3}));
    register_parameter("bias", at::zeros({2}));
    register_buffer("running_mean", at::zeros({}));
  }
};

NamedState fitting_state() {
  return {{"weight", at::ones({2, 3})}, {"bias", at::ones({2})}, {"running_mean", at::ones({})}};
}

std::string load_error(const NamedState& state) {
  ToyModel model;
  const std::string message =
      thrown_message<DataError>([&] { load_model_state(model, state, "a.pth"); });
  for (const auto& [name, tensor] : state_of(model)) EXPECT_EQ(tensor.sum().item<double>(), 0);
  return message;
}

TEST(LoadModelState, CopiesParametersAndBuffers) {
  ToyModel model;
  load_model_state(model, fitting_state(), "a.pth");
  for (const auto& [name, tensor] : state_of(model)) EXPECT_TRUE(tensor.eq(1).all().item<bool>());
}

TEST(LoadModelState, TellsEveryDifferenceAndChangesNothing) {
  NamedState state = fitting_state();
  state[0].second = at::ones({2, 4});
  state[1].first = "bais";
  EXPECT_EQ(load_error(state),
            "a.pth: 3 tensors do not fit the model:\n"
            "  other shape: weight is (2x4), the model has (2x3)\n"
            "  missing: bias (2)\n"
            "  not in the model: bais (2); did you mean 'bias'?\n"
            "  Use the config that this checkpoint was trained with.");
}

TEST(LoadModelState, TellsOneDifferenceAsOne) {
  NamedState state = fitting_state();
  state.pop_back();
  EXPECT_EQ(load_error(state),
            "a.pth: 1 tensor does not fit the model:\n"
            "  missing: running_mean ()\n"
            "  Use the config that this checkpoint was trained with.");
}

TEST(LoadModelState, ShortensALongList) {
  NamedState state = fitting_state();
  for (int i = 0; i < 20; ++i) state.emplace_back("extra" + std::to_string(i), at::ones({1}));
  const std::string message = load_error(state);
  EXPECT_EQ(message.substr(0, 42), "a.pth: 20 tensors do not fit the model:\n  ");
  EXPECT_NE(message.find("extra11 (1)\n  ... and 8 more\n  Use"), message.npos) << message;
}

Checkpoint tiny_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.skeleton_yaml = tiny_skeleton().to_yaml();
  checkpoint.class_names = {"walk", "run"};
  return checkpoint;
}

std::string task_error(const Skeleton& skeleton, const std::vector<std::string>& classes) {
  return thrown_message<DataError>(
      [&] { require_same_task(tiny_checkpoint(), "a.pth", skeleton, classes, "store.h5"); });
}

TEST(RequireSameTask, AcceptsTheSame) {
  EXPECT_EQ(task_error(tiny_skeleton(), {"walk", "run"}), "nothing thrown");
}

TEST(RequireSameTask, RefusesAnotherSkeleton) {
  EXPECT_EQ(task_error(shipped_skeleton("kinect20"), {"walk", "run"}),
            "a.pth: trained on the skeleton 'tiny' (7 joints); expected 'kinect20' (20 joints), as "
            "in store.h5\n"
            "  Use data of the same skeleton.");
}

TEST(RequireSameTask, RefusesAnotherSkeletonOfTheSameNameAndSize) {
  Skeleton other = tiny_skeleton();
  std::swap(other.joints[5], other.joints[6]);
  EXPECT_EQ(task_error(other, {"walk", "run"}),
            "a.pth: trained on another skeleton 'tiny' (7 joints) than that of store.h5, in its "
            "joints, bones or edges\n"
            "  Use data of the same skeleton.");
}

TEST(RequireSameTask, RefusesMoreClasses) {
  EXPECT_EQ(task_error(tiny_skeleton(), {"walk", "run", "jump"}),
            "a.pth: trained on 2 classes; expected the 3 of store.h5\n"
            "  Use data with the same classes in the same order.");
}

TEST(RequireSameTask, RefusesClassesInAnotherOrder) {
  EXPECT_EQ(task_error(tiny_skeleton(), {"run", "walk"}),
            "a.pth: class 0 is 'walk'; expected 'run', as in store.h5\n"
            "  Use data with the same classes in the same order.");
}

TEST(ReadCheckpoint, KeepsLossAndGenerators) {
  const TempDir folder;
  Checkpoint checkpoint = tiny_checkpoint();
  checkpoint.loss = {{"centres", at::tensor({1.5, 2.5})}};
  checkpoint.rng = at::ones({4}, at::kByte);
  checkpoint.device_rng = at::zeros({2}, at::kByte);
  write_checkpoint(folder / "a.pth", checkpoint);
  const Checkpoint read = read_checkpoint(folder / "a.pth");
  ASSERT_EQ(read.loss.size(), 1u);
  EXPECT_EQ(read.loss[0].first, "centres");
  EXPECT_TRUE(at::equal(read.loss[0].second, checkpoint.loss[0].second));
  EXPECT_TRUE(at::equal(read.rng, checkpoint.rng));
  EXPECT_TRUE(at::equal(read.device_rng, checkpoint.device_rng));
}

TEST(ReadCheckpoint, RefusesOtherFilesOfTorch) {
  const TempDir folder;
  write_checkpoint_file(folder / "a.pth", CheckpointMap{{"state_dict", CheckpointMap{}}});
  EXPECT_EQ(thrown_message<DataError>([&] { read_checkpoint(folder / "a.pth"); }),
            (folder / "a.pth").string() +
                ": no text 'format'; expected a Kinegraph checkpoint\n"
                "  Is the file damaged, or made by another program?");
}

TEST(ReadCheckpoint, RefusesAnotherVersion) {
  const TempDir folder;
  write_checkpoint_file(folder / "a.pth", CheckpointMap{{"format", "kinegraph checkpoint 9"}});
  EXPECT_EQ(thrown_message<DataError>([&] { read_checkpoint(folder / "a.pth"); }),
            (folder / "a.pth").string() +
                ": the format 'kinegraph checkpoint 9'; expected 'kinegraph checkpoint 1'\n"
                "  Use the version that wrote it.");
}

/// The error of a checkpoint whose training state is altered; without the path in front.
std::string training_error(const std::string& key, const CheckpointValue& value) {
  const TempDir folder;
  write_checkpoint(folder / "a.pth", tiny_checkpoint());
  CheckpointValue root = read_checkpoint_file(folder / "a.pth");
  for (auto& [name, entry] : *std::get_if<CheckpointMap>(&root.data))
    if (name == "training")
      for (auto& [inner, content] : *std::get_if<CheckpointMap>(&entry.data)) {
        if (inner == key) content = value;
        if (auto* sums = std::get_if<CheckpointMap>(&content.data))
          for (auto& [sum, number] : *sums)
            if (sum == key) number = value;
      }
  return thrown_message<DataError>([&] { to_checkpoint(root, "a.pth"); });
}

constexpr char kAnother[] = "\n  The file is damaged; use another checkpoint of the run.";

TEST(ReadCheckpoint, RefusesCountsOutOfRange) {
  EXPECT_EQ(training_error("epoch", int64_t{-1}),
            std::string("a.pth: 'epoch': -1; expected 0..2147483648") + kAnother);
  EXPECT_EQ(training_error("batch", INT64_MAX),
            std::string("a.pth: 'batch': 9223372036854775807; expected 0..2147483648") + kAnother);
}

TEST(ReadCheckpoint, RefusesSumsThatAreNoNumber) {
  EXPECT_EQ(training_error("loss", at::zeros({2})),
            std::string("a.pth: 'loss': a tensor; expected one real number") + kAnother);
}

TEST(RestoreGenerator, RefusesAStateOfAnotherSize) {
  const std::string message = thrown_message<DataError>([&] {
    restore_generator(at::detail::getDefaultCPUGenerator(), at::zeros({3}, at::kByte), "a.pth");
  });
  EXPECT_EQ(message.rfind("a.pth: no state of a random generator (", 0), 0u) << message;
}

}  // namespace
}  // namespace kinegraph
