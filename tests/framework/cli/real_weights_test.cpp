// Published weights on real recordings, from the raw files to the classes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/golden.h"
#include "tests/support/run_program.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

TEST(RealWeights, OfShiftGcnClassifyRawRecordingsAsPublished) {
  const fs::path golden = shared_dir() / "golden/shiftgcn_real_ntu.h5";
  if (!fs::exists(golden)) GTEST_SKIP() << "no file " << golden << "; set KINEGRAPH_SHARED_DIR";
  const fs::path weights = shared_dir() / "data/checkpoints/ntu_ShiftGCN_joint_xsub.pt";
  const Outcome outcome =
      run_program({"predict", (shared_dir() / "data/ntu_skeleton").string(), "--format", "ntu_raw",
                   "--checkpoint", weights.string(), "--config", "configs/shiftgcn/ntu60.yaml",
                   "--top-k", "60", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto clips = nlohmann::json::parse(outcome.out)["clips"];
  const auto file = Hdf5File::open(golden);
  const auto names = file.read_vector<std::string>("files");
  const auto logits = file.read<double>("logits_ntu_ShiftGCN_joint_xsub");
  const std::vector<size_t> classes{10, 57, 2};
  ASSERT_EQ(clips.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    SCOPED_TRACE(names[i]);
    EXPECT_EQ(clips[i]["id"].get<std::string>() + ".skeleton", names[i]);
    const auto& top = clips[i]["top"];
    ASSERT_EQ(top.size(), 60u);
    EXPECT_EQ(top[0]["index"], classes[i]);
    for (const auto& entry : top)
      EXPECT_NEAR(entry["logit"].get<double>(),
                  logits.values[i * 60 + entry["index"].get<size_t>()], 1e-4)
          << entry["class"];
  }
}

}  // namespace
}  // namespace kinegraph
