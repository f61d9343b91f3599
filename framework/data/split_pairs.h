// Which splits of a store must not share clips.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace kinegraph {

/// Two splits of one protocol: one to train on, one to test on.
struct SplitPair {
  std::string protocol;     // "xsub" of xsub_train and xsub_val; "" of train and test
  std::string train, test;  // names
};

/// Pairs by name: what is left of both names without `train` and without `val`, `valid`,
/// `validation`, `test` or `eval` must be the same, as in xsub_train and xsub_val, train1 and
/// test1. Splits of different protocols may share clips.
std::vector<SplitPair> split_pairs(const std::map<std::string, std::vector<int64_t>>& splits);

}  // namespace kinegraph
