// NW-UCLA as CTR-GCN's feeder prepares it (shared/golden/ucla_pipeline.h5), made by the registered
// importer and by the pipelines of configs/base/nw_ucla.yaml.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "framework/config/compose.h"
#include "framework/data/dataset.h"
#include "tests/datasets/run_import.h"
#include "tests/support/golden.h"
#include "tests/support/parity_log.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tests/support/toy_clips.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr double kTolerance = 1e-6;

/// The shipped config with one stream, reading `store`.
class Recipe {
 public:
  Recipe(const std::string& store, const std::string& stream,
         const std::vector<std::string>& overrides = {}) {
    const fs::path config = source_dir() / "configs/base/nw_ucla.yaml";
    root_ = load_with_bases(config, diagnostics_);
    apply_stream(root_, stream, diagnostics_);
    for (const std::string split : {"train", "val"})
      apply_override(root_, fmt::format("data.{}.dataset.path={}", split, store), diagnostics_);
    for (const auto& each : overrides) apply_override(root_, each, diagnostics_);
    diagnostics_.throw_if_any();
  }

  std::shared_ptr<Dataset> dataset(const std::string& split) {
    Component<Dataset> component;
    component.read(*node(split)->find("dataset"), diagnostics_);
    diagnostics_.throw_if_any();
    return component.build({});
  }

  std::vector<Component<Transform>> steps(const std::string& split) {
    std::vector<Component<Transform>> steps;
    Codec<decltype(steps)>::read(*node(split)->find("pipeline"), steps, diagnostics_);
    diagnostics_.throw_if_any();
    return steps;
  }

 private:
  const Node* node(const std::string& split) const { return root_.find("data")->find(split); }

  Diagnostics diagnostics_;
  Node root_;
};

/// The step `type` of a pipeline with all options.
Node step_options(const std::vector<Component<Transform>>& steps, const std::string& type) {
  for (const auto& step : steps)
    if (step.type() == type) return step.resolved();
  ADD_FAILURE() << "no step " << type;
  return {};
}

double number(const Node& options, const std::string& key, size_t item) {
  return std::stod(options.find(key)->items.at(item).scalar);
}

/// The recorded draws of one training sample as overrides of the config.
std::vector<std::string> overrides_of(int64_t angle_x, int64_t angle_y, double scale,
                                      const Integers& frames) {
  const std::string pipeline = "data.train.pipeline.";
  return {fmt::format("{0}random_view.angle_x=[{1}, {1}]", pipeline, angle_x),
          fmt::format("{0}random_view.angle_y=[{1}, {1}]", pipeline, angle_y),
          fmt::format("{0}random_view.scale=[{1}, {1}]", pipeline, scale),
          fmt::format("{}select_frames.rule=listed", pipeline),
          fmt::format("{}select_frames.frames=[{}]", pipeline, fmt::join(frames, ", "))};
}

/// The rows of a matrix.
std::vector<Integers> rows_of(const Hdf5Array<int64_t>& matrix) {
  std::vector<Integers> rows;
  for (auto at = matrix.values.begin(); at != matrix.values.end(); at += matrix.shape.at(1))
    rows.emplace_back(at, at + matrix.shape.at(1));
  return rows;
}

/// The golden file beside a store of the same data.
class Feeder {
 public:
  Feeder(const fs::path& golden, const std::string& store)
      : file_(Hdf5File::open(golden)),
        store_(store),
        names_(file_.read_vector<std::string>("/clips/name")),
        agx_(file_.read_vector<int64_t>("/train/agx")),
        agy_(file_.read_vector<int64_t>("/train/agy")),
        scale_(file_.read_vector<double>("/train/scale")),
        frames_(file_.read<int64_t>("/train/frames")) {
    Recipe recipe(store_, "joint");
    skeleton_ = recipe.dataset("train")->info().skeleton;
    for (const std::string split : {"train", "val"}) read_split(split, *recipe.dataset(split));
  }

  /// Compares one array of the file; false when there is no such comparison.
  bool compare(const std::string& path) {
    const auto check = checks().find(path);
    if (check == checks().end()) return false;
    (this->*check->second)(path);
    return true;
  }

  static std::vector<std::string> compared_paths() {
    std::vector<std::string> paths;
    for (const auto& [path, check] : checks()) paths.push_back(path);
    return paths;
  }

 private:
  using Check = void (Feeder::*)(const std::string& path);

