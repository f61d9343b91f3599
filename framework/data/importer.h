// Foreign formats become annotation stores.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "framework/registry/registry.h"

namespace kinegraph {

/// What an import did.
struct ImportReport {
  int64_t clips = 0, frames = 0, persons = 0;
  /// Reason -> how many clips were left out for it, with one of them as an example.
  std::map<std::string, std::pair<int64_t, std::string>> rejected;
};

class Importer {
 public:
  static constexpr const char* kKind = "importer";
  struct Context {
    /// Called now and then with (clips done, clips in all or 0).
    std::function<void(int64_t, int64_t)> progress;
  };

  virtual ~Importer() = default;
  /// Reads `source` and writes a whole store, or throws DataError and writes nothing.
  virtual ImportReport import(const std::filesystem::path& source,
                              const std::filesystem::path& store) const = 0;
};

}  // namespace kinegraph
