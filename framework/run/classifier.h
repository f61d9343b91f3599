// A trained model for clips in memory: what a program of one's own needs.
//
//   kinegraph::Classifier classifier("best.pth");
//   kinegraph::Sample clip;
//   clip.keypoints.resize(persons, frames, classifier.skeleton().joint_count(), channels);
//   // ... fill clip.keypoints.values ...
//   for (const auto& [name, probability] : classifier.top_k(clip, 5)) ...
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "framework/data/sample.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// The checkpoint alone suffices: config, preparation, skeleton and classes are inside.
///
/// A clip is given as an annotation store holds it, before any preparation: keypoints (M, T, V, C)
/// of any length, joints in the order of skeleton(), and scores where the model was trained with
/// them. It goes through the pipeline of the config's test split. Persons that a clip has fewer
/// than the training data are zeros, as in a store.
///
/// Not to be used by two threads at once. For speed call tune_allocator() and set_up_threads()
/// (framework/base/runtime.h) before.
class Classifier {
 public:
  /// `device` is auto, cpu, cuda or cuda:N. Throws DataError for a file that is no checkpoint,
  /// ConfigError for a device that is not there.
  explicit Classifier(const std::filesystem::path& checkpoint, const std::string& device = "auto");
  ~Classifier();
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;

  const Skeleton& skeleton() const;
  const std::vector<std::string>& class_names() const;

  /// (K), in the order of class_names(). Several test clips that the pipeline makes are averaged as
  /// the config says. A pipeline that draws random numbers draws the same for every clip.
  ///
  /// Throws DataError, naming `clip.id`, for other joints than the skeleton's, values that are
  /// missing or not finite, and a shape that the model was not trained on.
  std::vector<double> probabilities(const Sample& clip);

  /// The min(k, K) most probable classes with their probabilities, best first.
  std::vector<std::pair<std::string, double>> top_k(const Sample& clip, int64_t k);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kinegraph
