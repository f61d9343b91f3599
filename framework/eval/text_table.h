// Text in aligned columns for the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

/// Terminal columns that UTF-8 text takes: 2 for East Asian wide characters, 0 for combining ones.
size_t display_width(std::string_view text);

/// The text in at most `width` columns, cut to end in "..." where it is longer; control characters
/// become spaces. `width` is at least 3.
std::string fit_text(std::string_view text, size_t width);

/// Lines with the first column aligned left, the others right, `gap` spaces between columns and
/// none at the end. Rows may have fewer cells than others.
std::string align_columns(const std::vector<std::vector<std::string>>& rows, size_t gap = 2);

}  // namespace kinegraph
