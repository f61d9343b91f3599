#include "tests/support/models/state_dialect.h"

#include <regex>

namespace kinegraph {
namespace {

std::vector<int64_t> reshaped(std::vector<int64_t> shape, Reshape reshape) {
  if (reshape == Reshape::kDropTrailingOnes)
    while (!shape.empty() && shape.back() == 1) shape.pop_back();
  return shape;
}

}  // namespace

std::optional<StateName> translate(const StateDialect& dialect, const StateName& published) {
  for (const auto& rule : dialect) {
    std::smatch match;
    if (std::regex_match(published.key, match, std::regex(rule.published)))
      return StateName{match.format(rule.ours), reshaped(published.shape, rule.reshape)};
  }
  return std::nullopt;
}

}  // namespace kinegraph
