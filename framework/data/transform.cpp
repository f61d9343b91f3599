#include "framework/data/transform.h"

namespace kinegraph {

Pipeline::Pipeline(const std::vector<Component<Transform>>& steps, const Skeleton& skeleton) {
  for (const auto& step : steps) transforms_.push_back(step.build({skeleton}));
}

void Pipeline::apply(Sample& sample, Rng& rng) const {
  for (const auto& transform : transforms_) transform->apply(sample, rng);
}

}  // namespace kinegraph
