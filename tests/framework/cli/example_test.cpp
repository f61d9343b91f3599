// The example of one's own data, step by step as its README tells.

#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

TEST(StickFigureExample, RunsAsItsReadmeSays) {
  const TempDir folder;
  fs::copy(source_dir() / "datasets/examples/stick_figure", folder.path());
  const Outcome import = run_program(
      {"import", "csv", "clips.csv", "stick_figure.h5", "--set", "skeleton=stick_figure.yaml"},
      folder.path());
  EXPECT_EQ(import.exit_code, 0) << import.err;
  const Outcome doctor = run_program({"doctor", "stick_figure.h5"}, folder.path());
  EXPECT_EQ(doctor.out, "no findings in 20 clips\n");
  const Outcome show = run_program({"show", "stick_figure.h5", "--clip", "clip00"}, folder.path());
  EXPECT_EQ(show.out, "clip00.png\n") << show.err;
  const Outcome train =
      run_program({"train", "--config", "train.yaml", "--threads", "1"}, folder.path());
  EXPECT_EQ(train.exit_code, 0) << train.err;
  EXPECT_NE(train.out.find("Every clip is classified correctly."), train.out.npos) << train.out;
}

}  // namespace
}  // namespace kinegraph
