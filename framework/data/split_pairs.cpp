#include "framework/data/split_pairs.h"

#include <cctype>
#include <optional>

namespace kinegraph {
namespace {

/// `name` without `word` and the '_' or '-' that joined it, when it has that word by itself.
std::optional<std::string> without_word(const std::string& name, const std::string& word) {
  const auto is_letter = [&](size_t i) {
    return std::isalpha(static_cast<unsigned char>(name[i]));
  };
  for (size_t at = name.find(word); at != name.npos; at = name.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at > 0 && is_letter(at - 1)) || (end < name.size() && is_letter(end))) continue;
    const bool joined_before = at > 0 && (name[at - 1] == '_' || name[at - 1] == '-');
    const bool joined_after = end < name.size() && (name[end] == '_' || name[end] == '-');
    std::string rest = name.substr(0, at - (joined_before ? 1 : 0));
    return rest + name.substr(end + (!joined_before && joined_after ? 1 : 0));
  }
  return std::nullopt;
}

}  // namespace

std::vector<SplitPair> split_pairs(const std::map<std::string, std::vector<int64_t>>& splits) {
  std::vector<SplitPair> pairs;
  for (const auto& [train, train_clips] : splits) {
    const auto protocol = without_word(train, "train");
    if (!protocol) continue;
    for (const auto& [test, test_clips] : splits)
      for (const char* word : {"val", "valid", "validation", "test", "eval"})
        if (without_word(test, word) == protocol) pairs.push_back({*protocol, train, test});
  }
  return pairs;
}

}  // namespace kinegraph
