// What NTU RGB+D and NTU RGB+D 120 define: clip names, actions, splits.
//
// Shahroudy et al. 2016 (NTU-60: xsub, xview), Liu et al. 2019 (NTU-120: xsub, xset).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph::ntu {

enum class Benchmark { ntu60, ntu120 };

int64_t num_actions(Benchmark benchmark);

/// SsssCcccPpppRrrrAaaa; all count from 1.
struct ClipName {
  int64_t setup = 0, camera = 0, subject = 0, replication = 0, action = 0;

  /// Nothing for a name of another form, or with a number beyond those of NTU RGB+D 120.
  static std::optional<ClipName> parse(std::string_view name);
};

/// In the order of the labels: action A001 is label 0.
std::vector<std::string> action_names(Benchmark benchmark);

/// "xsub_train", "xsub_val", ...
std::vector<std::string> split_names(Benchmark benchmark);

/// The splits that the clip is in.
std::vector<std::string> splits_of(const ClipName& name, Benchmark benchmark);

}  // namespace kinegraph::ntu
