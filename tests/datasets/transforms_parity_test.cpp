// Every case of golden/transforms.h5, made with PYSKL and MMAction2, against our transforms.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/numpy_random.h"
#include "framework/io/hdf5.h"
#include "tests/support/golden.h"
#include "tests/support/parity_log.h"
#include "tests/support/paths.h"
#include "tests/support/python_random.h"
#include "tests/support/toy_clips.h"

namespace fs = std::filesystem;
using nlohmann::json;

namespace kinegraph {
namespace {

/// NumPy's stream; integers come from Python's for crops, as the originals draw their places.
class PublishedStreams : public RandomSource {
 public:
  PublishedStreams(uint32_t seed, bool integers_are_pythons)
      : numpy_(seed), python_(seed), integers_are_pythons_(integers_are_pythons) {}

  double uniform() override { return numpy_.uniform(); }
  double normal() override { return numpy_.normal(); }
  int64_t integer(int64_t low, int64_t high) override {
    return integers_are_pythons_ ? python_.integer(low, high) : numpy_.integer(low, high);
  }

 private:
  NumpyRandom numpy_;
  PythonRandom python_;
  bool integers_are_pythons_;
};

Skeleton skeleton_of(int64_t joints) {
  static const std::map<int64_t, std::string> kFiles{
      {25, "ntu25"}, {17, "coco17"}, {18, "openpose18"}, {21, "hand21"}};
  const auto found = kFiles.find(joints);
  if (found == kFiles.end()) return leg_skeleton();
  return Skeleton::load((source_dir() / "datasets/skeletons" / (found->second + ".yaml")).string());
}

/// Steps of ours for one of theirs; none where ours needs none.
class StepMap {
 public:
  StepMap(std::string repo, const json& results_in, const Skeleton& skeleton)
      : repo_(std::move(repo)), results_in_(results_in), skeleton_(skeleton) {}

  static bool is_heatmap(const json& step) {
    return step["type"] == "GeneratePoseTarget" || step["type"] == "FormatShape";
  }
  static bool is_sampling(const json& step) {
    const std::string type = step["type"];
    return type.find("Sample") != std::string::npos;
  }

  std::vector<json> ours(const json& step) const {
    const std::string type = step["type"];
    if (type == "PoseDecode") return pose_decode();
    // Theirs appends the scores after sampling, as our streams do.
    if (type == "UniformSampleDecode") return {sampling(step), with_compat({{"type", "stream"}})};
    return {single(step)};
  }

 private:
  json single(const json& step) const {
    const std::string type = step["type"];
    if (type == "PreNormalize3D") return pre_normalize_3d(step);
    if (type == "PreNormalize2D") return pre_normalize_2d(step);
    if (type == "GenSkeFeat" || type == "JointToBone" || type == "ToMotion") return stream(step);
    if (is_sampling(step)) return sampling(step);
    if (type == "FormatGCNInput") return format_gcn(step);
    if (type == "PadTo")
      return json{{"type", "pad"}, {"length", step["length"]}, {"mode", step["mode"]}};
    if (type.rfind("Random", 0) == 0) return random(step);
    return image(step);
  }

  json with_compat(json step) const {
    step["compat"] = repo_;
    return step;
  }
  /// Copies the options that we call the same.
  static void copy(const json& from, const std::vector<std::string>& names, json& to) {
    for (const auto& name : names)
      if (from.contains(name)) to[name] = from[name];
  }

  json pre_normalize_3d(const json& step) const {
    json made{{"type", "pre_normalize_3d"}};
    copy(step, {"align_center", "align_spine"}, made);
    if (step.contains("align_shoulder")) made["align_shoulders"] = step["align_shoulder"];
    const auto names = [&](const json& joints) {
      json list;
      for (const int64_t joint : joints) list.push_back(skeleton_.joints.at(joint));
      return list;
    };
    if (step.contains("zaxis")) made["spine"] = names(step["zaxis"]);
    if (step.contains("xaxis")) made["shoulders"] = names(step["xaxis"]);
    return with_compat(made);
  }

  json pre_normalize_2d(const json& step) const {
    json made{{"type", "pre_normalize_2d"}};
    copy(step, {"mode", "threshold"}, made);
    if (step.contains("img_shape")) {
      made["image_height"] = step["img_shape"][0];
      made["image_width"] = step["img_shape"][1];
    }
    return with_compat(made);
  }

