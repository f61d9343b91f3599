// How published state_dicts name what our models name otherwise. A dialect is data: a list of
// rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kinegraph {

enum class Reshape {
  kNone,
  kDropTrailingOnes,  // a 1x1 convolution that is a linear layer here
};

/// The first rule whose pattern matches a whole key decides.
struct StateRule {
  std::string published;  // regular expression
  std::string ours;       // "$1" stands for its first group
  Reshape reshape = Reshape::kNone;
};

struct StateName {
  std::string key;
  std::vector<int64_t> shape;
};

using StateDialect = std::vector<StateRule>;

/// Our name and shape of a published entry; no value when no rule matches.
std::optional<StateName> translate(const StateDialect& dialect, const StateName& published);

}  // namespace kinegraph
