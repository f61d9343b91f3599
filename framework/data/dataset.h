// Where clips come from.
#pragma once

#include <string>
#include <vector>

#include "framework/data/sample.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// What a data set tells the model and the metrics; never written twice in a config.
struct DataInfo {
  std::string source;  // for messages: the store's path
  Skeleton skeleton;
  std::vector<std::string> class_names;
  std::string content_hash;  // SHA-256 of the annotations, hexadecimal
};

class Dataset {
 public:
  static constexpr const char* kKind = "dataset";
  struct Context {};

  virtual ~Dataset() = default;
  virtual const DataInfo& info() const = 0;
  virtual int64_t size() const = 0;
  /// Fills `sample`. Called by many threads at once. Throws DataError naming the clip.
  virtual void read(int64_t index, Sample& sample) const = 0;
};

}  // namespace kinegraph