  json stream(const json& step) const {
    static const std::map<std::string, std::string> kKinds{
        {"j", "joint"}, {"b", "bone"}, {"jm", "joint_motion"}, {"bm", "bone_motion"}};
    json made{{"type", "stream"}};
    if (step["type"] == "JointToBone") made["kind"] = "bone";
    if (step["type"] == "ToMotion") {
      made["kind"] = "joint_motion";
      made["output"] = "motion";
    }
    if (step["type"] == "GenSkeFeat")
      for (const std::string feature : step["feats"]) made["kinds"].push_back(kKinds.at(feature));
    return with_compat(made);
  }

  json sampling(const json& step) const {
    const bool is_test = (step.contains("test_mode") && step["test_mode"]) ||
                         (results_in_.contains("test_mode") && results_in_["test_mode"]);
    json made{{"type", "uniform_sample"},
              {"clip_length", step["clip_len"]},
              {"num_clips", step["num_clips"]},
              {"mode", is_test ? "test" : "train"}};
    if (step["type"] == "SampleFrames") {
      made["type"] = "sample_frames";
      made["frame_interval"] = step["frame_interval"];
      return with_compat(made);
    }
    copy(step, {"p_interval"}, made);
    if (step["type"] == "UniformSampleDecode") made["short_start"] = "drawn";
    return with_compat(made);
  }

  /// Frames that a sampling step has chosen are there already.
  std::vector<json> pose_decode() const {
    if (!results_in_.contains("frame_inds")) return {};
    json made{{"type", "select_frames"}, {"rule", "listed"}};
    for (const int64_t frame : results_in_["frame_inds"])
      made["frames"].push_back(frame + results_in_.value("offset", 0));
    return {made};
  }

  json format_gcn(const json& step) const {
    json made{{"type", "format_gcn"}, {"num_persons", step["num_person"]}};
    if (step.contains("mode")) made["pad"] = step["mode"];
    return with_compat(made);
  }

  json random(const json& step) const {
    static const std::map<std::string, std::string> kNames{
        {"RandomRot", "random_rotation"},
        {"RandomScale", "random_scale"},
        {"RandomGaussianNoise", "random_gaussian_noise"},
        {"RandomResizedCrop", "random_resized_crop"}};
    json made{{"type", kNames.at(step["type"])}};
    copy(step, {"theta", "scale", "sigma", "base", "shared"}, made);
    if (step.contains("area_range")) made["area"] = step["area_range"];
    const bool has_compat =
        made["type"] == "random_rotation" || made["type"] == "random_resized_crop";
    return has_compat ? with_compat(made) : made;
  }

  json image(const json& step) const {
    const std::string type = step["type"];
    json made;
    if (type == "CenterCrop") {
      made = with_compat({{"type", "center_crop"}});
      made["width"] = made["height"] = step["crop_size"];
    } else if (type == "PoseCompact") {
      made["type"] = "pose_compact";
      copy(step, {"padding", "threshold", "allow_imgpad"}, made);
      if (step.contains("hw_ratio"))
        made["hw_ratio"] = step["hw_ratio"].is_array() ? step["hw_ratio"] : json{step["hw_ratio"]};
    } else if (type == "Resize") {
      made["type"] = "resize";
      copy(step, {"keep_ratio"}, made);
      if (!step["scale"].is_array())
        made["factor"] = step["scale"];
      else if (step["scale"][0] == -1)
        made["short_side"] = step["scale"][1];
      else
        made["size"] = step["scale"];
    } else if (type == "Flip") {
      made = {{"type", "flip"},
              {"probability", step["flip_ratio"]},
              {"swap_joints", step.contains("left_kp")}};
      if (step.contains("left_kp")) expect_pairs(step["left_kp"], step["right_kp"]);
    } else {
      ADD_FAILURE() << "no transform of ours for " << step;
    }
    return made;
  }

  void expect_pairs(const json& left, const json& right) const {
    std::vector<JointPair> pairs;
    for (size_t i = 0; i < left.size(); ++i) pairs.emplace_back(left[i], right[i]);
    std::sort(pairs.begin(), pairs.end());
    EXPECT_EQ(pairs, skeleton_.left_right);
  }

