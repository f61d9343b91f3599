// Clips per second through the data pipelines of graph networks, on one thread: read from the
// store, transform, copy to the batch; and how soon a large store gives its first batch.
//
//   build/release/tests/pipeline_benchmark [part of a case's name]
//
// The clips are those for which the Python peers were measured: made-up people, half of the clips
// with two, 60 to 150 frames, float16. `kinegraph benchmark` prints how fast the machine is.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "framework/base/file.h"
#include "framework/base/runtime.h"
#include "framework/config/diagnostics.h"
#include "framework/config/yaml.h"
#include "framework/data/loader.h"
#include "tests/benchmarks/made_up_store.h"
#include "tests/benchmarks/startup_case.h"

namespace kinegraph {
namespace {

constexpr int64_t kClips = 400;

template <class T>
T from_yaml(const std::string& text) {
  Diagnostics diagnostics;
  T value;
  Codec<T>::read(parse_yaml(text, "benchmark", diagnostics), value, diagnostics);
  diagnostics.throw_if_any();
  return value;
}

struct Case {
  std::string name;
  double peer;  // clips/s of PYSKL, the better of its two environments
  bool is_3d;
  std::string kind;
  int64_t test_clips;  // 0: training

  std::string pipeline() const {
    const std::string mode = test_clips > 0 ? "test" : "train";
    return fmt::format(
        "[{{type: {}}}, {{type: stream, kind: {}}}, {{type: uniform_sample, clip_length: 100, "
        "num_clips: {}, mode: {}}}, {{type: format_gcn, num_persons: 2}}]",
        is_3d ? "pre_normalize_3d" : "pre_normalize_2d", kind, std::max<int64_t>(test_clips, 1),
        mode);
  }
};

const std::vector<Case> kCases{{"gcn3d_j_train", 365.2, true, "joint", 0},
                               {"gcn3d_j_test", 341.3, true, "joint", 10},
                               {"gcn3d_b_train", 351.3, true, "bone", 0},
                               {"gcn3d_b_test", 332.0, true, "bone", 10},
                               {"gcn3d_bm_train", 347.3, true, "bone_motion", 0},
                               {"gcn3d_bm_test", 330.5, true, "bone_motion", 10},
                               {"gcn2d_j_train", 3050.6, false, "joint", 0},
                               {"gcn2d_j_test", 2142.4, false, "joint", 10},
                               {"gcn2d_bm_train", 2303.5, false, "bone_motion", 0},
                               {"gcn2d_bm_test", 1739.3, false, "bone_motion", 10}};

std::unique_ptr<Loader> loader_of(const Case& benchmark, const std::filesystem::path& store,
                                  int64_t workers) {
  const auto dataset = from_yaml<Component<Dataset>>(
      fmt::format("{{type: store, path: {}, split: null, pad_persons: false}}", store.string()));
  LoaderOptions options;
  options.batch_size = 16;
  options.workers = workers;
  options.shuffle = true;
  const auto opened = dataset.build({});
  const auto steps = from_yaml<std::vector<Component<Transform>>>(benchmark.pipeline());
  return std::make_unique<Loader>(opened, Pipeline(steps, opened->info().skeleton), options);
}

/// Clips of the data set per second of processor time, which other programs do not disturb as they
/// do the clock's; at least a second of work.
double rate(Loader& loader) {
  const std::clock_t start = std::clock();
  int64_t clips = 0;
  double seconds = 0;
  for (uint64_t epoch = 0; seconds < 1; ++epoch) {
    loader.start(epoch);
    while (const Batch* batch = loader.next()) clips += batch->size();
    seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }
  return static_cast<double>(clips) / seconds;
}

void measure(const Case& benchmark, const std::filesystem::path& store) {
  const auto loader = loader_of(benchmark, store, 0);
  rate(*loader);  // brings the store into memory
  std::vector<double> rates;
  for (int i = 0; i < 5; ++i) rates.push_back(rate(*loader));
  std::sort(rates.begin(), rates.end());
  fmt::print("{:<16} {:>9.0f} clips/s [{:.0f} {:.0f}]  {:>6.1f} us  {:>6.1f} x PYSKL\n",
             benchmark.name, rates[2], rates[0], rates[4], 1e6 / rates[2],
             rates[2] / benchmark.peer);
}

void run(const std::string& wanted) {
  const TemporaryFolder folder;
  const auto store = [&](bool is_3d) { return folder.path() / (is_3d ? "3d.h5" : "2d.h5"); };
  write_made_up_store(store(true), {"ntu25", true, kClips, 60, 150, 50});
  write_made_up_store(store(false), {"coco17", false, kClips, 60, 150, 50});
  for (const auto& benchmark : kCases)
    if (benchmark.name.find(wanted) != std::string::npos)
      measure(benchmark, store(benchmark.is_3d));
  if (std::string("startup").find(wanted) != std::string::npos) measure_startup();
}

}  // namespace
}  // namespace kinegraph

int main(int count, char** words) {
  using namespace kinegraph;
  try {
    tune_allocator();
    if (count == 3 && words[1] == std::string(kFirstBatch))
      give_first_batch([&] { return loader_of(kCases[0], words[2], 2); });
    else
      run(count > 1 ? words[1] : "");
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  }
}
