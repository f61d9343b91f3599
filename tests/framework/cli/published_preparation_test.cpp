// Shipped configs prepare real recordings as the code that published the weights does
// (shared/golden/shiftgcn_real_ntu.h5).
#include <gtest/gtest.h>

#include <cmath>

#include "framework/run/experiment.h"
#include "tests/datasets/run_import.h"
#include "tests/support/golden.h"
#include "tests/support/temp_dir.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// The clips of a store as the test of `config` sees them, one after another, sorted by id.
std::vector<double> prepared_clips(const fs::path& config, const fs::path& store) {
  const LoadedConfig loaded = load_config(
      config, "joint", {"data.val.dataset.path=" + store.string(), "data.val.dataset.split=null"});
  const SplitOptions& val = loaded.options.data.val;
  const auto dataset = val.dataset.build({});
  const Pipeline pipeline(val.pipeline, dataset->info().skeleton);
  std::map<std::string, std::vector<double>> clips;
  for (int64_t i = 0; i < dataset->size(); ++i) {
    Sample sample;
    dataset->read(i, sample);
    Rng rng(1, 0, 0);
    pipeline.apply(sample, rng);
    clips[sample.id] = sample.keypoints.values;
  }
  std::vector<double> values;
  for (const auto& [id, clip] : clips) values.insert(values.end(), clip.begin(), clip.end());
  return values;
}

TEST(PublishedPreparation, OfShiftGcnIsThatOfItsWeights) {
  const fs::path golden = shared_dir() / "golden/shiftgcn_real_ntu.h5";
  const fs::path recordings = shared_dir() / "data/ntu_skeleton";
  if (!fs::exists(golden) || !fs::exists(recordings))
    GTEST_SKIP() << "no " << golden << " or no " << recordings;
  const TempDir folder;
  run_import("ntu_raw", recordings, folder / "store.h5");
  const auto found =
      prepared_clips(source_dir() / "configs/shiftgcn/ntu60.yaml", folder / "store.h5");
  const auto expected = read_numbers(Hdf5File::open(golden), "input_NMTVC");
  ASSERT_EQ(found.size(), expected.values.size());
  double largest = 0;
  for (size_t i = 0; i < found.size(); ++i)
    largest = std::max(largest, std::abs(found[i] - expected.values[i]));
  EXPECT_LT(largest, 1e-5);
}

}  // namespace
}  // namespace kinegraph