  std::string repo_;
  const json& results_in_;
  const Skeleton& skeleton_;
};

enum class Outcome { ran, pending };

/// One group "/<repo>/<transform>/<case>".
class Case {
 public:
  Case(const Hdf5File& file, std::string repo, std::string transform, const std::string& name)
      : file_(file),
        repo_(std::move(repo)),
        transform_(std::move(transform)),
        path_(repo_ + "/" + transform_ + "/" + name) {
    results_in_ = json::parse(attribute("results_in"));
    // Cases of PYSKL's JointToBone are a direct call; the case is named after the data set.
    steps_ = file.has_attribute(path_, "transforms")
                 ? json::parse(attribute("transforms"))
                 : json::array({{{"type", transform_}, {"dataset", name}}});
  }

  const std::string& path() const { return path_; }

  Outcome compare() {
    if (std::any_of(steps_.begin(), steps_.end(), StepMap::is_heatmap)) return Outcome::pending;
    sample_ = make_input();
    const bool fails = file_.has_attribute(path_, "error");
    // MMAction2 knows no hand skeleton; ours has no such limit and does what PYSKL does.
    const bool only_they_fail =
        fails && attribute("error").find("handmp is not supported") != std::string::npos;
    if (fails && !only_they_fail) {
      EXPECT_THROW(run(), Error) << attribute("error");
      return Outcome::ran;
    }
    run();
    const std::string golden = only_they_fail ? "pyskl" + path_.substr(repo_.size()) : path_;
    for (const auto& name : file_.list(golden)) {
      SCOPED_TRACE(name);
      compare_output(golden + "/" + name, name);
    }
    return Outcome::ran;
  }

  double worst() const { return worst_; }

 private:
  std::string attribute(const std::string& name) const {
    return file_.read_attribute<std::string>(path_, name);
  }

  Sample make_input() {
    if (!results_in_.contains("keypoint")) return counting_clip(results_in_["total_frames"]);
    const std::string path = input_path("keypoint");
    const auto array = file_.read<double>(path);
    Sample sample =
        toy_clip(array.shape[0], array.shape[1], array.shape[2], array.shape[3], array.values);
    sample.precision =
        file_.inspect(path).type == ElementType::float16 ? Precision::float16 : Precision::float32;
    if (results_in_.contains("keypoint_score"))
      sample.scores = file_.read<double>(input_path("keypoint_score")).values;
    if (results_in_.contains("img_shape")) {
      sample.image_height = results_in_["img_shape"][0];
      sample.image_width = results_in_["img_shape"][1];
    }
    sample.num_clips = results_in_.value("num_clips", 1);
    sample.has_score_channel = array.shape[2] == 21;  // the hand is x, y, score
    return sample;
  }

  std::string input_path(const std::string& key) const {
    return "input/" + results_in_[key].get<std::string>().substr(1);
  }

  void run() {
    const bool has_crop = std::any_of(steps_.begin(), steps_.end(), [](const json& step) {
      return step["type"] == "RandomResizedCrop";
    });
    const int64_t seed =
        file_.has_attribute(path_, "seed") ? file_.read_attribute<int64_t>(path_, "seed") : 0;
    PublishedStreams random(static_cast<uint32_t>(seed), has_crop);
    const Skeleton skeleton = skeleton_of(sample_.keypoints.joints);
    const StepMap map(repo_, results_in_, skeleton);
    for (const auto& step : steps_) {
      if (StepMap::is_sampling(step)) number_frames();
      make_pipeline(json(map.ours(step)).dump(), skeleton).apply(sample_, random);
    }
  }

  /// They count among the frames that reach the sampling step, from start_index on.
  void number_frames() {
    sample_.frame_indices.clear();
    if (const int64_t start = results_in_.value("start_index", 0))
      for (int64_t t = 0; t < sample_.keypoints.frames; ++t)
        sample_.frame_indices.push_back(start + t);
  }

