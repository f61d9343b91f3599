// Foreign formats become annotation stores.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/registry/registry.h"

namespace kinegraph {

/// What an import did.
struct ImportReport {
  int64_t clips = 0, frames = 0, persons = 0;
  /// Reason -> how many clips were left out for it, with one of them, or its error, as an example.
  std::map<std::string, std::pair<int64_t, std::string>> rejected;
  std::vector<std::string> notes;  // what else people should know, a sentence each
};

/// Rejections and notes, a line each.
std::vector<std::string> warnings_of(const ImportReport& report);

class Importer {
 public:
  static constexpr const char* kKind = "importer";
  /// What the caller of any importer may ask. ImportWriter (import_writer.h) sees to all of it.
  struct Context {
    /// Called now and then with (clips done, clips in all or 0).
    std::function<void(int64_t, int64_t)> progress;
    std::optional<int64_t> limit = {};     // stop after so many clips
    std::vector<std::string> splits = {};  // only these, and their clips; none: everything
    bool is_strict = false;                // an unusable clip is an error, not left out
  };

  virtual ~Importer() = default;
  /// Whether clips come from a `source` outside; an importer without one makes them itself.
  virtual bool needs_source() const { return true; }
  /// Reads `source` (empty unless it is needed) and writes a whole store, or throws DataError and
  /// writes nothing.
  virtual ImportReport import(const std::filesystem::path& source,
                              const std::filesystem::path& store) const = 0;
};

}  // namespace kinegraph
