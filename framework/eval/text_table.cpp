#include "framework/eval/text_table.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace kinegraph {
namespace {

/// Decodes the character at the front of `text` and drops it; a stray byte stands for itself.
uint32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  uint32_t character = length == 1 ? first : first & (0x7Fu >> length);
  size_t used = 1;
  for (; used < std::min(length, text.size()) && (text[used] & 0xC0) == 0x80; ++used)
    character = character << 6 | (text[used] & 0x3Fu);
  text.remove_prefix(used);
  return character;
}

struct CharacterRange {
  uint32_t first, last;
};

template <size_t N>
bool is_in(const CharacterRange (&ranges)[N], uint32_t character) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const CharacterRange& range) {
    return character >= range.first && character <= range.last;
  });
}

size_t character_width(uint32_t character) {
  static constexpr CharacterRange kCombining[] = {
      {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};
  static constexpr CharacterRange kWide[] = {
      {0x1100, 0x115F},   {0x2E80, 0xA4CF},  {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
      {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
      {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
  return is_in(kCombining, character) ? 0 : is_in(kWide, character) ? 2 : 1;
}

std::string pad(const std::string& cell, size_t width, bool is_left) {
  const std::string spaces(width - display_width(cell), ' ');
  return is_left ? cell + spaces : spaces + cell;
}

}  // namespace

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += character_width(take_character(text));
  return width;
}

std::string fit_text(std::string_view text, size_t width) {
  constexpr std::string_view kDots = "...";
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  if (display_width(clean) <= width) return clean;
  size_t room = width - kDots.size(), kept = 0;
  std::string_view rest = clean;
  while (!rest.empty()) {
    const size_t used = character_width(take_character(rest));
    if (used > room) break;
    room -= used;
    kept = clean.size() - rest.size();
  }
  return clean.substr(0, kept).append(kDots);
}

std::string align_columns(const std::vector<std::vector<std::string>>& rows, size_t gap) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += std::string(i == 0 ? 0 : gap, ' ') + pad(row[i], widths[i], i == 0);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace kinegraph