  void compare_output(const std::string& path, const std::string& name) {
    const auto expected = read_numbers(file_, path);
    if (name == "keypoint")
      expect_keypoints(expected, sample_.keypoints);
    else if (name == "motion")
      expect_keypoints(expected, sample_.extra_input("motion"));
    else if (name == "keypoint_score")
      expect_near(expected.values, sample_.scores);
    else if (name == "frame_inds")
      EXPECT_EQ(expected.values,
                Doubles(sample_.frame_indices.begin(), sample_.frame_indices.end()));
    else if (name == "total_frames")
      EXPECT_EQ(expected.values[0], static_cast<double>(sample_.keypoints.frames));
    else if (name == "img_shape")
      EXPECT_EQ(expected.values, (Doubles{height(), width()}));
    else if (name == "crop_quadruple")
      expect_near(expected.values, {sample_.crop.begin(), sample_.crop.end()});
    else if (name == "crop_bbox")
      expect_near(expected.values, crop_in_pixels());
    else if (name == "scale_factor")
      expect_near(expected.values, {width() / input_width(), height() / input_height()});
    else
      // The centre that was subtracted is in the keypoints; no later step reads it.
      EXPECT_EQ(name, "body_center") << "an output that is not compared";
  }

  double width() const { return static_cast<double>(sample_.image_width); }
  double height() const { return static_cast<double>(sample_.image_height); }
  double input_width() const { return results_in_["img_shape"][1]; }
  double input_height() const { return results_in_["img_shape"][0]; }

  Doubles crop_in_pixels() const {
    const auto& crop = sample_.crop;
    return {crop[0] * input_width(), crop[1] * input_height(), (crop[0] + crop[2]) * input_width(),
            (crop[1] + crop[3]) * input_height()};
  }

  /// Theirs is (M, T, V, C), or (clips, M, T, V, C) as a model takes it.
  void expect_keypoints(const Hdf5Array<double>& expected, const KeypointArray& x) {
    const Integers shape = expected.shape;
    if (shape.size() == 4) {
      ASSERT_EQ(shape, (Integers{x.persons, x.frames, x.joints, x.channels}));
      return expect_near(expected.values, x.values);
    }
    const int64_t clips = sample_.num_clips, length = x.frames / clips;
    ASSERT_EQ(shape, (Integers{clips, x.persons, length, x.joints, x.channels}));
    Doubles ordered;
    for (int64_t clip = 0; clip < clips; ++clip)
      for (int64_t m = 0; m < x.persons; ++m)
        ordered.insert(ordered.end(), x.frame(m, clip * length),
                       x.frame(m, clip * length) + length * x.joints * x.channels);
    expect_near(expected.values, ordered);
  }

  void expect_near(const Doubles& expected, const Doubles& ours) {
    ASSERT_EQ(expected.size(), ours.size());
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      const double error =
          std::abs(expected[i] - ours[i]) / std::max(std::abs(expected[i]), kSmall);
      worst_ = std::max(worst_, error);
      if (error <= 1e-6) continue;  // false for NaN
      if (wrong++ == 0) first = i;
    }
    EXPECT_EQ(wrong, 0U) << "of " << expected.size() << " values; value " << first << " is "
                         << ours[first] << ", theirs " << expected[first];
  }

  static constexpr double kSmall = 1e-9;

  const Hdf5File& file_;
  std::string repo_, transform_, path_;
  json results_in_, steps_;
  Sample sample_;
  double worst_ = 0;
};

TEST(TransformsParity, EveryPublishedCaseIsReproduced) {
  const fs::path path = shared_dir() / "golden/transforms.h5";
  if (!fs::exists(path)) GTEST_SKIP() << "no " << path << "; set KINEGRAPH_SHARED_DIR";
  const Hdf5File file = Hdf5File::open(path);
  int ran = 0, pending = 0;
  double worst = 0;
  for (const std::string repo : {"pyskl", "mmaction2"})
    for (const auto& transform : file.list(repo))
      for (const auto& name : file.list(repo + "/" + transform)) {
        Case golden(file, repo, transform, name);
        SCOPED_TRACE(golden.path());
        const Outcome outcome = golden.compare();
        (outcome == Outcome::ran ? ran : pending) += 1;
        worst = std::max(worst, golden.worst());
      }
  std::cout << "largest relative error " << worst << "\n";
  log_parity("transforms", ran, pending, 0);
}

}  // namespace
}  // namespace kinegraph
