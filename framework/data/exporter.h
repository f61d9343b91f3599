// Annotation stores become files that other code reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "framework/io/annotation_store.h"
#include "framework/registry/registry.h"

namespace kinegraph {

class Exporter {
 public:
  static constexpr const char* kKind = "exporter";
  struct Context {
    /// Called now and then with (clips done, clips in all).
    std::function<void(int64_t, int64_t)> progress;
  };

  virtual ~Exporter() = default;
  /// Writes whole files or, when it throws DataError, none.
  virtual void write(const AnnotationStore& store, const std::filesystem::path& target) const = 0;
};

}  // namespace kinegraph
