// `kinegraph export` and the common options of `kinegraph import`, as the program has them.
#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class ExportVerb : public testing::Test {
 protected:
  /// A store of two clips of NW-UCLA's form.
  void make_store() const {
    for (const char* name : {"a01_s01_e00_v01", "a01_s01_e00_v03"}) {
      std::string joints;
      for (int joint = 0; joint < 20; ++joint) joints += joint == 0 ? "[1,2,3]" : ",[1,2,3]";
      folder_.write(std::string("data/all_sqe/") + name + ".json",
                    "{\"label\": 1, \"skeletons\": [[" + joints + "]]}");
    }
    ASSERT_EQ(run({"import", "nw_ucla", "data", "s.h5"}).exit_code, 0);
  }
  Outcome run(const std::vector<std::string>& arguments) const {
    return run_program(arguments, folder_.path());
  }
  TempDir folder_;
};

TEST_F(ExportVerb, WritesWhatImportReads) {
  make_store();
  const Outcome outcome = run({"export", "s.h5", "a.pkl", "--to", "pyskl"});
  EXPECT_EQ(outcome.out, "wrote a.pkl\n");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(run({"import", "pyskl", "a.pkl", "back.h5", "--strict"}).exit_code, 0);
}

TEST_F(ExportVerb, KeepsWhatIsThereUnlessForced) {
  make_store();
  folder_.write("a.pkl", "mine");
  expect_error(run({"export", "s.h5", "a.pkl", "--to", "pyskl"}),
               "a.pkl: it is there already\n  --force replaces it.");
  EXPECT_EQ(read_file(folder_ / "a.pkl"), "mine");
  EXPECT_EQ(run({"export", "s.h5", "a.pkl", "--to", "pyskl", "--force"}).exit_code, 0);
}

TEST_F(ExportVerb, NeedsAKnownForm) {
  make_store();
  expect_error(run({"export", "s.h5", "a.pkl"}), "--to is missing\n  known: npy, pyskl");
  expect_error(run({"export", "s.h5", "a.pkl", "--to", "piskl"}),
               "export: unknown exporter 'piskl'; did you mean 'pyskl'?\n  known: npy, pyskl");
}

TEST_F(ExportVerb, ImportTakesOneSplitOrTheFirstClips) {
  make_store();
  EXPECT_NE(
      run({"import", "nw_ucla", "data", "v.h5", "--split", "val"}).out.find("splits     val 1"),
      std::string::npos);
  EXPECT_NE(run({"import", "nw_ucla", "data", "l.h5", "--limit", "1"})
                .out.find("splits     train 1, val 0"),
            std::string::npos);
  expect_error(run({"import", "nw_ucla", "data", "n.h5", "--limit", "0"}),
               "--limit is 0; expected 1 or more");
}

}  // namespace
}  // namespace kinegraph
