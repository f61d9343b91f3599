#include "framework/model/recognizer.h"

#include <torch/nn/modules/container/moduledict.h>

#include <algorithm>

#include "framework/model/output_trace.h"

namespace kinegraph {
namespace {

/// Holds the heads under their names.
class Heads : public torch::nn::Module {};

}  // namespace

const InputShape& Backbone::Context::input(const std::string& name) const {
  const auto found = inputs.find(name);
  if (found != inputs.end()) return found->second;
  std::vector<std::string> offered;
  for (const auto& [other, shape] : inputs) offered.push_back(other);
  throw ConfigError(
      Fault{"model.backbone",
            fmt::format("needs the input '{}'; the pipeline gives: {}", name, join(offered)), "",
            fmt::format("Add a step with 'output: {}' to the pipelines.", name)});
}

int64_t channels_of(const std::map<std::string, int64_t>& feature_channels,
                    const std::string& feature) {
  const auto found = feature_channels.find(feature);
  if (found != feature_channels.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, channels] : feature_channels) names.push_back(name);
  throw ConfigError(Fault{"head", fmt::format("the backbone has no feature '{}'", feature),
                          "one of: " + join(names), "Set the head's 'feature'."});
}

Recognizer::Recognizer(const ModelOptions& options, const ModelContext& context)
    : score_options_(options.score) {
  backbone_ = options.backbone.build(context.backbone);
  for (const auto& input : backbone_->input_names()) context.backbone.input(input);
  register_module("backbone", backbone_);
  auto heads = register_module("heads", std::make_shared<Heads>());
  std::vector<std::string> names;
  for (const auto& [name, head] : options.heads) {
    heads_.emplace_back(name, head.build({backbone_->feature_channels(), context.num_classes}));
    heads->register_module(name, heads_.back().second);
    names.push_back(name);
  }
  if (heads_.empty()) throw ConfigError("model.heads: expected at least one head");
  if (score_options_.outputs.empty()) score_options_.outputs = names;
  for (const auto& output : score_options_.outputs)
    if (std::find(names.begin(), names.end(), output) == names.end())
      throw ConfigError(Fault{"model.score.outputs", fmt::format("no head '{}'", output),
                              "names of heads: " + join(names), ""});
}

NamedTensors Recognizer::forward(const NamedTensors& inputs) {
  const NamedTensors features = backbone_->forward(inputs);
  for (const auto& [name, feature] : features) show_output(*backbone_, feature);
  NamedTensors outputs;
  for (const auto& [name, head] : heads_) {
    outputs[name] = head->forward(features);
    show_output(*head, outputs[name]);
  }
  return outputs;
}

at::Tensor Recognizer::score(const NamedTensors& outputs) const {
  at::Tensor sum;
  for (const auto& name : score_options_.outputs)
    sum = sum.defined() ? sum + outputs.at(name) : outputs.at(name);
  const auto count = static_cast<double>(score_options_.outputs.size());
  return score_options_.reduce == "mean" && count > 1 ? sum / count : sum;
}

std::vector<std::pair<std::string, at::Tensor>> state_of(const torch::nn::Module& module) {
  std::vector<std::pair<std::string, at::Tensor>> state;
  const std::function<void(const torch::nn::Module&, const std::string&)> visit =
      [&](const torch::nn::Module& part, const std::string& prefix) {
        for (const auto& item : part.named_parameters(/*recurse=*/false))
          if (item.value().defined()) state.emplace_back(prefix + item.key(), item.value());
        for (const auto& item : part.named_buffers(/*recurse=*/false))
          if (item.value().defined() && item.key().rfind("const_", 0) != 0)
            state.emplace_back(prefix + item.key(), item.value());
        for (const auto& child : part.named_children())
          visit(*child.value(), prefix + child.key() + ".");
      };
  visit(module, "");
  return state;
}

int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace kinegraph
