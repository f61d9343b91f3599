// Backbone + heads + the rule that makes the score.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/model/backbone.h"

namespace kinegraph {

/// How the outputs of the heads become the score that is tested: their mean or sum.
struct ScoreOptions {
  std::vector<std::string> outputs;
  std::string reduce = "mean";

  template <class Fields>
  void describe(Fields& field) {
    field("outputs", outputs, "heads that count; empty: all");
    field("reduce", reduce, "how their logits are combined", OneOf{{"mean", "sum"}});
  }
};

struct ModelOptions {
  Component<Backbone> backbone;
  NamedList<Component<Head>> heads;
  ScoreOptions score;
  Component<Loss> loss;

  template <class Fields>
  void describe(Fields& field) {
    field("backbone", backbone, "features from keypoints", Required{});
    field("heads", heads, "name -> head; their outputs carry these names", Required{});
    field("score", score, "how outputs become the tested score");
    field("loss", loss, "what training minimises", Required{});
  }
};

/// What the model takes over from the data.
struct ModelContext {
  Backbone::Context backbone;
  int64_t num_classes = 0;
};

/// State keys are `backbone.*` and `heads.<name>.*`.
class Recognizer : public torch::nn::Module {
 public:
  /// Throws ConfigError when the data lacks an input, a head a feature, or the score a head.
  Recognizer(const ModelOptions& options, const ModelContext& context);

  /// inputs: each (N, M, T, V, C) -> outputs: head name -> logits (N, K).
  NamedTensors forward(const NamedTensors& inputs);

  /// (N, K), the outputs combined by the score rule.
  at::Tensor score(const NamedTensors& outputs) const;

 private:
  std::shared_ptr<Backbone> backbone_;
  std::vector<std::pair<std::string, std::shared_ptr<Head>>> heads_;
  ScoreOptions score_options_;
};

/// Parameters and buffers by their dotted names, in registration order. Buffers named const_* are
/// left out: the model computes them from its options, and published states do not have them.
std::vector<std::pair<std::string, at::Tensor>> state_of(const torch::nn::Module& module);

/// Elements of all parameters.
int64_t parameter_count(const torch::nn::Module& module);

}  // namespace kinegraph
