// The installed program and library, as others meet them: no checkout and no environment helps.
#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

#include "framework/base/file.h"
#include "framework/run/classifier.h"
#include "tests/support/paths.h"
#include "tests/support/tiny_training.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// What `command` prints when it is run in /; it must succeed.
std::string output_of(const std::string& command) {
  const TempDir folder;
  const std::string output = (folder / "output").string();
  const int status = std::system(
      fmt::format("cd / && unset KINEGRAPH_HOME && ({}) > '{}' 2>&1", command, output).c_str());
  EXPECT_EQ(status, 0) << command << "\n" << read_file(output);
  return read_file(output);
}

/// Installed once for all tests.
class Installed : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    output_of(fmt::format("cmake --install '{}' --prefix '{}'",
                          program_path().parent_path().string(), prefix()));
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string prefix() { return (*folder_ / "prefix").string(); }
  static std::string installed(const std::string& words) {
    return output_of("'" + prefix() + "/bin/kinegraph' " + words);
  }

  static TempDir* folder_;
};

TempDir* Installed::folder_ = nullptr;

TEST_F(Installed, ProgramFindsItsConfigs) {
  const std::string config = installed("config configs/stgcn/nw_ucla.yaml");
  EXPECT_NE(config.find(prefix() + "/share/kinegraph/configs/stgcn/nw_ucla.yaml:"), config.npos)
      << config;
}

TEST_F(Installed, ProgramFindsItsSkeletons) {
  EXPECT_EQ(installed("describe skeleton ntu25").rfind("skeleton ntu25\n", 0), 0u);
}

TEST_F(Installed, LibraryClassifiesAClipInAnotherProgram) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a plain program cannot load a library with sanitizers";
#endif
  const TinyExperiment experiment;
  trained(experiment, "run", {"model.heads.logits={type: gcn, init_std: 1}"});
  const std::string checkpoint = (experiment / "run/last.pth").string();
  const Clip clip = TinyStore().clip(30);
  std::ostringstream text;
  text.precision(17);
  text << "1 8 7 3\n";
  for (const double value : clip.keypoints) text << value << ' ';
  const fs::path input = experiment.folder().write("clip.txt", text.str());

  const std::string build = (*folder_ / "build").string();
  output_of(fmt::format("cmake -S '{}/tests/install' -B '{}' -G Ninja -DCMAKE_PREFIX_PATH='{}'",
                        source_dir().string(), build, prefix()));
  output_of(fmt::format("cmake --build '{}'", build));
  const std::string printed =
      output_of(fmt::format("'{}/classify' '{}' < '{}'", build, checkpoint, input.string()));

  Sample sample;
  sample.keypoints.resize(1, 8, 7, 3);
  sample.keypoints.values = clip.keypoints;
  std::ostringstream expected;
  for (const auto& [name, probability] : Classifier(checkpoint, "cpu").top_k(sample, 5))
    expected << name << ' ' << probability << '\n';
  EXPECT_EQ(printed, expected.str());
}

}  // namespace
}  // namespace kinegraph
