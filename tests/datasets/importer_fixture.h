// What the tests of importers share: a folder, and an import of what lies in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/io/annotation_store.h"
#include "tests/datasets/run_import.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {

class ImporterFixture : public testing::Test {
 protected:
  /// `importer` is YAML, see run_import().
  ImportReport import(const std::string& importer, const Importer::Context& context = {}) const {
    return run_import(importer, source_, store_, context);
  }
  AnnotationStore imported(const std::string& importer,
                           const Importer::Context& context = {}) const {
    import(importer, context);
    return AnnotationStore::open(store_);
  }

  /// The error of an import, with paths relative to the folder of the test. Nothing may be left.
  template <class Expected = DataError>
  std::string import_error(const std::string& importer,
                           const Importer::Context& context = {}) const {
    const std::string text = relative(thrown_message<Expected>([&] { import(importer, context); }));
    if (std::filesystem::exists(folder_ / "out"))
      for (const auto& left : std::filesystem::directory_iterator(folder_ / "out"))
        ADD_FAILURE() << "left behind: " << left.path();
    return text;
  }
  /// With the paths in it relative to the folder of the test.
  std::string relative(std::string text) const {
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }
  static Importer::Context strict() {
    Importer::Context context;
    context.is_strict = true;
    return context;
  }

  static std::vector<std::string> ids_of(const AnnotationStore& store) {
    std::vector<std::string> ids;
    for (int64_t i = 0; i < store.num_clips(); ++i) ids.push_back(store.id(i));
    return ids;
  }
  static std::vector<std::string> ids_of(const AnnotationStore& store, const std::string& split) {
    std::vector<std::string> ids;
    for (const int64_t clip : store.split(split)) ids.push_back(store.id(clip));
    return ids;
  }
  /// "reason: count, such as id" of each rejection.
  std::vector<std::string> rejected(const ImportReport& report) const {
    std::vector<std::string> lines;
    for (const auto& [reason, count] : report.rejected)
      lines.push_back(reason + ": " + std::to_string(count.first) + ", such as " +
                      relative(count.second));
    return lines;
  }

  TempDir folder_;
  std::filesystem::path source_ = folder_ / "data", store_ = folder_ / "out/store.h5";
};

}  // namespace kinegraph
