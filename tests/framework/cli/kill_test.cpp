// What is left of a run that dies, and that it can go on from there to the same bits.
#include <gtest/gtest.h>

#include "framework/run/checkpoint_difference.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// With dropout and augmentation; twelve batches an epoch, and a checkpoint after every five.
class DyingRun : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  DyingRun() {
    TinyStore().write(folder_ / "store.h5");
    folder_.write("tiny.yaml", tiny_config("store.h5"));
  }

  static Words training(const std::string& run_dir) {
    return {"train",
            "--config",
            "tiny.yaml",
            "--work-dir",
            run_dir,
            "--threads",
            "1",
            "--set",
            "train.epochs=20",
            "--set",
            "data.batch_size=2",
            "--set",
            "hooks=[{type: checkpoint, interval_iterations: 5}]"};
  }

  Outcome run(const Words& words) const { return run_program(words, folder_.path()); }

  TrainingState saved() const { return read_checkpoint(folder_ / "killed/last.pth").state; }

  TempDir folder_;
};

TEST_F(DyingRun, KilledInAnEpochGoesOnToTheSameBits) {
  ASSERT_EQ(run(training("whole")).exit_code, 0);
  Program program(training("killed"), folder_.path());
  ASSERT_TRUE(program.wait_until([&] {
    return fs::exists(folder_ / "killed/last.pth") && saved().iteration > 12 && saved().batch > 0;
  }));
  program.send(SIGKILL);
  EXPECT_EQ(program.finish().exit_code, 128 + SIGKILL);
  const int64_t iteration = saved().iteration;
  ASSERT_GT(iteration, 12);
  ASSERT_LT(iteration, 240);

  const Outcome resumed = run({"train", "--resume", "killed", "--threads", "1"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_NE(resumed.err.find(", iteration " + std::to_string(iteration) + "\n"), std::string::npos)
      << resumed.err;
  const Outcome compared = run({"compare", "whole/last.pth", "killed/last.pth"});
  EXPECT_EQ(compared.exit_code, 0) << compared.out;
  EXPECT_EQ(run({"compare", "whole/best.pth", "killed/best.pth"}).exit_code, 0);
}

TEST_F(DyingRun, CompareTellsWhatDiffers) {
  ASSERT_EQ(run(training("whole")).exit_code, 0);
  Words other = training("other");
  other.insert(other.end(), {"--set", "seed=6"});
  ASSERT_EQ(run(other).exit_code, 0);
  const Outcome outcome = run({"compare", "whole/last.pth", "other/last.pth"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out.rfind("part               values  different\n", 0), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("\nrandom generators       1          1\n"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("\nrandom generators:\n  CPU\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.substr(outcome.out.size() - 11), "\ndifferent\n");
}

/// A file system of its own, which only the program sees, and what is in it at the end.
class FullDisk : public DyingRun {
 protected:
  Outcome train_on(uintmax_t bytes) const {
    const std::string script =
        "cd '" + folder_.path().string() +
        "' && mkdir disk kept && mount -t tmpfs -o size=" + std::to_string(bytes) +
        " none disk || exit 99\n\"$@\" >out 2>err\ncode=$?\n"
        "cp -r disk/. kept\nexit $code";
    ::setenv("KINEGRAPH_HOME", source_dir().c_str(), 1);
    folder_.write("script", script);
    Words words = training("disk/run");
    words.back() = "hooks=[checkpoint]";
    std::string command =
        "unshare -rm sh '" + (folder_ / "script").string() + "' '" + program_path().string() + "'";
    for (const auto& word : words) command += " '" + word + "'";
    const int status = std::system((command + " 2>/dev/null").c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return {code, "", fs::exists(folder_ / "err") ? read_file(folder_ / "err") : ""};
  }
};

TEST_F(FullDisk, LeavesTheOldCheckpoint) {
  if (std::system("unshare -rm true 2>/dev/null") != 0)
    GTEST_SKIP() << "unshare(1) may not make a mount namespace here";
  Words words = training("usual");
  words.insert(words.end(), {"--set", "train.epochs=1"});
  ASSERT_EQ(run(words).exit_code, 0);
  // Room for config.yaml, best.pth and last.pth, but for no third checkpoint beside them.
  const Outcome outcome = train_on(fs::file_size(folder_ / "usual/last.pth") * 5 / 2 + 8192);
  if (outcome.exit_code == 99) GTEST_SKIP() << "mount(8) may not mount a tmpfs here";
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find(".pth: cannot write it: No space left on device\n"
                             "  Check the path, the permissions and the free space.\n"),
            outcome.err.npos)
      << outcome.err;
  EXPECT_EQ(read_checkpoint(folder_ / "kept/run/last.pth").state.epoch, 1);
  for (const auto& entry : fs::directory_iterator(folder_ / "kept/run"))
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
}

}  // namespace
}  // namespace kinegraph
