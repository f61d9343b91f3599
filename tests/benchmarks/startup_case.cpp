#include "tests/benchmarks/startup_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/subprocess.h"
#include "tests/benchmarks/made_up_store.h"

namespace kinegraph {
namespace {

/// Memory of this process that is no file's.
double anonymous_mib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kib = 0;
  while (status >> word && word != "RssAnon:") continue;
  status >> kib;
  return kib / 1024;
}

struct Startup {
  double seconds, mib;
};

Startup start_anew(const std::string& store) {
  const auto start = std::chrono::steady_clock::now();
  Subprocess process({std::filesystem::read_symlink("/proc/self/exe"), kFirstBatch, store},
                     Subprocess::Stream::from_it, "");
  char text[64] = {};
  process.read(text, sizeof text - 1);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  process.finish();
  return {passed.count(), std::stod(text)};
}

}  // namespace

void measure_startup() {
  constexpr int kRuns = 5;
  const TemporaryFolder folder;
  const std::string store = folder.path() / "ntu60.h5";
  write_made_up_store(store, {"ntu25", true, 56578, 30, 142, 18});
  std::vector<Startup> runs;
  for (int i = 0; i < kRuns; ++i) runs.push_back(start_anew(store));
  std::sort(runs.begin(), runs.end(),
            [](const Startup& a, const Startup& b) { return a.seconds < b.seconds; });
  const auto most = std::max_element(
      runs.begin(), runs.end(), [](const Startup& a, const Startup& b) { return a.mib < b.mib; });
  fmt::print("{:<16} {:>9.3f} s [{:.3f} {:.3f}] to the first batch of {:.0f} MB, {:.0f} MiB\n",
             "startup", runs[kRuns / 2].seconds, runs[0].seconds, runs[kRuns - 1].seconds,
             static_cast<double>(std::filesystem::file_size(store)) / 1e6, most->mib);
}

void give_first_batch(const std::function<std::unique_ptr<Loader>()>& open) {
  const double idle = anonymous_mib();
  const auto loader = open();
  loader->start(0);
  if (!loader->next()) throw std::logic_error("no batch");
  fmt::print("{:.1f}\n", anonymous_mib() - idle);
  std::fflush(stdout);
}

}  // namespace kinegraph
