// Steps between a data set and the model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/base/error.h"
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
  /// Changes `sample` in place; draws only from `random`. Called by many threads at once.
  virtual void apply(Sample& sample, RandomSource& random) const = 0;
};

/// The error of a step that cannot take a clip: "clip ID: STEP: FOUND; expected ...". The default
/// finding is the shape.
DataError clip_error(const Sample& sample, const std::string& step, const std::string& expected,
                     const std::string& remedy, const std::string& found = "");

/// Transforms in order.
class Pipeline {
 public:
  Pipeline(const std::vector<Component<Transform>>& steps, const Skeleton& skeleton);
  void apply(Sample& sample, RandomSource& random) const;

 private:
  std::vector<std::shared_ptr<Transform>> transforms_;
};

}  // namespace kinegraph
