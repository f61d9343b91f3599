// Checkpoints that do not fit, and runs that cannot go on.
#include "framework/run/checkpoint_file.h"
#include "tests/framework/cli/bad_input.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using BadCheckpoint = BadInput;

TEST_F(BadCheckpoint, CheckpointOfOtherChannels) {
  write_best();
  const Outcome outcome = test({"--set", "model.backbone.channels=[8, 12]"});
  EXPECT_NE(outcome.err.find("error: best.pth: 20 tensors do not fit the model:\n"
                             "  other shape: backbone."),
            outcome.err.npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("\n  Use the config that this checkpoint was trained with.\n"),
            outcome.err.npos);
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST_F(BadCheckpoint, CheckpointOfAnotherSkeleton) {
  write_best();
  TinyStore store;
  store.skeleton = shipped_skeleton("kinect20");
  use(store);
  expect_error(test(),
               "best.pth: trained on the skeleton 'tiny' (7 joints); expected 'kinect20' (20 "
               "joints), as in store.h5\n"
               "  Use data of the same skeleton.");
}

TEST_F(BadCheckpoint, CheckpointOfOtherClasses) {
  write_best();
  TinyStore store;
  store.classes[1] = "hop";
  use(store);
  expect_error(test(),
               "best.pth: class 1 is 'run'; expected 'hop', as in store.h5\n"
               "  Use data with the same classes in the same order.");
}

TEST_F(BadCheckpoint, TruncatedCheckpoint) {
  write_best();
  fs::resize_file(folder_ / "best.pth", 3000);
  expect_error(test(),
               "best.pth: byte 3000: the directory of a zip file is missing; expected a file of "
               "torch.save\n"
               "  The file is damaged or incomplete; download or write it again.");
}

TEST_F(BadCheckpoint, FileThatIsNoCheckpoint) {
  folder_.write("best.pth", "These are no weights, but they are long enough.");
  expect_error(test(),
               "best.pth: neither a zip file nor a pickle; expected a checkpoint of torch.save\n"
               "  Is this the right file, and was it downloaded completely?");
}

TEST_F(BadCheckpoint, CheckpointOfAnotherProgram) {
  write_checkpoint_file(folder_ / "best.pth", CheckpointMap{{"epoch", 3}});
  expect_error(test(),
               "best.pth: only 'epoch'; expected tensors by name, bare or under 'state_dict' or "
               "'model'\n"
               "  Save the model's state_dict() in Python with torch.save.");
}

TEST_F(BadCheckpoint, ResumeWithAnOptionThatTheRunBrings) {
  for (const std::string option : {"config", "seed"})
    expect_error(run({"train", "--resume", "best.pth", "--" + option, "1"}),
                 "--resume takes the config and the folder of the run it goes on with; leave out "
                 "--" +
                     option + "\n  --set changes values of the config");
}

TEST_F(BadCheckpoint, ResumeOfNothing) {
  expect_error(run({"train", "--resume", "nothing"}),
               "nothing: cannot open it: No such file or directory\n"
               "  Check the path and the permissions.");
}

}  // namespace
}  // namespace kinegraph
