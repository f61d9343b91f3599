#include "framework/data/transform.h"

namespace kinegraph {

DataError clip_error(const Sample& sample, const std::string& step, const std::string& expected,
                     const std::string& remedy, const std::string& found) {
  return DataError(
      Fault{"clip " + sample.id,
            step + ": " + (found.empty() ? "keypoints " + sample.keypoints.shape_text() : found),
            expected, remedy});
}

Pipeline::Pipeline(const std::vector<Component<Transform>>& steps, const Skeleton& skeleton) {
  for (const auto& step : steps) transforms_.push_back(step.build({skeleton}));
}

void Pipeline::apply(Sample& sample, RandomSource& random) const {
  for (const auto& transform : transforms_) transform->apply(sample, random);
}

}  // namespace kinegraph
