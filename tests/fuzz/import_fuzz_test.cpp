// Every importer on damaged files: it accepts them or says where they are damaged. It never
// crashes, hangs or takes memory without bound.
//
// A folder of tests/fuzz/seeds is one sound source: of the importer of that name, or of the one
// that <folder>.yaml describes. A folder with one file stands for that file. To try a source by
// hand that made the program crash: it is left in the folder that the test has printed.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/io/annotation_store.h"
#include "tests/datasets/run_import.h"
#include "tests/support/fuzz/mutate.h"
#include "tests/support/temp_dir.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr unsigned kSecondsAMutant = 60;
constexpr int64_t kMaxMessage = 4000, kMaxGrowthKib = 256 * 1024;

fs::path seeds_dir() { return source_dir() / "tests/fuzz/seeds"; }

/// 1000, or what the environment asks for.
uint64_t mutant_count() {
  const char* count = std::getenv("KINEGRAPH_FUZZ_MUTANTS");
  return count ? std::strtoull(count, nullptr, 10) : 1000;
}

int64_t peak_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

std::vector<std::string> seed_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(seeds_dir()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

/// What to write after `importer:` in a config.
std::string importer_of(const std::string& seed) {
  const fs::path yaml = seeds_dir() / (seed + ".yaml");
  return fs::exists(yaml) ? read_file(yaml) : seed;
}

/// In memory where that can be: thousands of stores are written, each safely.
void choose_temporary_folder() {
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
}

class ImportFuzz : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { choose_temporary_folder(); }

  ImportFuzz() {
    fs::current_path(source_dir());  // the options name files below it
    const fs::path seed = seeds_dir() / GetParam();
    for (const auto& entry : fs::recursive_directory_iterator(seed))
      if (entry.is_regular_file())
        files_.emplace_back("source/" + fs::relative(entry.path(), seed).string(),
                            read_file(entry.path()));
    std::sort(files_.begin(), files_.end());
    for (const auto& [name, content] : files_) folder_.write(name, content);
    source_ = folder_ / (files_.size() == 1 ? files_.front().first : "source");
  }

  /// True when the importer takes the source and all clips can be read back.
  bool is_accepted() {
    const fs::path store_path = folder_ / "store.h5";
    try {
      run_import(importer_of(GetParam()), source_, store_path);
    } catch (const DataError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find(folder_.path().string()), std::string::npos)
          << "no file is named: " << message;
      EXPECT_LT(message.size(), size_t{kMaxMessage}) << message.substr(0, kMaxMessage);
      EXPECT_FALSE(fs::exists(store_path)) << message;
      return false;
    }
    {
      const AnnotationStore store = AnnotationStore::open(store_path);
      for (int64_t clip = 0; clip < store.num_clips(); ++clip) store.read(clip);
    }
    fs::remove(store_path);
    return true;
  }

  TempDir folder_;
  fs::path source_;
  std::vector<std::pair<std::string, std::string>> files_;  // name below folder_, sound content
};

INSTANTIATE_TEST_SUITE_P(, ImportFuzz, testing::ValuesIn(seed_names()),
                         [](const auto& info) { return info.param; });

TEST_P(ImportFuzz, AcceptsOrExplains) {
  ASSERT_TRUE(is_accepted());
  fmt::print("{}\n", folder_.path().string());
  const int64_t memory = peak_memory_kib();
  uint64_t accepted = 0;
  for (uint64_t mutant = 0; mutant < mutant_count() && !HasFailure(); ++mutant) {
    SCOPED_TRACE(fmt::format("mutant {}", mutant));
    Rng rng(0, 0, mutant);
    const auto& [name, sound] = files_[mutant % files_.size()];
    const std::string damaged = mutate(sound, rng);
    folder_.write(name, damaged);
    alarm(kSecondsAMutant);
    try {
      accepted += is_accepted();
    } catch (const std::exception& error) {
      ADD_FAILURE() << name << ", not a DataError: " << error.what() << "\n" << damaged;
    }
    alarm(0);
    folder_.write(name, sound);
  }
  const int64_t growth = peak_memory_kib() - memory;
  fmt::print("{}: {} mutants, {:.1f} % accepted, peak memory +{:.1f} MiB\n", GetParam(),
             mutant_count(),
             100.0 * static_cast<double>(accepted) / static_cast<double>(mutant_count()),
             static_cast<double>(growth) / 1024);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  EXPECT_LT(growth, kMaxGrowthKib);
#endif
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
