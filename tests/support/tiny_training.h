// Trainings of the tiny experiment inside the test's own process.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/run/experiment.h"
#include "tests/support/tiny_experiment.h"

namespace kinegraph {

/// Calls a function after every iteration.
class IterationHook : public Hook {
 public:
  explicit IterationHook(std::function<void(Trainer&)> action) : action_(std::move(action)) {}
  void after_iteration(Trainer& trainer) override { action_(trainer); }

 private:
  std::function<void(Trainer&)> action_;
};

using Overrides = std::vector<std::string>;

inline std::unique_ptr<Trainer> make_trainer(const TinyExperiment& experiment,
                                             const std::string& run_dir,
                                             const Overrides& overrides = {},
                                             std::function<void(Trainer&)> action = {}) {
  const auto dir = experiment / run_dir;
  std::filesystem::create_directories(dir);
  TrainerParts parts = build_training(load_config(experiment.config(), "", overrides), dir);
  if (action) parts.hooks.push_back(std::make_shared<IterationHook>(std::move(action)));
  return std::make_unique<Trainer>(std::move(parts));
}

inline std::unique_ptr<Trainer> trained(const TinyExperiment& experiment,
                                        const std::string& run_dir,
                                        const Overrides& overrides = {}) {
  auto trainer = make_trainer(experiment, run_dir, overrides);
  trainer->run();
  return trainer;
}

/// Interrupts the run, as Ctrl-C does, when `iteration` is done.
inline std::function<void(Trainer&)> interrupt_after(int64_t iteration) {
  // Background jobs of scripts start with SIGINT ignored.
  std::signal(SIGINT, SIG_DFL);
  return [iteration](Trainer& trainer) {
    if (trainer.state().iteration == iteration) std::raise(SIGINT);
  };
}

using NamedState = std::vector<std::pair<std::string, at::Tensor>>;

/// Of all parameters and buffers.
inline void expect_bit_equal(const NamedState& a, const NamedState& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_TRUE(at::equal(a[i].second, b[i].second)) << a[i].first;
  }
}

inline bool is_bit_equal(const NamedState& a, const NamedState& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (!at::equal(a[i].second, b[i].second)) return false;
  return true;
}

/// The lines of a log without what depends on the clock.
inline std::vector<nlohmann::json> log_of(const std::filesystem::path& run_dir) {
  std::ifstream stream(run_dir / "log.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string text; std::getline(stream, text);) {
    lines.push_back(nlohmann::json::parse(text));
    for (const char* key : {"data_s", "step_s", "peak_mib", "seconds", "clips_per_s"})
      lines.back().erase(key);
  }
  return lines;
}

}  // namespace kinegraph
