// Every importer on damaged files.
//
// A folder of tests/fuzz/seeds is one sound source: of the importer of that name, or of the one
// that <folder>.yaml describes. <folder>.<variant>.yaml reads the same source otherwise.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/io/annotation_store.h"
#include "tests/datasets/run_import.h"
#include "tests/support/fuzz/fuzz.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

fs::path seeds_dir() { return source_dir() / "tests/fuzz/seeds"; }

/// Folders, and variants of them.
std::vector<std::string> seed_names() {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(seeds_dir())) {
    const fs::path& path = entry.path();
    names.insert(entry.is_directory() ? path.filename() : path.stem());
  }
  return {names.begin(), names.end()};
}

fs::path folder_of(const std::string& seed) { return seeds_dir() / seed.substr(0, seed.find('.')); }

/// What to write after `importer:` in a config.
std::string importer_of(const std::string& seed) {
  const fs::path yaml = seeds_dir() / (seed + ".yaml");
  return fs::exists(yaml) ? read_file(yaml) : seed;
}

class ImportFuzz : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { choose_temporary_folder(); }
  ImportFuzz() { fs::current_path(source_dir()); }  // the options name files below it
};

/// Throws DataError for a source that the importer does not take, and leaves no store then.
void import_and_read(const std::string& seed, const DamagedSource& source, bool is_strict) {
  const fs::path store_path = source.folder() / "store.h5";
  Importer::Context context;
  context.is_strict = is_strict;
  try {
    run_import(importer_of(seed), source.path(), store_path, context);
  } catch (const DataError&) {
    EXPECT_FALSE(fs::exists(store_path));
    throw;
  }
  EXPECT_NO_THROW({
    const AnnotationStore store = AnnotationStore::open(store_path);
    for (int64_t clip = 0; clip < store.num_clips(); ++clip) store.read(clip);
  });
  fs::remove(store_path);
}

/// First as it is, then, for the error of what that left out, strictly.
void import_twice(const std::string& seed, const DamagedSource& source) {
  import_and_read(seed, source, false);
  import_and_read(seed, source, true);
}

INSTANTIATE_TEST_SUITE_P(, ImportFuzz, testing::ValuesIn(seed_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST_P(ImportFuzz, AcceptsOrExplains) {
  DamagedSource source(folder_of(GetParam()));
  fuzz(GetParam(), source, [&] { import_twice(GetParam(), source); });
}

/// Importers with options that must be given have a source.
bool has_source(const std::string& importer) {
  Diagnostics diagnostics;
  Component<Importer> component;
  const bool is_read = component.read(
      parse_yaml("importer: " + importer, "c.yaml", diagnostics).entries.at(0).value, diagnostics);
  return !is_read || component.build({})->needs_source();
}

TEST(FuzzSeeds, ExistForEveryImporter) {
  std::set<std::string> seeded;
  for (const auto& seed : seed_names()) {
    const std::string text = importer_of(seed);
    for (const auto& name : Registry<Importer>::instance().names())
      if (text == name || text.find("type: " + name) != std::string::npos) seeded.insert(name);
  }
  for (const auto& name : Registry<Importer>::instance().names())
    if (has_source(name)) {
      EXPECT_EQ(seeded.count(name), 1u) << "add tests/fuzz/seeds/" << name;
    }
}

}  // namespace
}  // namespace kinegraph
