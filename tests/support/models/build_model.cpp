#include "tests/support/models/build_model.h"

#include <ATen/ATen.h>

#include "framework/config/yaml.h"

namespace kinegraph {

ModelOptions model_options(const std::string& yaml) {
  Diagnostics diagnostics;
  ModelOptions options;
  read_options(parse_yaml(yaml, "model.yaml", diagnostics), options, "model", diagnostics);
  diagnostics.throw_if_any();
  return options;
}

ModelContext model_context(const std::string& skeleton, int64_t persons, int64_t frames,
                           int64_t num_classes) {
  ModelContext context;
  context.backbone.skeleton = Skeleton::load(skeleton);
  context.backbone.inputs["keypoints"] = {persons, frames, context.backbone.skeleton.joint_count(),
                                          3};
  context.num_classes = num_classes;
  return context;
}

void to_double(torch::nn::Module& module) {
  for (auto [name, tensor] : state_of(module))
    if (tensor.is_floating_point()) tensor.set_data(tensor.to(at::kDouble));
}

}  // namespace kinegraph
