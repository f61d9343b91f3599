// Steps between a data set and the model.
#pragma once

#include <memory>
#include <vector>

#include "framework/base/random.h"
#include "framework/data/sample.h"
#include "framework/registry/registry.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

class Transform {
 public:
  static constexpr const char* kKind = "transform";
  struct Context {
    Skeleton skeleton;
  };

  virtual ~Transform() = default;
  /// Changes `sample` in place; draws only from `rng`. Called by many threads at once.
  virtual void apply(Sample& sample, Rng& rng) const = 0;
};

/// Transforms in order.
class Pipeline {
 public:
  Pipeline(const std::vector<Component<Transform>>& steps, const Skeleton& skeleton);
  void apply(Sample& sample, Rng& rng) const;

 private:
  std::vector<std::shared_ptr<Transform>> transforms_;
};

}  // namespace kinegraph
