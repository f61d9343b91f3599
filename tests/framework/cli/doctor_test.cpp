// `doctor` and `show`, as a user runs them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/run_program.h"
#include "tests/support/tiny_experiment.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class Doctor : public testing::Test {
 protected:
  /// Clips of a few still poses; clip02 has a NaN if asked.
  void write_store(bool has_nan) const {
    TinyStore store;
    store.nan_clip = has_nan ? 2 : -1;
    store.splits.erase("empty");
    store.write(folder_ / "store.h5");
  }
  Outcome examine(std::vector<std::string> words) const {
    words.insert(words.begin(), {"doctor", "store.h5"});
    return run_program(words, folder_.path());
  }

  TempDir folder_;
};

TEST_F(Doctor, HasNothingToSayAboutASoundStore) {
  write_store(false);
  const Outcome outcome = examine({"--check", "non_finite", "--check", "content_hash"});
  EXPECT_EQ(outcome.out, "no findings in 32 clips\n");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_F(Doctor, SaysWhatIsWrongAndFails) {
  write_store(true);
  const Outcome outcome = examine({"--check", "non_finite"});
  EXPECT_EQ(
      outcome.out,
      "error    clips with NaN or infinite values: 1 [non_finite]\n"
      "         clip02 (1 coordinates)\n"
      "         Choose what a config does with them (dataset option 'missing'), or import the "
      "data again.\n"
      "1 finding in 32 clips: 1 error, 0 warnings, 0 notes\n");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(Doctor, WritesJson) {
  write_store(true);
  const Outcome outcome = examine({"--check", "non_finite", "--json", "-"});
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["errors"], 1);
  EXPECT_EQ(json["clips"], 32);
  EXPECT_EQ(json["findings"][0]["check"], "non_finite");
  EXPECT_EQ(json["findings"][0]["severity"], "error");
  EXPECT_EQ(json["findings"][0]["count"], 1);
  EXPECT_EQ(json["findings"][0]["examples"][0], "clip02 (1 coordinates)");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(Doctor, NamesFiveClipsInTextAndAllInJson) {
  write_store(false);
  const std::vector<std::string> words{"--check", "bone_lengths", "--set",
                                       "bone_lengths.longest_m=0.001"};
  const std::string text = examine(words).out;
  EXPECT_NE(text.find("clip04 ("), text.npos) << text;
  EXPECT_EQ(text.find("clip05 ("), text.npos) << text;
  auto with_json = words;
  with_json.insert(with_json.end(), {"--json", "-"});
  const auto json = nlohmann::json::parse(examine(with_json).out);
  EXPECT_EQ(json["findings"][0]["examples"].size(), 32U);
}

TEST_F(Doctor, TakesOptionsOfChecks) {
  write_store(false);
  const Outcome outcome =
      examine({"--check", "bone_lengths", "--set", "bone_lengths.longest_m=0.001"});
  EXPECT_EQ(outcome.out.rfind("warning  clips with implausible bone lengths: 32 [", 0), 0u)
      << outcome.out;
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_F(Doctor, HintsAtANearOption) {
  write_store(false);
  const Outcome outcome = examine({"--set", "bone_lengths.longest=1"});
  EXPECT_NE(outcome.err.find("did you mean 'longest_m'?"), outcome.err.npos) << outcome.err;
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST_F(Doctor, HintsAtANearCheck) {
  write_store(false);
  const Outcome outcome = examine({"--check", "non_finit"});
  EXPECT_NE(outcome.err.find("unknown check 'non_finit'; did you mean 'non_finite'?"),
            outcome.err.npos)
      << outcome.err;
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST_F(Doctor, ClipsAreShown) {
  write_store(false);
  const Outcome outcome =
      run_program({"show", "store.h5", "--clip", "clip03", "--frames", ":4"}, folder_.path());
  EXPECT_EQ(outcome.out, "clip03.png\n") << outcome.err;
  EXPECT_TRUE(fs::exists(folder_ / "clip03.png"));
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST_F(Doctor, ShowRefusesWhatItCannotDraw) {
  write_store(false);
  const auto show = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"show", "store.h5", "--clip", "clip03"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, folder_.path());
  };
  expect_error(show({"--out", "a.avi"}),
               "--out is a.avi; expected a name that ends in .png, .mp4, .gif");
  expect_error(show({"--frames", "3"}), "--frames is '3'; expected A:B such as 0:30, 10: or :20");
  expect_error(show({"--frames", "x:3"}),
               "--frames is 'x:3'; expected A:B such as 0:30, 10: or :20");
  expect_error(show({"--size", "9"}), "--size is 9; expected 32..4320");
  expect_error(run_program({"show", "store.h5", "--clip", "clip3"}, folder_.path()),
               "store.h5: no clip 'clip3'; did you mean 'clip03'?\n"
               "  the first of 32 clips: clip00, clip01, clip02, clip03, clip04");
  expect_error(run_program({"show", "store.h5"}, folder_.path()),
               "store.h5: --clip ID is missing\n"
               "  the first of 32 clips: clip00, clip01, clip02, clip03, clip04");
}

}  // namespace
}  // namespace kinegraph
