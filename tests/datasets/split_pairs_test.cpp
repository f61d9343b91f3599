#include "framework/data/split_pairs.h"

#include <gtest/gtest.h>

namespace kinegraph {
namespace {

std::vector<std::string> pairs_of(const std::vector<std::string>& names) {
  std::map<std::string, std::vector<int64_t>> splits;
  for (const auto& name : names) splits[name];
  std::vector<std::string> pairs;
  for (const SplitPair& pair : split_pairs(splits))
    pairs.push_back(pair.protocol + ": " + pair.train + " " + pair.test);
  return pairs;
}

using Strings = std::vector<std::string>;

TEST(SplitPairs, JoinOneProtocol) {
  EXPECT_EQ(pairs_of({"train", "val"}), Strings{": train val"});
  EXPECT_EQ(pairs_of({"xsub_train", "xsub_val", "xset_train", "xset_val"}),
            (Strings{"xset: xset_train xset_val", "xsub: xsub_train xsub_val"}));
  EXPECT_EQ(pairs_of({"train1", "test1", "train2", "test2"}),
            (Strings{"1: train1 test1", "2: train2 test2"}));
  EXPECT_EQ(pairs_of({"train_xsub", "eval_xsub"}), Strings{"xsub: train_xsub eval_xsub"});
}

TEST(SplitPairs, JoinTrainingWithEverySplitToTestOn) {
  EXPECT_EQ(pairs_of({"train", "val", "test"}), (Strings{": train test", ": train val"}));
}

TEST(SplitPairs, KnowNoPartsOfWords) {
  EXPECT_EQ(pairs_of({"train", "interval", "contest", "retrained"}), Strings{});
}

TEST(SplitPairs, LeaveProtocolsApart) {
  EXPECT_EQ(pairs_of({"xsub_train", "xview_val"}), Strings{});
}

}  // namespace
}  // namespace kinegraph
