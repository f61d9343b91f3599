// Small text functions that messages need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

/// The candidate nearest to `word` by edit distance (transpositions count one), or "" when none is
/// near: at most 2 edits, and at most a third of the word's length (1 edit for words of 2-3).
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" or "".
std::string near_name_hint(std::string_view word, const std::vector<std::string>& candidates);

/// "a, b, c".
std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

/// Splits at every `separator`; "" gives no words.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace kinegraph
