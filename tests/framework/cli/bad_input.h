// A folder with a tiny experiment that one thing is wrong with.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "framework/config/yaml.h"
#include "tests/support/run_program.h"
#include "tests/support/tiny_training.h"

namespace kinegraph {

/// Runs in the folder of the experiment, so that messages name files without it.
class BadInput : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  BadInput() { use({}); }

  /// Another store; its config lies beside it.
  void use(const TinyStore& store) const {
    store.write(folder_ / "store.h5");
    folder_.write("tiny.yaml", tiny_config("store.h5"));
  }

  /// Of the usual store, after the one epoch that the config asks for.
  void write_best() const {
    const TinyExperiment usual;
    const auto trainer = make_trainer(usual, "run", {"train.epochs=1"});
    Checkpoint checkpoint = trainer->snapshot();
    checkpoint.state.epoch = 1;
    checkpoint.state.iteration = 3;
    checkpoint.config_yaml =
        dump_yaml(load_config(folder_ / "tiny.yaml", "", {"train.epochs=1"}).resolved);
    write_checkpoint(folder_ / "best.pth", checkpoint);
  }

  Outcome run(const Words& words) const { return run_program(words, folder_.path()); }

  Outcome train(const Words& more = {}) const {
    Words words{"train", "--config", "tiny.yaml", "--work-dir", "work"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  Outcome test(const Words& more = {}) const {
    Words words{"test", "--config", "tiny.yaml", "--checkpoint", "best.pth", "--work-dir", "work"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  void TearDown() override {
    EXPECT_FALSE(std::filesystem::exists(folder_ / "work"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      EXPECT_NE(entry.path().extension(), ".part") << entry.path();
  }

  TempDir folder_;
};

}  // namespace kinegraph