  static const std::map<std::string, Check>& checks() {
    static const std::map<std::string, Check> kChecks{
        {"/clips/name", &Feeder::compare_names},
        {"/clips/split", &Feeder::compare_splits},
        {"/clips/label", &Feeder::compare_labels},
        {"/clips/length", &Feeder::compare_lengths},
        {"/lists/train", &Feeder::compare_list},
        {"/lists/val", &Feeder::compare_list},
        {"/test/joint", &Feeder::compare_test_values},
        {"/test/bone", &Feeder::compare_test_values},
        {"/test/motion", &Feeder::compare_test_values},
        {"/test/bone_motion", &Feeder::compare_test_values},
        {"/test/frames", &Feeder::compare_test_frames},
        {"/test/frames_by_length", &Feeder::compare_frames_by_length},
        {"/train/joint", &Feeder::compare_train_values},
        {"/train/bone", &Feeder::compare_train_values},
        {"/train/motion", &Feeder::compare_train_values},
        {"/train/agx", &Feeder::compare_angles_x},
        {"/train/agy", &Feeder::compare_angles_y},
        {"/train/scale", &Feeder::compare_scales},
        {"/train/frames", &Feeder::compare_drawn_frames},
    };
    return kChecks;
  }

  void read_split(const std::string& split, const Dataset& dataset) {
    for (int64_t index = 0; index < dataset.size(); ++index) {
      Sample sample;
      dataset.read(index, sample);
      lists_[split].push_back(sample.id);
      split_of_[sample.id] = split;
      clips_[sample.id] = std::move(sample);
    }
  }

  /// The store's clip of golden clip i.
  const Sample& clip(size_t i) const { return clips_.at(names_[i]); }

  Sample prepared(size_t i, const std::vector<Component<Transform>>& steps) const {
    Sample sample = clip(i);
    Rng rng(0, 0, 0);
    Pipeline(steps, skeleton_).apply(sample, rng);
    return sample;
  }

  static std::string stream_of(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return name == "motion" ? "joint_motion" : name;
  }

  void compare_names(const std::string&) {
    for (const auto& name : names_) EXPECT_EQ(clips_.count(name), 1U) << name;
  }

  void compare_splits(const std::string& path) {
    const auto splits = file_.read_vector<std::string>(path);
    for (size_t i = 0; i < names_.size(); ++i) EXPECT_EQ(split_of_[names_[i]], splits.at(i));
  }

  void compare_labels(const std::string& path) {
    const auto labels = file_.read_vector<int64_t>(path);
    for (size_t i = 0; i < names_.size(); ++i) EXPECT_EQ(clip(i).labels, Integers{labels.at(i)});
  }

  void compare_lengths(const std::string& path) {
    const auto lengths = file_.read_vector<int64_t>(path);
    for (size_t i = 0; i < names_.size(); ++i) EXPECT_EQ(clip(i).keypoints.frames, lengths.at(i));
  }

  void compare_list(const std::string& path) {
    EXPECT_EQ(lists_[path.substr(path.rfind('/') + 1)], file_.read_vector<std::string>(path));
  }

  /// Golden arrays are (clip, C, T, V) float32; ours are one person (1, T, V, C), rounded to float
  /// as a batch is.
  void compare_values(const std::string& path, const std::vector<Sample>& samples) {
    const auto golden = file_.read<float>(path);
    const auto& shape = golden.shape;
    ASSERT_EQ(shape, (Integers{static_cast<int64_t>(samples.size()), 3, 52, 20}));
    int64_t wrong = 0;
    double largest = 0;
    auto value = golden.values.begin();
    for (const Sample& sample : samples) {
      ASSERT_EQ(sample.keypoints.shape_text(), "1x52x20x3 (M,T,V,C)");
      for (int64_t c = 0; c < shape[1]; ++c)
        for (int64_t t = 0; t < shape[2]; ++t)
          for (int64_t v = 0; v < shape[3]; ++v) {
            const auto ours = static_cast<float>(sample.keypoints.joint(0, t, v)[c]);
            const double error = std::abs(static_cast<double>(ours) - *value++);
            wrong += !(error <= kTolerance);  // true for NaN
            largest = std::max(largest, error);
          }
    }
    std::cout << fmt::format("{}: largest error {:.2g}\n", path, largest);
    EXPECT_EQ(wrong, 0) << "of " << golden.values.size() << " values";
  }

