// The parts of a model. Tensors: N clips, M persons, T frames, V joints, C channels.
#pragma once

#include <torch/nn/module.h>

#include <map>
#include <string>
#include <vector>

#include "framework/registry/registry.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

using NamedTensors = std::map<std::string, at::Tensor>;

/// What a backbone learns from the data; never written in a config.
struct InputShape {
  int64_t persons = 1, frames = 0, joints = 0, channels = 3;
};

/// Named inputs to named features.
class Backbone : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "backbone";
  struct Context {
    Skeleton skeleton;
    std::map<std::string, InputShape> inputs;  // by name; "keypoints" is always there

    /// Throws ConfigError naming the inputs there are.
    const InputShape& input(const std::string& name) const;
  };

  /// Names of the inputs it reads; a data set that lacks one is refused before training.
  virtual std::vector<std::string> input_names() const { return {"keypoints"}; }

  /// Channels of each feature that forward() returns.
  virtual std::map<std::string, int64_t> feature_channels() const = 0;

  /// inputs: each (N, M, T, V, C) -> features: each (N, M, C', T', V').
  virtual NamedTensors forward(const NamedTensors& inputs) = 0;
};

/// One feature to one output.
class Head : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "head";
  struct Context {
    std::map<std::string, int64_t> feature_channels;
    int64_t num_classes = 0;
  };

  /// features -> logits (N, K).
  virtual at::Tensor forward(const NamedTensors& features) = 0;
};

/// Outputs to one number.
class Loss : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "loss";
  struct Context {
    int64_t num_classes = 0;
  };

  /// outputs: head name -> (N, K); score: (N, K), the heads combined as the model's score rule
  /// says; labels: (N) int64. Returns a 0-d tensor.
  virtual at::Tensor forward(const NamedTensors& outputs, const at::Tensor& score,
                             const at::Tensor& labels) = 0;
};

/// The channels of `feature`; throws ConfigError naming the features there are.
int64_t channels_of(const std::map<std::string, int64_t>& feature_channels,
                    const std::string& feature);

}  // namespace kinegraph