  void compare_test_values(const std::string& path) {
    const auto steps = Recipe(store_, stream_of(path)).steps("val");
    std::vector<Sample> samples;
    for (size_t i = 0; i < names_.size(); ++i) samples.push_back(prepared(i, steps));
    compare_values(path, samples);
  }

  void compare_train_values(const std::string& path) {
    const auto frames = rows_of(frames_);
    std::vector<Sample> samples;
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto draws = overrides_of(agx_.at(i), agy_.at(i), scale_.at(i), frames.at(i));
      samples.push_back(prepared(i, Recipe(store_, stream_of(path), draws).steps("train")));
    }
    compare_values(path, samples);
  }

  void compare_test_frames(const std::string& path) {
    const auto steps = Recipe(store_, "joint").steps("val");
    const auto golden = rows_of(file_.read<int64_t>(path));
    ASSERT_EQ(golden.size(), names_.size());
    for (size_t i = 0; i < names_.size(); ++i)
      EXPECT_EQ(prepared(i, steps).frame_indices, golden[i]) << names_[i];
  }

  void compare_frames_by_length(const std::string& path) {
    auto steps = Recipe(store_, "joint").steps("val");
    steps.erase(std::remove_if(steps.begin(), steps.end(),
                               [](const auto& step) { return step.type() != "select_frames"; }),
                steps.end());
    const Pipeline pipeline(steps, skeleton_);
    const auto golden = rows_of(file_.read<int64_t>(path));
    EXPECT_EQ(golden.size(), 256U);
    Rng rng(0, 0, 0);
    for (size_t i = 0; i < golden.size(); ++i) {
      Sample sample = counting_clip(static_cast<int64_t>(i) + 1);
      pipeline.apply(sample, rng);
      EXPECT_EQ(sample.frame_indices, golden[i]) << i + 1 << " frames";
    }
  }

  // The recorded draws are draws that the shipped pipeline can make, too.
  void compare_angles_x(const std::string&) { expect_within(agx_, "angle_x"); }
  void compare_angles_y(const std::string&) { expect_within(agy_, "angle_y"); }
  void compare_scales(const std::string&) { expect_within(scale_, "scale"); }

  template <class T>
  void expect_within(const std::vector<T>& draws, const std::string& option) {
    const Node view = step_options(Recipe(store_, "joint").steps("train"), "random_view");
    EXPECT_EQ(draws.size(), names_.size());
    for (const T draw : draws) {
      EXPECT_GE(draw, number(view, option, 0));
      EXPECT_LE(draw, number(view, option, 1));
    }
  }

  void compare_drawn_frames(const std::string&) {
    const Node choice = step_options(Recipe(store_, "joint").steps("train"), "select_frames");
    const auto rows = rows_of(frames_);
    ASSERT_EQ(rows.size(), names_.size());
    EXPECT_EQ(std::to_string(frames_.shape[1]), choice.find("num_frames")->scalar);
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_TRUE(std::is_sorted(rows[i].begin(), rows[i].end()));
      EXPECT_GE(rows[i].front(), 0);
      EXPECT_LT(rows[i].back(), clip(i).keypoints.frames);
    }
  }

  Hdf5File file_;
  std::string store_;
  std::vector<std::string> names_;
  Integers agx_, agy_;
  Doubles scale_;
  Hdf5Array<int64_t> frames_;
  Skeleton skeleton_;
  std::map<std::string, std::vector<std::string>> lists_;
  std::map<std::string, std::string> split_of_;
  std::map<std::string, Sample> clips_;
};

TEST(UclaParity, EveryArrayOfThePublishedFeederIsReproduced) {
  const fs::path golden = shared_dir() / "golden/ucla_pipeline.h5";
  const fs::path source = shared_dir() / "data/nw_ucla";
  if (!fs::exists(golden) || !fs::exists(source))
    GTEST_SKIP() << "no " << golden << " or " << source << "; set KINEGRAPH_SHARED_DIR";
  const TempDir folder;
  const std::string store = (folder / "nw_ucla.h5").string();
  EXPECT_EQ(run_import("nw_ucla", source, store).clips, 1484);
  Feeder feeder(golden, store);
  const auto paths = datasets_below(Hdf5File::open(golden));
  EXPECT_EQ(paths, Feeder::compared_paths());
  int ran = 0;
  for (const auto& path : paths) {
    SCOPED_TRACE(path);
    if (feeder.compare(path)) ++ran;
  }
  log_parity("pipelines", ran, 0, 0);
}

}  // namespace
}  // namespace kinegraph
